import pytest
import torch

from landward.constraint import Constraint
from landward.errors import SpecError
from landward.spec import Noise
from sims.manager_based.spec import manager_based_spec
from tests.sims.manager_based import managers as m


def spec_of(groups, actions=None, scene=None, **options):
    manager = m.ObservationManager(
        groups, options.pop("concatenated", True), options.pop("time_major", False)
    )
    actions = actions or m.ActionManager(joint_pos=m.JointPositionAction(m.JOINTS, 0.5, m.DEFAULT))
    return manager_based_spec("lab:Walk", "dog", 0.02, manager, actions, scene or m.Scene(), **options)


def term_of(cfg, shape, scene=None, **options):
    return spec_of({"policy": {"x": (cfg, shape)}}, scene=scene, **options)[0].group("policy")[0]


def test_the_terms_keep_names_order_kinds_and_units() -> None:
    spec, _ = spec_of(
        {
            "policy": {
                "spin": (m.term(m.base_ang_vel), (3,)),
                "walk": (m.term(m.generated_commands, params={"command_name": "walk"}), (3,)),
                "joint_pos": (m.term(m.joint_pos_rel), (3,)),
                "actions": (m.term(m.last_action), (3,)),
            },
            "critic": {"cheese": (m.term(m.distance_to_cheese), (1,))},
        }
    )
    assert [(t.name, t.kind) for t in spec.group("policy")] == [
        ("spin", "angular_velocity"),
        ("walk", "command"),
        ("joint_pos", "joint_position"),
        ("actions", "last_action"),
    ]
    spin, walk, joints, last = spec.group("policy")
    assert (spin.unit, spin.frame, spin.names) == ("rad/s", "base", ("x", "y", "z"))
    assert (walk.names, walk.unit) == (("vx", "vy", "wz"), ("m/s", "m/s", "rad/s"))
    assert (joints.names, joints.unit, joints.offset) == (m.JOINTS, ("rad", "rad", "m"), m.DEFAULT)
    assert last.names == m.JOINTS
    cheese = spec.group("critic")[0]
    assert (cheese.kind, dict(cheese.details)["function"]) == (
        "state",
        "tests.sims.manager_based.managers:distance_to_cheese",
    )
    assert (spec.actor, spec.control_period, spec.robot, spec.task) == (("policy",), 0.02, "dog", "lab:Walk")


def test_the_action_that_an_observation_is_called_like_gets_another_name() -> None:
    spec, _ = spec_of({"policy": {"joint_pos": (m.term(m.joint_pos_rel), (3,))}})
    action = spec.actions[0]
    assert (action.name, action.kind, action.names) == ("joint_pos_target", "joint_position_target", m.JOINTS)
    assert (action.scale, action.offset, action.unit) == (0.5, m.DEFAULT, ("rad", "rad", "m"))
    assert (action.stiffness, action.damping, action.effort_limit) == ((25.0,) * 3, (0.5,) * 3, (23.7,) * 3)


def test_joint_order_is_the_action_terms_own() -> None:
    names, offsets = ("rail", "hip"), (0.25, 0.5)
    actions = m.ActionManager(
        legs=m.JointPositionAction(names, torch.tensor([[2.0, 3.0]] * 2), offsets),
        hand=m.BinaryJointPositionAction(),
    )
    spec, _ = spec_of({"policy": {"spin": (m.term(m.base_ang_vel), (3,))}}, actions)
    legs, hand = spec.actions
    assert (legs.name, legs.names, legs.scale, legs.unit) == ("legs", names, (2.0, 3.0), ("m", "rad"))
    assert (hand.kind, hand.shape) == ("raw", (1,))
    assert dict(hand.details)["action"] == "BinaryJointPositionAction"


def test_limits_are_the_clip_of_the_processed_action() -> None:
    inf = float("inf")
    clip = [[-1.0, 1.0], [-inf, inf], [0.0, 0.5]]
    actions = m.ActionManager(legs=m.JointPositionAction(m.JOINTS, 1.0, 0.0, clip))
    spec, _ = spec_of({"policy": {"spin": (m.term(m.base_ang_vel), (3,))}}, actions)
    low, high = spec.actions[0].limits[1]
    assert spec.actions[0].limits[::2] == ((-1.0, 1.0), (0.0, 0.5))
    assert -low == high > 3.4e38


