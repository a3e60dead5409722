"""Each planted fault is told by one message that names it; sound engines pass."""

import dataclasses

import numpy as np
import pytest

from landward.errors import SimulationError
from robots import get_robot
from sims.check_engine import check_engine, compare, number_of_rows, probe
from sims.mujoco.engine import MujocoEngine
from sims.physics import PhysicsCfg
from sims.probe.respond import Response
from sims.rotation import rotate_inverse
from sims.velocity.go1 import go1_flat
from sims.velocity.observations import velocity_spec
from tests.sims.planted import (
    BREADTH_FIRST,
    FEET,
    GO1,
    JOINTS,
    SWAP,
    PlantedEngine,
    StaleEngine,
    TorchEngine,
    reordered,
)

DEFAULT = np.array(GO1.default_joint_pos)
XYZW = [1, 2, 3, 0]
SWAPPED_FEET = [1, 0, 2, 3]


@pytest.fixture(scope="module")
def reference():
    return MujocoEngine(GO1, PhysicsCfg(), number_of_rows(GO1), threads=1)


def in_world(state, name):
    return rotate_inverse(state["root_quat_w"] * [1, -1, -1, -1], state[name])


def only(reference, engine):
    """The one message."""
    found = check_engine(engine, reference)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    "physics",
    [
        PhysicsCfg(),
        PhysicsCfg(timestep=0.002, substeps=10, cone="elliptic"),
        PhysicsCfg(actuator="dc_motor"),
        PhysicsCfg(timestep=0.02 / 3, substeps=3),
    ],
)
def test_a_sound_engine_passes_whatever_its_step_and_actuator_model(reference, physics):
    assert check_engine(PlantedEngine(physics=physics), reference) == []


@pytest.mark.parametrize("num_envs", [1, 7, 40])
def test_the_number_of_environments_does_not_matter(reference, num_envs):
    assert check_engine(PlantedEngine(num_envs=num_envs), reference) == []
    assert "are swapped" in only(reference, PlantedEngine(num_envs=num_envs, targets=lambda x: x[:, SWAP]))


def test_another_robot_passes_too():
    robot = get_robot("solo12")
    engines = [
        MujocoEngine(robot, PhysicsCfg(timestep=t, substeps=round(0.02 / t)), 26) for t in (0.005, 0.002)
    ]
    assert check_engine(engines[1], engines[0]) == []


# 1. swapped legs


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        ({"targets": lambda x: x[:, SWAP]}, "targets"),
        (
            {"state": lambda s: {name: s[name][:, SWAP] for name in JOINTS}},
            "joint_pos and joint_vel of the state",
        ),
        (
            {"reset": lambda given: {n: given[n][:, SWAP] for n in ("joint_pos", "joint_vel")}},
            "joint_pos and joint_vel of the reset",
        ),
        (reordered(SWAP), "reset and state alike"),
    ],
)
def test_swapped_legs(reference, fault, where):
    message = only(reference, PlantedEngine(**fault))
    assert message.startswith(where)
    assert "joints FR_* and FL_* are swapped; map joints by name" in message


def test_two_pairs_of_swapped_legs(reference):
    order = np.array([3, 4, 5, 0, 1, 2, 9, 10, 11, 6, 7, 8])
    message = only(reference, PlantedEngine(targets=lambda x: x[:, order]))
    assert "FR_* and FL_*, and RR_* and RL_* are swapped" in message


def test_swapped_feet(reference):
    engine = PlantedEngine(state=lambda s: {name: s[name][:, SWAPPED_FEET] for name in FEET})
    assert "foot_pos_w lists the feet as FL_foot, FR_foot, RR_foot, RL_foot" in only(reference, engine)


def test_swapped_contacts(reference):
    engine = PlantedEngine(state=lambda s: {"foot_contact": s["foot_contact"][:, SWAPPED_FEET]})
    message = only(reference, engine)
    assert "foot_contact names the wrong feet" in message and "FL_foot for FR_foot" in message


# 2. breadth-first order


@pytest.mark.parametrize("parts", [("targets",), ("state",), ("reset",), ("targets", "reset", "state")])
def test_breadth_first_order(reference, parts):
    hooks = reordered(BREADTH_FIRST)
    message = only(reference, PlantedEngine(**{part: hooks[part] for part in parts}))
    assert "joint order is breadth-first: FL_hip_joint, FR_hip_joint, RL_hip_joint" in message
    assert "instead of FR_hip_joint, FR_thigh_joint" in message


