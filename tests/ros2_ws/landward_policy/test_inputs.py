import math
from dataclasses import replace

import numpy as np
import pytest

from landward.errors import SpecMismatchError
from landward.spec import ObservationTerm
from landward_policy.inputs import Ages, Inputs, InputsLostError, VelocityCommand
from landward_ros import names
from landward_ros.samples import ImuSample, JointSample
from tests.robots.go1_terms import COMMAND, GRAVITY, GYRO, JOINT_POS, JOINT_VEL, JOINTS, XYZ
from tests.ros2_ws.landward_policy import policies

LEG = ("hip", "thigh", "calf")
AGES = Ages(sensor=0.015, command=0.5, sensor_period=0.005)


def leg_spec(*terms):
    return policies.go1_spec(*terms)


def joint_term(*order, kind="joint_position", **fields):
    return ObservationTerm("joints", kind, (len(order),), unit="rad", names=order, **fields)


def joints(stamp, *position, velocity=(0.0, 0.0, 0.0)):
    return JointSample(stamp, np.array(position), np.array(velocity), np.zeros(3))


def imu(stamp, rate=(0.0, 0.0, 0.0), orientation=(1.0, 0.0, 0.0, 0.0)):
    return ImuSample(stamp, np.array(rate), np.array(orientation))


def feed(inputs, topic, *samples):
    for sample in samples:
        inputs.buffers[topic].push(sample, sample.stamp)


def values(inputs, now):
    return {name: value[0].tolist() for name, value in inputs.assemble(now).values.items()}


def test_joints_are_taken_by_name_into_the_policys_own_order():
    inputs = Inputs(leg_spec(joint_term("calf", "hip", "thigh")), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.25, 0.5, -1.5))
    assert values(inputs, 1.001) == {"joints": [-1.5, 0.25, 0.5]}


def test_every_kind_comes_from_its_sensor():
    orientation = ObservationTerm("pose", "orientation", (4,), names=("x", "y", "z", "w"))
    speed = joint_term(*LEG, kind="joint_velocity")
    spec = leg_spec(GYRO, GRAVITY, COMMAND, speed, orientation)
    inputs = Inputs(spec, LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.0, 0.0, 0.0, velocity=(1.0, 2.0, 3.0)))
    # Pitched nose down by 90 degrees: gravity points along the body's x axis.
    half = math.sqrt(0.5)
    sample = imu(1.0, rate=(0.5, 1.5, 2.5), orientation=(half, 0.0, half, 0.0))
    feed(inputs, names.IMU, sample)
    feed(inputs, names.CMD_VEL, VelocityCommand(0.9, np.array((0.5, 0.25, -1.0))))
    assembled = values(inputs, 1.001)
    assert assembled["gyro"] == [0.5, 1.5, 2.5]
    assert assembled["gravity"] == pytest.approx([1.0, 0.0, 0.0], abs=1e-6)
    assert assembled["command"] == [0.5, 0.25, -1.0]
    assert assembled["joints"] == [1.0, 2.0, 3.0]
    assert assembled["pose"] == pytest.approx([0.0, half, 0.0, half], abs=1e-6)


def test_readings_are_held_back_to_the_age_of_training():
    spec = leg_spec(joint_term("hip", delay=(0.01, 0.02)), replace(GYRO, name="gyro"))
    inputs = Inputs(spec, LEG, AGES)
    for i in range(5):
        stamp = 1.0 + 0.005 * i
        feed(inputs, names.JOINT_STATES, joints(stamp, i, 0.0, 0.0))
        feed(inputs, names.IMU, imu(stamp, rate=(i, 0.0, 0.0)))
    # At 1.021 the newest sample is 1 ms old; at least 10 ms old is the one of 1.010.
    assembled = inputs.assemble(1.021)
    assert assembled.values["joints"].tolist() == [[2.0]]
    assert assembled.values["gyro"][0, 0] == 4.0
    # The command still answers the newest joint states.
    assert assembled.joints.stamp == pytest.approx(1.020)


def test_no_sample_is_old_enough_yet():
    inputs = Inputs(leg_spec(joint_term("hip", delay=(0.01, 0.02))), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.0, 0.0, 0.0))
    with pytest.raises(InputsLostError, match="trained with joints at least 0.010 s old"):
        inputs.assemble(1.005)


def test_a_silent_sensor_is_lost():
    inputs = Inputs(leg_spec(joint_term("hip"), GYRO), LEG, AGES)
    with pytest.raises(InputsLostError, match="no message on joint_states yet"):
        inputs.assemble(1.0)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.0, 0.0, 0.0), joints(1.01, 0.0, 0.0, 0.0))
    with pytest.raises(InputsLostError, match="no message on imu/data yet"):
        inputs.assemble(1.01)
    feed(inputs, names.IMU, imu(1.0))
    assert inputs.lost(1.015) == ""
    assert inputs.lost(1.016) == "imu/data is 0.016 s old, older than 0.015 s"