@pytest.mark.parametrize(
    ("cfg", "noise", "details"),
    [
        (m.UniformNoiseCfg(-0.2, 0.2), Noise("uniform", 0.2), {}),
        (m.UniformNoiseCfg(0.0, 0.0), None, {}),
        (m.GaussianNoiseCfg(0.0, 0.1), Noise("gaussian", 0.1), {}),
        (
            m.UniformNoiseCfg(0.0, 0.2),
            None,
            {"noise": "UniformNoiseCfg(n_max=0.2, n_min=0.0, operation=add)"},
        ),
        (
            m.GaussianNoiseCfg(0.0, 0.1, "scale"),
            None,
            {"noise": "GaussianNoiseCfg(mean=0.0, operation=scale, std=0.1)"},
        ),
        (
            m.NoiseModelWithAdditiveBiasCfg(m.GaussianNoiseCfg(0.0, 0.1), m.GaussianNoiseCfg(0.0, 0.3)),
            Noise("gaussian", 0.1),
            {"noise_bias": "GaussianNoiseCfg(mean=0.0, operation=add, std=0.3)"},
        ),
    ],
)
def test_noise(cfg, noise, details) -> None:
    term = term_of(m.term(m.base_ang_vel, noise=cfg), (3,))
    assert (term.noise, dict(term.details)) == (noise, details)


def test_scale_clip_delay_and_history() -> None:
    fields = {"scale": torch.tensor([1.0, 2.0, 3.0]), "clip": (-5.0, float("inf")), "history_length": 4}
    term = term_of(m.term(m.base_ang_vel, **fields, delay_min_lag=1, delay_max_lag=3), (12,))
    assert (term.shape, term.scale, term.history) == ((3,), (1.0, 2.0, 3.0), 4)
    assert term.clip[0] == -5.0 and term.clip[1] > 3.4e38
    assert term.delay == pytest.approx((0.02, 0.06))
    assert term_of(m.term(m.base_ang_vel, scale=torch.tensor(0.25)), (3,)).scale == 0.25
    deep = m.term(m.base_ang_vel, history_length=4)
    deep.flatten_history_dim = False
    assert term_of(deep, (4, 3)).shape == (3,)


def test_a_relative_joint_position_that_no_encoder_gives_is_no_joint_position() -> None:
    clipped = term_of(m.term(m.joint_pos_rel, clip=(-1.0, 1.0)), (3,))
    assert (clipped.kind, clipped.offset) == ("state", 0.0)
    assert dict(clipped.details)["relative_to"] == m.DEFAULT
    differs = term_of(m.term(m.joint_pos_rel), (3,), scene=m.Scene(same=False))
    assert (differs.kind, differs.offset) == ("state", 0.0)
    assert "each environment" in dict(differs.details)["relative_to"]
    velocity = term_of(m.term(m.joint_vel_rel), (3,))
    assert (velocity.kind, velocity.offset, velocity.unit) == (
        "joint_velocity",
        0.0,
        ("rad/s", "rad/s", "m/s"),
    )


def test_an_offset_that_differs_between_environments_makes_the_action_raw() -> None:
    action = m.JointPositionAction(m.JOINTS, 0.5, m.DEFAULT)
    action._offset[1, 0] += 0.1
    groups = {"policy": {"spin": (m.term(m.base_ang_vel), (3,))}}
    spec, _ = spec_of(groups, m.ActionManager(legs=action))
    assert (spec.actions[0].kind, spec.actions[0].scale) == ("raw", 1.0)
    assert "differs between environments" in dict(spec.actions[0].details)["affine"]


def test_the_training_clip_bounds_the_action_and_what_is_remembered_of_it() -> None:
    spec, _ = spec_of({"policy": {"actions": (m.term(m.last_action), (3,))}}, clip=(-2.0, 2.0))
    assert spec.actions[0].clip == spec.group("policy")[0].clip == (-2.0, 2.0)


def test_constraints_and_actor_groups_go_into_the_spec() -> None:
    limit = Constraint("torque", "joint_torque", 3.0, "N m")
    groups = {
        "state": {"spin": (m.term(m.base_ang_vel), (3,))},
        "eyes": {"rgb": (m.term(m.image_rgb), (8, 8, 3)), "up": (m.term(m.projected_gravity), (3,))},
    }
    spec, _ = spec_of(groups, constraints=(limit,), actor=("state", "eyes"), concatenated=False)
    assert spec.constraints == (limit,)
    assert spec.actor == ("state", "eyes", "eyes_rgb")
    assert [t.name for t in spec.group("eyes")] == ["up"]


def test_what_cannot_be_written_down_is_refused_by_name() -> None:
    with pytest.raises(SpecError, match=r"group 'eyes' concatenates the image 'rgb'"):
        spec_of({"eyes": {"rgb": (m.term(m.image_rgb), (8, 8, 3)), "b": (m.term(m.image_rgb), (8, 8, 3))}})
    with pytest.raises(SpecError, match=r"'x' has 2 scales for the shape \(3,\)"):
        term_of(m.term(m.base_ang_vel, scale=(1.0, 2.0)), (3,))
