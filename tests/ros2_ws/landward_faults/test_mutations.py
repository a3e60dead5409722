"""What a fault does to a message, on messages without ROS."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from landward.constraint import Constraint
from landward_faults.catalogue import KINDS, constraint_kinds
from landward_faults.kinds import COMMAND, IMU, JOINTS, Fault, FaultError, Kind, draw
from landward_faults.mutations import ALTERATIONS, Stream, alter, set_stamp, stamp_ns
from robots import get_robot

GO1 = get_robot("go1")
KIND = {kind.name: kind for kind in KINDS}
NOW = 5_000_000_000


def header(ns):
    sec, nanosec = divmod(ns, 10**9)
    return SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=nanosec))


def joints():
    """The standing robot, its joints in reverse order: the order of a message is never assumed."""
    return SimpleNamespace(
        header=header(NOW),
        name=list(reversed(GO1.joint_names)),
        position=list(reversed(GO1.default_joint_pos)),
        velocity=[0.0] * 12,
        effort=[0.0] * 12,
    )


def command():
    message = joints()
    message.velocity, message.effort = [], []
    return message


def imu():
    return SimpleNamespace(
        header=header(NOW),
        orientation=SimpleNamespace(w=1.0, x=0.0, y=0.0, z=0.0),
        angular_velocity=SimpleNamespace(x=0.0, y=0.0, z=0.0),
    )


def stream(constraints=()):
    place = Stream(GO1, 0.02, constraints)
    place.last_ns, place.number = NOW - 5_000_000, 1
    place.last_position = dict(zip(GO1.joint_names, GO1.default_joint_pos, strict=True))
    return place


def fault(name, **values):
    """A fault with drawn parameters, some of them fixed."""
    drawn = draw(KIND[name], 1, 1)
    return Fault(drawn.kind, drawn.seed, drawn.wait, {**drawn.values, **values})


def at(message, joint, field="position"):
    return getattr(message, field)[message.name.index(joint)]


def message_of(kind):
    return imu() if IMU in kind.streams else joints() if JOINTS in kind.streams else command()


@pytest.mark.parametrize("kind", [k for k in KINDS if k.action in ALTERATIONS], ids=lambda k: k.name)
def test_every_alteration_alters_its_message(kind) -> None:
    for index in range(50):
        message, before = message_of(kind), message_of(kind)
        alter(message, draw(kind, 0, index), stream())
        assert repr(message) != repr(before)


def test_stamps() -> None:
    message = joints()
    alter(message, fault("joints_stale", age=0.25), stream())
    assert stamp_ns(message) == NOW - 250_000_000
    message = joints()
    alter(message, fault("joints_frozen"), stream())
    assert stamp_ns(message) == NOW - 5_000_000
    message = joints()
    alter(message, fault("joints_out_of_order", back=0.01), stream())
    assert stamp_ns(message) == NOW - 15_000_000
    set_stamp(message, -1)
    assert stamp_ns(message) == 0


def test_a_measured_joint_goes_beyond_its_limit_by_the_excess() -> None:
    # Joint 0.0 picks the first of the message, RL_calf_joint: limits -2.818 and -0.888 rad, margin 0.1 rad.
    message = joints()
    alter(message, fault("joint_position", joint=0.0, sign=0.9, excess=0.5), stream())
    assert at(message, "RL_calf_joint") == pytest.approx(-2.818 - 0.1 - 0.5)
    message = joints()
    alter(message, fault("joint_torque", joint=0.0, sign=0.0, excess=0.2), stream())
    assert at(message, "RL_calf_joint", "effort") == pytest.approx(35.55 * 1.2)


def test_a_lean_is_the_limit_and_the_excess() -> None:
    message = imu()
    alter(message, fault("imu_tilt", excess=0.3, heading=1.0), stream())
    q = message.orientation
    # Cosine of the angle between the body's z axis and the vertical: 1 - 2 (x^2 + y^2).
    assert math.acos(1 - 2 * (q.x**2 + q.y**2)) == pytest.approx(GO1.safety.tilt + 0.3)
    assert q.w**2 + q.x**2 + q.y**2 + q.z**2 == pytest.approx(1.0)


def test_a_jump_is_a_multiple_of_the_rate_towards_more_room() -> None:
    # FR_hip at -0.1 rad has more room above (0.863); its place in the message is the last.
    message = command()
    alter(message, fault("command_jump", joint=0.999, factor=1.5), stream())
    step = 1.5 * GO1.safety.target_rate[0] * 0.02
    assert at(message, "FR_hip_joint") == pytest.approx(min(-0.1 + step, 0.863))


def test_a_far_target_asks_for_twice_the_torque_where_there_is_room() -> None:
    # 23.7 N m at 35 N m/rad are 0.677 rad. Only the thighs have room for 1.5 times as much.
    moved = {}
    for index in range(100):
        message = command()
        alter(message, draw(KIND["command_torque"], 0, index), stream())
        for name, default in zip(GO1.joint_names, GO1.default_joint_pos, strict=True):
            if at(message, name) != default:
                moved[name] = at(message, name) - default
    assert set(moved) == {name for name in GO1.joint_names if "thigh" in name}
    assert moved["FR_thigh_joint"] == pytest.approx(2 * 23.7 / 35)


def test_a_missing_a_renamed_and_a_repeated_joint() -> None:
    message = joints()
    alter(message, fault("joints_missing", joint=0.0), stream())
    assert "RL_calf_joint" not in message.name
    assert [len(getattr(message, field)) for field in ("position", "velocity", "effort")] == [11] * 3
    message = command()
    alter(message, fault("command_missing", joint=0.0), stream())
    assert len(message.position) == 11 and message.velocity == []
    message = joints()
    alter(message, fault("joints_renamed", joint=0.0), stream())
    assert message.name[0] == "RL_calf_joint_2"
    message = joints()
    alter(message, fault("joints_twice", joint=0.999), stream())
    assert message.name.count("FR_hip_joint") == 2 and len(message.name) == 12


def test_a_violated_constraint_stays_within_the_robots_limits() -> None:
    constraint = Constraint("torque", "joint_torque", 20.0, "N m")
    (kind,) = constraint_kinds([constraint], GO1)
    for index in range(50):
        message = joints()
        alter(message, draw(kind, 0, index), stream((constraint,)))
        assert 20.0 < np.abs(message.effort).max() < GO1.safety.effort[0]


def test_a_bound_from_below_is_violated_from_below() -> None:
    constraint = Constraint(
        "hips", "joint_pos", 0.5, "rad", kind="hard", measure="lower", elements=("FL_hip_joint",)
    )
    (kind,) = constraint_kinds([constraint], GO1)
    message = joints()
    alter(message, draw(kind, 0, 0), stream((constraint,)))
    assert 0.47 < at(message, "FL_hip_joint") < 0.5


def test_what_is_no_alteration_is_refused() -> None:
    unknown = Kind("odd", "odd", (COMMAND,), "sing", ("x",))
    with pytest.raises(FaultError, match="the action 'sing' of odd"):
        alter(command(), draw(unknown, 0, 0), stream())
