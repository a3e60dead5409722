import numpy as np
import pytest
import torch
from tensordict import TensorDict

from agents.on_policy.mirror import build_mirror
from landward.errors import SpecError
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from robots import get_robot

GO1 = get_robot("go1")
JOINTS, FEET = GO1.joint_names, GO1.foot_names
TARGET = ActionTerm(
    "joint_target", "joint_position_target", (12,), JOINTS, scale=0.25, offset=GO1.default_joint_pos
)


def mirror_of(*terms, actions=(TARGET,)):
    spec = PolicySpec("walk", "go1", 0.02, {"policy": terms}, actions)
    return build_mirror(spec, GO1, ["policy"])


def mirrored(term, values):
    return mirror_of(term).groups["policy"](np.asarray(values, np.float32)).tolist()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("angular_velocity", [-1.0, 2.0, -3.0]),
        ("linear_velocity", [1.0, -2.0, 3.0]),
        ("projected_gravity", [1.0, -2.0, 3.0]),
        ("command", [1.0, -2.0, -3.0]),
    ],
)
def test_vectors(kind, expected):
    assert mirrored(ObservationTerm("x", kind, (3,)), [1, 2, 3]) == expected


def test_joints_swap_sides_and_hips_change_sign():
    term = ObservationTerm("joint_pos", "joint_position", (12,), names=JOINTS, offset=GO1.default_joint_pos)
    # FR, FL, RR, RL x hip, thigh, calf
    expected = [-4, 5, 6, -1, 2, 3, -10, 11, 12, -7, 8, 9]
    assert mirrored(term, range(1, 13)) == expected
    assert mirror_of(term).action(np.arange(1.0, 13.0)).tolist() == expected


def test_the_last_action_is_mirrored_like_the_action():
    term = ObservationTerm("last", "last_action", (12,))
    assert mirrored(term, range(1, 13)) == [-4, 5, 6, -1, 2, 3, -10, 11, 12, -7, 8, 9]


def test_feet_swap_sides():
    term = ObservationTerm("contact", "foot_contact", (4,), names=FEET)
    assert mirrored(term, [1, 2, 3, 4]) == [2, 1, 4, 3]


def test_physics_has_no_side():
    assert mirrored(ObservationTerm("physics", "physics_parameters", (2,)), [5, 6]) == [5, 6]


def test_a_height_scan_flips_its_rows():
    names = tuple(f"x{x:+.2f}_y{y:+.2f}" for x in (0.0, 0.1) for y in (-0.1, 0.0, 0.1))
    scan = ObservationTerm("scan", "height_scan", (6,), names=names)
    assert mirrored(scan, [1, 2, 3, 4, 5, 6]) == [3, 2, 1, 6, 5, 4]


def test_history_frames_stay_in_order():
    term = ObservationTerm("gyro", "angular_velocity", (3,), history=2)
    assert mirrored(term, [1, 2, 3, 4, 5, 6]) == [-1, 2, -3, -4, 5, -6]


def test_as_augmentation_originals_come_first_and_twice_is_the_identity():
    terms = (
        ObservationTerm("gyro", "angular_velocity", (3,)),
        ObservationTerm("joint_vel", "joint_velocity", (12,), names=JOINTS),
    )
    mirror = mirror_of(*terms)
    obs, actions = TensorDict({"policy": torch.randn(5, 15)}, batch_size=[5]), torch.randn(5, 12)
    both, both_actions = mirror(None, obs, actions)
    assert torch.equal(both["policy"][:5], obs["policy"]) and torch.equal(both_actions[:5], actions)
    again, again_actions = mirror(None, both[5:], both_actions[5:])
    assert torch.equal(again["policy"][5:], obs["policy"]) and torch.equal(again_actions[5:], actions)
    assert mirror(None, None, actions)[0] is None and mirror(None, obs, None)[1] is None


def test_every_term_of_the_walking_tasks_has_a_mirror_image():
    pytest.importorskip("mujoco")
    from sims.registry import make_env

    for task in ("go1-flat", "solo12-flat"):
        with make_env(task, num_envs=2) as env:
            mirror = build_mirror(env.spec, get_robot(env.spec.robot), ["policy", "critic"])
            for group, obs in env.observe().items():
                assert np.array_equal(mirror.groups[group](mirror.groups[group](obs)), obs)


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (ObservationTerm("x", "features", (5,)), "policy.x.*no known mirror image"),
        (
            ObservationTerm("q", "joint_position", (12,), names=JOINTS, offset=(0.1,) * 12),
            "policy.q.*offsets",
        ),
        (
            ObservationTerm("q", "joint_position", (12,), names=JOINTS, scale=tuple(range(1, 13))),
            "policy.q.*scales",
        ),
        (ObservationTerm("q", "joint_position", (1,), names=JOINTS[:1]), "lacks FL_hip_joint"),
        (ObservationTerm("h", "height_scan", (1,), names=("x+0.00_y+0.10",)), "policy.h.*no mirror image"),
    ],
)
def test_what_cannot_be_mirrored_is_named(term, message):
    with pytest.raises(SpecError, match=message):
        mirror_of(term)


def test_an_action_without_a_side_is_refused():
    with pytest.raises(SpecError, match="action 'go'"):
        mirror_of(ObservationTerm("gyro", "angular_velocity", (3,)), actions=(ActionTerm("go", "raw", (2,)),))