def test_why_messages_are_refused_is_said():
    inputs = Inputs(leg_spec(joint_term("hip")), LEG, AGES)
    inputs.buffers[names.JOINT_STATES].refuse("no joint 'hip'")
    assert (
        inputs.lost(1.0) == "no message on joint_states yet; the latest message was refused: no joint 'hip'"
    )


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_numbers_that_are_none_are_named(bad):
    inputs = Inputs(leg_spec(joint_term("thigh", "calf")), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.0, 0.0, bad))
    with pytest.raises(InputsLostError, match=f"joints from joint_states is not finite: element 1 is {bad}"):
        inputs.assemble(1.0)


def test_a_silent_operator_asks_for_nothing():
    inputs = Inputs(leg_spec(joint_term("hip"), COMMAND), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.0, 0.0, 0.0))
    assembled = inputs.assemble(1.0)
    assert assembled.command_expired and not assembled.values["command"].any()
    feed(inputs, names.CMD_VEL, VelocityCommand(1.0, np.array((0.5, 0.0, 0.0))))
    feed(inputs, names.JOINT_STATES, joints(1.5, 0.0, 0.0, 0.0), joints(1.51, 0.0, 0.0, 0.0))
    assembled = inputs.assemble(1.5)
    assert not assembled.command_expired and assembled.values["command"][0, 0] == 0.5
    assembled = inputs.assemble(1.51)
    assert assembled.command_expired and not assembled.values["command"].any()


def test_a_small_command_is_not_turned_round():
    turned = ObservationTerm("command", "command", (2,), unit=("rad/s", "m/s"), names=("wz", "vx"))
    inputs = Inputs(leg_spec(turned), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.0, 0.0, 0.0))
    feed(inputs, names.CMD_VEL, VelocityCommand(1.0, np.array((0.5, 0.25, -1.0))))
    assert values(inputs, 1.0)["command"] == [-1.0, 0.5]


def test_older_readings_than_in_training_are_counted():
    inputs = Inputs(leg_spec(joint_term("hip", delay=(0.0, 0.002)), GYRO), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 0.0, 0.0, 0.0))
    feed(inputs, names.IMU, imu(1.0))
    # 2 ms in training and 5 ms between samples: 6 ms is usual; 5 ms of the gyro, trained without delay, too.
    for now in (1.001, 1.0049, 1.006, 1.008):
        inputs.assemble(now)
    assert inputs.take_late() == {"joints": 0.25, "gyro": 0.5}
    assert inputs.take_late() == {}


@pytest.mark.parametrize(
    ("term", "message"),
    [
        (
            ObservationTerm("camera", "image_rgb", (4, 4, 3), dtype="uint8"),
            r"input camera \(image_rgb\): no topic carries this kind",
        ),
        # Coordinate acceleration in training, specific force on the robot: not the same number.
        (
            ObservationTerm("a", "linear_acceleration", (3,), names=XYZ),
            "no topic carries this kind",
        ),
        (ObservationTerm("scan", "height_scan", (9,)), r"scan \(height_scan\): no topic"),
        (
            ObservationTerm("goal", "command", (2,), names=("x", "y")),
            "cmd_vel carries no x, y; it has vx, vy, wz",
        ),
        (ObservationTerm("goal", "command", (3,)), "its elements have no names"),
        (ObservationTerm("joints", "joint_position", (3,)), "its elements have no names"),
        (joint_term("hip", "knee"), "joint_states carries no knee; it has hip, thigh, calf"),
        (ObservationTerm("gyro", "angular_velocity", (2,)), r"its shape is \(2,\), imu/data gives \(3,\)"),
    ],
)
def test_an_input_that_no_topic_carries_is_refused(term, message):
    with pytest.raises(SpecMismatchError, match=message):
        Inputs(leg_spec(term), LEG, AGES)


def test_only_needed_topics_are_read():
    assert list(Inputs(leg_spec(JOINT_POS, JOINT_VEL), JOINTS, AGES).buffers) == [names.JOINT_STATES]
    everything = Inputs(leg_spec(COMMAND, GYRO), LEG, AGES)
    assert list(everything.buffers) == [names.JOINT_STATES, names.CMD_VEL, names.IMU]
    assert everything.sensors == (names.JOINT_STATES, names.IMU)


def test_after_a_jump_of_the_clock_old_samples_are_gone():
    inputs = Inputs(leg_spec(joint_term("hip")), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(100.0, 0.0, 0.0, 0.0))
    inputs.clear()
    assert inputs.lost(0.0) == "no message on joint_states yet"


def test_a_sensor_whose_clock_is_ahead_is_read_all_the_same():
    inputs = Inputs(leg_spec(joint_term("hip")), LEG, AGES)
    feed(inputs, names.JOINT_STATES, joints(1.0, 1.0, 0.0, 0.0), joints(1.005, 2.0, 0.0, 0.0))
    assert values(inputs, 1.003) == {"joints": [2.0]}