# 3. quaternions


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"state": lambda s: {"root_quat_w": s["root_quat_w"][:, XYZW]}}, "root_quat_w is (x, y, z, w)"),
        (
            {"reset": lambda given: {"root_quat": given["root_quat"][:, [3, 0, 1, 2]]}},
            "reset takes quaternions as (x, y, z, w)",
        ),
        (
            {
                "reset": lambda given: {"root_quat": given["root_quat"][:, [3, 0, 1, 2]]},
                "state": lambda s: {"root_quat_w": s["root_quat_w"][:, XYZW]},
            },
            "reset and state alike (the feet show it): quaternions are taken as (x, y, z, w)",
        ),
        (
            {"state": lambda s: {"root_quat_w": s["root_quat_w"] * [1, -1, -1, -1]}},
            "root_quat_w turns the world into the base",
        ),
        (
            {"state": lambda s: {"projected_gravity_b": -s["projected_gravity_b"]}},
            "projected_gravity_b points up",
        ),
    ],
)
def test_quaternions(reference, fault, words):
    assert words in only(reference, PlantedEngine(**fault))


# 4. degrees


@pytest.mark.parametrize(
    ("fault", "where"),
    [
        ({"targets": np.deg2rad}, "targets: "),
        (
            {"state": lambda s: {n: np.rad2deg(s[n]) for n in JOINTS[:2]}},
            "joint_pos and joint_vel of the state: ",
        ),
        ({"state": lambda s: {"joint_vel": np.rad2deg(s["joint_vel"])}}, "joint_vel of the state: "),
        (
            {
                "targets": np.deg2rad,
                "reset": lambda given: {n: np.deg2rad(given[n]) for n in ("joint_pos", "joint_vel")},
                "state": lambda s: {n: np.rad2deg(s[n]) for n in JOINTS[:2]},
            },
            "reset and state alike (the feet show it): ",
        ),
    ],
)
def test_degrees(reference, fault, where):
    assert only(reference, PlantedEngine(**fault)).startswith(where + "degrees instead of radians")


def test_degrees_per_second_of_the_base(reference):
    engine = PlantedEngine(state=lambda s: {"root_ang_vel_b": np.rad2deg(s["root_ang_vel_b"])})
    assert "root_ang_vel_b is in degrees per second" in only(reference, engine)


# 5. offset


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            {"targets": lambda x: x - DEFAULT},
            "targets: the offset is missing: relative to zero instead of",
        ),
        ({"targets": lambda x: x + DEFAULT}, "targets: relative to the default pose instead of absolute"),
        (
            {"state": lambda s: {"joint_pos": s["joint_pos"] - DEFAULT}},
            "joint_pos of the state: relative to the default pose",
        ),
    ],
)
def test_a_missing_offset(reference, fault, words):
    assert words in only(reference, PlantedEngine(**fault))


# 6. gains


@pytest.mark.parametrize(
    ("stiffness", "damping"), [(0.0, 0.0), (0.5, 1.0), (2.0, 1.0), (1.0, 2.0), (1.0, 0.3), (3.0, 2.0)]
)
def test_gains_that_the_engine_ignores(reference, stiffness, damping):
    scaled = {
        "stiffness": tuple(stiffness * k for k in GO1.stiffness),
        "damping": tuple(damping * k for k in GO1.damping),
    }
    message = only(reference, PlantedEngine(robot=scaled))
    assert message.startswith("gains that the engine ignores, on all joints")
    assert "stiffness 35 N m/rad, damping 0.8 N m s/rad" in message


def test_gains_ignored_on_one_joint(reference):
    engine = PlantedEngine(robot={"stiffness": (*GO1.stiffness[:7], 0.0, *GO1.stiffness[8:])})
    message = only(reference, engine)
    assert "ignores, on RR_thigh_joint: RR_thigh_joint answers a step of 0.1 rad with 0.000 rad" in message


# 7. delay


@pytest.mark.parametrize(
    ("late", "words"), [(1, "1 control step (0.02 s) late"), (2, "2 control steps (0.04 s) late")]
)
def test_delayed_actions(reference, late, words):
    message = only(reference, PlantedEngine(late=late))
    assert message.startswith("actions take effect") and words in message


def test_a_stale_state_is_not_taken_for_delayed_actions(reference):
    assert "the whole state is 1 control step (0.02 s) old" in only(reference, StaleEngine())


