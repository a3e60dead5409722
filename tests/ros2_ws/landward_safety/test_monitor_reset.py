"""How a fault is left, and what a deadman switch does."""

import numpy as np
import pytest

from landward.constraint import Constraint
from landward_safety.monitor import ARMED, COMMAND, DISARMED, FAULT
from tests.ros2_ws.landward_safety.scenes import PERIOD, Scene, damping, imu, joints, target


def reset_scene() -> Scene:
    scene = Scene().arm()
    scene.monitor.stop(scene.now)
    scene.monitor.command(damping(scene.now), scene.now)
    return scene


def test_reset():
    scene = reset_scene()
    assert scene.monitor.reset(scene.now + 0.001) == ""
    assert (scene.monitor.state, scene.monitor.fault) == (DISARMED, None)
    scene.arm()


def test_after_a_reset_it_starts_from_the_measured_position():
    scene = Scene().arm()
    scene.command(0.3, -0.5)
    scene.monitor.stop(scene.now)
    scene.monitor.command(damping(scene.now), scene.now)
    assert scene.monitor.reset(scene.now) == ""
    scene.sense(scene.now + 1.0, position=(-0.3, -0.5))
    said = scene.command(0.3, -0.5, position=(-0.3, -0.5))
    np.testing.assert_allclose(said.position, (-0.1, -0.5))


def test_a_stamp_of_the_future_does_not_outlive_the_reset():
    scene = Scene().arm()
    scene.monitor.command(target(scene.now + 5.0), scene.now)
    assert scene.reason == "command_stale"
    scene.monitor.command(damping(scene.now), scene.now)
    assert scene.monitor.reset(scene.now) == ""
    scene.arm()
    scene.command()
    assert scene.monitor.state == ARMED


def test_reset_without_a_fault_is_done():
    scene = Scene().arm()
    assert scene.monitor.reset(scene.now) == "" and scene.monitor.state == ARMED


def test_reset_is_refused_while_the_policy_wants_to_move():
    scene = reset_scene()
    scene.command()
    assert "newest command is a position target" in scene.monitor.reset(scene.now)
    scene.monitor.bad_message(COMMAND, "no joint", scene.now)
    assert "newest command is a position target" in scene.monitor.reset(scene.now)
    scene.monitor.command(damping(scene.now), scene.now)
    assert scene.monitor.reset(scene.now) == ""


@pytest.mark.parametrize(
    ("measured", "reason"),
    [({"position": (1.2, 0.0)}, "joint_position: hip"), ({"effort": (9.0, 0.0)}, "joint_torque: hip")],
)
def test_reset_is_refused_while_a_sensor_is_wrong(measured, reason):
    scene = reset_scene()
    scene.sense(scene.now + 0.005, **measured)
    assert scene.monitor.reset(scene.now).startswith(reason)
    scene.sense(scene.now + 0.005)
    assert scene.monitor.reset(scene.now) == ""


def test_reset_is_refused_while_a_sensor_is_silent():
    scene = reset_scene()
    assert scene.monitor.reset(scene.now + 0.1).startswith("sensor_silent: joint_states")
    assert scene.monitor.state == FAULT


def test_reset_is_refused_while_a_constraint_is_violated():
    leaning = Constraint("leaning", "tilt", 0.1, "1", kind="hard", measure="upper")
    scene = Scene(leaning).arm()
    at = scene.now + 0.005
    scene.monitor.imu(imu(at, 0.2), at)
    scene.monitor.joint_states(joints(at), at)
    scene.monitor.command(damping(at), at)
    assert scene.monitor.reset(at) == "constraint.leaning: still violated"
    scene.sense(at + 0.005)
    assert scene.monitor.reset(scene.now) == ""


def test_the_deadman_switch_arms_and_disarms():
    scene = Scene(deadman_required=True)
    scene.sense()
    assert scene.command().refused == "deadman: the deadman switch is not held"
    assert scene.monitor.deadman(True, scene.now) is None
    assert scene.command().position is not None
    said = scene.monitor.deadman(False, scene.now + 0.001)
    assert said is not None and said.fault is not None and said.fault.reason == "deadman"


def test_a_deadman_switch_that_is_not_heard_of():
    scene = Scene(deadman_required=True)
    scene.sense()
    held = scene.now
    scene.monitor.deadman(True, held)
    for _ in range(20):
        if scene.command().position is None:
            break
    assert scene.reason == "deadman"
    # 0.2 s are allowed; the next command after them is the eleventh.
    assert scene.now - held == pytest.approx(11 * PERIOD)


def test_reset_waits_for_the_deadman_switch_only_if_it_was_the_cause():
    scene = Scene(deadman_required=True)
    scene.sense()
    scene.monitor.deadman(True, scene.now)
    scene.command()
    scene.monitor.deadman(False, scene.now)
    scene.monitor.command(damping(scene.now), scene.now)
    assert scene.monitor.reset(scene.now) == "deadman: the deadman switch is not held"
    scene.monitor.deadman(True, scene.now)
    assert scene.monitor.reset(scene.now) == ""
    scene.monitor.stop(scene.now)
    scene.monitor.deadman(False, scene.now)
    assert scene.monitor.reset(scene.now) == ""


def test_an_error_in_reset_is_a_fault_and_its_answer():
    scene = reset_scene()
    assert scene.monitor.reset("now").startswith("stop")  # type: ignore[arg-type]
    assert scene.monitor.state == FAULT
