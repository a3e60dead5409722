import math

import numpy as np
import pytest

from landward_ros.samples import ImuSample, JointSample, MessageError

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from sensor_msgs.msg import Imu, JointState  # noqa: E402
from std_msgs.msg import Bool, Header  # noqa: E402

from landward_ros import convert, encoded  # noqa: E402
from landward_ros.encoded import Encoder, Layout  # noqa: E402

NAMES = ("hip", "thigh", "calf_joint")
STAMPS = (0, 1, 999_999_999, 1_764_000_000_123_456_789, 2_147_483_647_999_999_999)
ODD = np.array((math.nan, -math.inf, -0.0))


def draws(count=20, size=3):
    random = np.random.default_rng(0)
    return [random.normal(0.0, 10.0 ** random.uniform(-5, 5), size) for _ in range(count)]


def as_text(msg):
    """NaN equals nothing, its text does."""
    return repr(msg)


def test_position_targets_are_what_rclpy_makes_of_them():
    encoder = encoded.position_encoder(NAMES)
    for stamp in STAMPS:
        for position in (*draws(), ODD):
            expected = convert.position_command(NAMES, stamp, position)
            read = deserialize_message(encoder.encode(stamp, position), JointState)
            assert as_text(read) == as_text(expected)
            # Small numbers show that the length is right too: nothing is left over.
            assert len(encoder.encode(stamp, position)) == len(serialize_message(expected))


def test_damping_has_no_position():
    read = deserialize_message(encoded.damping_encoder(NAMES).encode(1_500_000_000), JointState)
    assert read == convert.damping_command(NAMES, 1_500_000_000)
    assert len(read.position) == 0 and read.velocity.tolist() == [0.0, 0.0, 0.0]


def test_joint_states_keep_their_columns_apart():
    encoder = encoded.joint_state_encoder(NAMES)
    for stamp, position, velocity in zip(STAMPS, draws(5), draws(10)[5:], strict=True):
        expected = convert.joint_state(NAMES, JointSample(0.0, position, velocity, ODD, stamp))
        read = deserialize_message(encoder.encode(stamp, position, velocity, ODD), JointState)
        assert as_text(read) == as_text(expected)


def test_imu_messages_are_what_rclpy_makes_of_them():
    encoder, numbers = encoded.imu_encoder("imu_link"), np.zeros(encoded.IMU_SIZE)
    rate, force = draws(2)
    numbers[encoded.IMU_ORIENTATION] = (0.1, 0.5, -0.7, 0.5)
    numbers[encoded.IMU_ANGULAR_VELOCITY], numbers[encoded.IMU_LINEAR_ACCELERATION] = rate, force
    sample = ImuSample(0.0, rate, np.array((0.5, 0.1, 0.5, -0.7)), force, 7_000_000_001)
    read = deserialize_message(encoder.encode(7_000_000_001, numbers), Imu)
    assert read == convert.imu(sample, "imu_link")
    numbers[[4, 16, 28]] = (1.0, 2.0, 3.0)
    read = deserialize_message(encoder.encode(1, numbers), Imu)
    assert (read.orientation_covariance[0], read.angular_velocity_covariance[0]) == (1.0, 2.0)
    assert read.linear_acceleration_covariance[0] == 3.0


def test_messages_that_were_made_before_do_not_change():
    encoder = encoded.position_encoder(NAMES)
    first = encoder.encode(1, np.zeros(3))
    encoder.encode(2, np.ones(3))
    assert deserialize_message(first, JointState).position.tolist() == [0.0, 0.0, 0.0]


def test_numbers_that_do_not_fit_are_refused():
    encoder = encoded.position_encoder(NAMES)
    for wrong in (np.zeros(2), np.zeros(1), np.zeros((1, 3))):
        with pytest.raises(MessageError, match=r"numbers, the message has room for \(3,\)"):
            encoder.encode(1, wrong)
    with pytest.raises(ValueError, match="zip"):
        encoder.encode(1)


def test_single_precision_is_widened():
    target = np.array((0.1, 0.2, 0.3), np.float32)
    read = deserialize_message(encoded.position_encoder(NAMES).encode(1, target), JointState)
    assert read.position.tolist() == target.astype(np.float64).tolist()


def test_a_message_without_the_numbers_where_they_should_be_is_refused():
    with pytest.raises(MessageError, match="Header has the column 0 0 times.*RMW_IMPLEMENTATION"):
        Layout(lambda ns, columns: Header(stamp=convert.to_stamp(ns)), (3,))
    with pytest.raises(MessageError, match="a serialised Bool has the stamp 0 times"):
        Layout(lambda ns, columns: Bool(), ())

    def twice(ns, columns):
        return encoded.joint_message(NAMES, "", ns, (columns[0], columns[0]))

    with pytest.raises(MessageError, match="has the column 0 2 times"):
        Layout(twice, (3,))


def test_a_layout_that_holds_for_its_first_message_alone_is_refused():
    made = []

    def fickle(ns, columns):
        made.append(ns)
        return encoded.joint_message(NAMES, "", ns, columns if len(made) == 1 else [-columns[0]])

    with pytest.raises(MessageError, match="at other places than found"):
        Encoder(Layout(fickle, (3,)))