# further faults


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            lambda s: {
                "root_lin_vel_b": rotate_inverse(s["root_quat_w"] * [1, -1, -1, -1], s["root_lin_vel_b"])
            },
            "root_lin_vel_b is in the world frame",
        ),
        (
            lambda s: {
                "root_ang_vel_b": rotate_inverse(s["root_quat_w"] * [1, -1, -1, -1], s["root_ang_vel_b"])
            },
            "root_ang_vel_b is in the world frame",
        ),
        (
            lambda s: {
                "root_lin_vel_b": s["root_lin_vel_b"] + np.cross(s["root_ang_vel_b"], [0.02, 0.0, 0.0])
            },
            "another point than the base origin",
        ),
        (lambda s: {"root_pos_w": s["root_pos_w"] + [2.5, 0.0, 0.0]}, "root_pos_w: a base reset to (0.000,"),
        (lambda s: {"foot_contact": 0 * s["foot_contact"]}, "touches the ground and is never in contact"),
        (lambda s: {"foot_force": 0.1 * s["foot_force"]}, "foot_force: the feet of the standing robot bear"),
        (lambda s: {"foot_height": s["foot_height"] + 0.3}, "foot_height: "),
        (lambda s: {"joint_torque": 0 * s["joint_torque"]}, "joint_torque: "),
        (lambda s: {"joint_pos": s["joint_pos"][:, :11]}, "joint_pos has shape ('N', 11)"),
        (lambda s: {"joint_vel": s["joint_vel"] * np.nan}, "joint_vel is not finite"),
    ],
)
def test_other_faults_of_the_state(reference, fault, words):
    assert words in only(reference, PlantedEngine(state=fault))


def test_a_missing_entry_and_a_reset_that_spills(reference):
    engine = PlantedEngine()
    plain = engine._publish

    def without(*_):
        plain()
        del engine.state.__dict__["_entries"]["foot_height"]

    engine._publish = without
    assert "the state has no 'foot_height'" in only(reference, engine)
    spilling, inner = PlantedEngine(), PlantedEngine.reset

    def reset(ids, *values):
        everyone = np.arange(spilling.num_envs)
        inner(
            spilling, everyone, *(np.resize(value, (spilling.num_envs, *value.shape[1:])) for value in values)
        )

    spilling.reset = reset
    assert "reset of one environment changed the state of others" in only(reference, spilling)


def test_divergence(reference):
    class Diverging(PlantedEngine):
        diverged = np.arange(26) == 2

    assert "physics diverged in the experiments step:FR_hip_joint: check gains" in only(
        reference, Diverging()
    )


def test_tensors(reference):
    assert check_engine(TorchEngine(), reference) == []
    assert "FR_* and FL_* are swapped" in only(reference, TorchEngine(targets=lambda x: x[:, SWAP]))


def test_a_response_is_compared_after_a_round_trip(reference, tmp_path):
    response = probe(PlantedEngine(targets=lambda x: x - DEFAULT))
    response.save(tmp_path / "response.npz")
    loaded = Response.load(tmp_path / "response.npz")
    np.testing.assert_array_equal(loaded.told, response.told)
    assert compare(reference, loaded) == compare(reference, response)
    assert "offset is missing" in compare(reference, loaded)[0]


def test_engines_of_different_rates_are_not_compared(reference):
    with pytest.raises(SimulationError, match="go1 every 0.01 s and go1 every 0.02 s"):
        check_engine(PlantedEngine(physics=PhysicsCfg(substeps=2)), reference)


# the same faults in a policy's spec, before any engine runs


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (
            {"names": tuple(GO1.joint_names[i] for i in SWAP)},
            "names[0]: expected 'FR_hip_joint', got 'FL_hip_",
        ),
        (
            {"names": tuple(GO1.joint_names[i] for i in BREADTH_FIRST)},
            "names[0]: expected 'FR_hip_joint', got",
        ),
        ({"unit": "deg"}, "unit: expected 'rad', got 'deg'"),
        ({"offset": 0.0}, "offset: expected (-0.1, 0.9, -1.8"),
        ({"stiffness": (20.0,) * 12}, "stiffness[0]: expected 35.0, got 20.0"),
    ],
)
def test_faults_of_a_policys_spec_are_told_by_its_comparison(fault, words):
    spec = velocity_spec("go1-flat", GO1, go1_flat())
    action = dataclasses.replace(spec.actions[0], **fault)
    other = dataclasses.replace(spec, actions=(action,))
    lines = spec.interface_diff(other)
    assert any(words in line for line in lines), lines
