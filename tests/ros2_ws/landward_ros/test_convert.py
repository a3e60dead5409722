from array import array

import numpy as np
import pytest

from landward_ros.samples import CommandSample, ImuSample, JointSample, MessageError

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from geometry_msgs.msg import Twist  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from sensor_msgs.msg import Imu, JointState  # noqa: E402
from std_msgs.msg import Float64MultiArray  # noqa: E402

from landward_ros import convert  # noqa: E402
from landward_ros.convert import JointOrder  # noqa: E402

ORDER = ("hip", "thigh", "calf")


def state(names, position, velocity=None, effort=None):
    zeros = [0.0] * len(names)
    return JointState(
        name=list(names),
        position=position,
        velocity=zeros if velocity is None else velocity,
        effort=zeros if effort is None else effort,
    )


def over_the_wire(msg):
    return deserialize_message(serialize_message(msg), type(msg))


def test_joints_are_matched_by_name_whatever_their_order_and_whatever_else_is_there():
    order = JointOrder(ORDER)
    msg = over_the_wire(
        state(
            ("calf", "tail", "hip", "thigh"), [3.0, 9.0, 1.0, 2.0], [30.0, 90.0, 10.0, 20.0], [0.3, 0, 0.1, 0]
        )
    )
    msg.header.stamp = convert.to_stamp(5_000_000_001)
    for _ in range(2):
        sample = order.read(msg)
        assert sample.position.tolist() == [1.0, 2.0, 3.0]
        assert sample.velocity.tolist() == [10.0, 20.0, 30.0]
        assert sample.effort.tolist() == [0.1, 0.0, 0.3]
    assert sample.stamp_ns == 5_000_000_001 and sample.stamp == pytest.approx(5.000000001)


def test_publishers_may_take_turns_with_different_orders():
    order = JointOrder(ORDER)
    for names in (ORDER, ("calf", "hip", "thigh"), ORDER, ("thigh", "calf", "hip")) * 8:
        sample = order.read(state(names, [float(ORDER.index(name)) for name in names]))
        assert sample.position.tolist() == [0.0, 1.0, 2.0]


def test_what_is_read_does_not_change_with_the_message():
    msg = state(ORDER, [1.0, 2.0, 3.0])
    sample = JointOrder(ORDER).read(msg)
    msg.position[0] = 7.0
    assert sample.position[0] == 1.0


@pytest.mark.parametrize(
    ("msg", "message"),
    [
        (state(("hip", "calf"), [1.0, 2.0]), "no joint 'thigh'; it has hip, calf"),
        (state((), []), "no joint 'hip', 'thigh', 'calf'; it has no joints"),
        (state(("hip", "thigh", "calf", "hip"), [0.0] * 4), "joint 'hip' is there twice"),
        (state(ORDER, [1.0, 2.0]), "2 entries of position for 3 names"),
        (state(ORDER, [1.0] * 3, velocity=[]), "0 entries of velocity for 3 names"),
        (state(ORDER, [1.0] * 3, effort=[1.0] * 4), "4 entries of effort for 3 names"),
    ],
)
def test_joint_states_that_do_not_fit_are_refused(msg, message):
    with pytest.raises(MessageError, match=message):
        JointOrder(ORDER).read(msg)


def test_joint_states_survive_the_wire():
    sample = JointSample(
        2.5, np.array([0.1, 0.2, 0.3]), np.array([1.0, np.nan, 3.0]), np.array([4.0, 5.0, 6.0])
    )
    got = JointOrder(ORDER).read(over_the_wire(convert.joint_state(ORDER, sample)))
    for field in ("position", "velocity", "effort"):
        np.testing.assert_array_equal(getattr(got, field), getattr(sample, field))
    assert got.stamp_ns == sample.stamp_ns


def test_a_position_target_is_read_back_in_our_order():
    msg = over_the_wire(convert.position_command(("calf", "hip", "thigh"), 7, np.array([3.0, 1.0, 2.0])))
    assert len(msg.velocity) == len(msg.effort) == 0
    command = convert.read_command(JointOrder(ORDER), msg)
    assert command.position is not None and command.position.tolist() == [1.0, 2.0, 3.0]
    assert command.stamp_ns == 7


def test_damping_has_no_position():
    msg = over_the_wire(convert.damping_command(ORDER, 1_500_000_000))
    assert len(msg.position) == 0 and list(msg.velocity) == [0.0, 0.0, 0.0]
    assert convert.read_command(JointOrder(ORDER), msg) == CommandSample(1.5, None)


def test_a_nan_in_a_command_is_passed_on_for_the_monitor_to_name():
    msg = convert.position_command(ORDER, 0, np.array([0.0, np.nan, 0.0]))
    position = convert.read_command(JointOrder(ORDER), msg).position
    assert position is not None and np.isnan(position[1])


@pytest.mark.parametrize(
    ("msg", "message"),
    [
        (JointState(name=["hip", "thigh"], position=[0.0] * 2), "no joint 'calf'"),
        (JointState(name=[*ORDER, "tail"], position=[0.0] * 4), "'tail' is not a joint of this robot"),
        (JointState(name=list(ORDER), position=[0.0] * 2), "2 entries of position for 3 names"),
        (JointState(name=list(ORDER), position=[0.0] * 3, velocity=[0.0] * 3), "3 positions, 3 velocities"),
        (JointState(name=list(ORDER), position=[0.0] * 3, effort=[0.0] * 3), "3 efforts"),
        (JointState(name=list(ORDER)), "damping needs 3 velocities of zero"),
        (JointState(name=list(ORDER), velocity=[0.0, 0.1, 0.0]), "damping needs 3 velocities of zero"),
        (JointState(name=list(ORDER), velocity=[0.0, float("nan"), 0.0]), "damping needs"),
    ],
)
def test_a_command_that_is_neither_target_nor_damping_is_refused(msg, message):
    with pytest.raises(MessageError, match=message):
        convert.read_command(JointOrder(ORDER), msg)


def test_the_imu_survives_the_wire_with_the_quaternion_in_our_order():
    sample = ImuSample(
        3.25, np.array([0.1, 0.2, 0.3]), np.array([0.8, 0.6, 0.0, 0.0]), np.array([0.0, 0.0, 9.81])
    )
    msg = over_the_wire(convert.imu(sample, "imu_link"))
    assert (msg.orientation.w, msg.orientation.x) == (0.8, 0.6) and msg.header.frame_id == "imu_link"
    got = convert.read_imu(msg)
    assert got.orientation.tolist() == [0.8, 0.6, 0.0, 0.0]
    assert got.angular_velocity.tolist() == [0.1, 0.2, 0.3]
    assert got.linear_acceleration is not None and got.linear_acceleration.tolist() == [0.0, 0.0, 9.81]
    assert got.stamp_ns == 3_250_000_000


def test_an_imu_without_acceleration_says_so_in_the_covariance():
    msg = convert.imu(ImuSample(0.0, np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0])), "imu_link")
    assert msg.linear_acceleration_covariance[0] == -1.0
    assert convert.read_imu(msg).linear_acceleration is None


def test_an_imu_without_a_gyroscope_is_refused():
    msg = convert.imu(ImuSample(0.0, np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0])), "imu_link")
    msg.angular_velocity_covariance[0] = -1.0
    with pytest.raises(MessageError, match="measures no angular_velocity"):
        convert.read_imu(msg)


def test_an_imu_without_orientation_is_refused_and_a_nan_is_passed_on():
    msg = Imu()
    msg.orientation_covariance[0] = -1.0
    with pytest.raises(MessageError, match="measures no orientation"):
        convert.read_imu(msg)
    msg = Imu()
    msg.orientation.w = 0.0
    with pytest.raises(MessageError, match=r"\(0, 0, 0, 0\) \(w, x, y, z\) is no unit quaternion"):
        convert.read_imu(msg)
    msg.orientation.w = float("nan")
    assert np.isnan(convert.read_imu(msg).tilt)


def test_the_velocity_command_is_forward_left_turn():
    msg = over_the_wire(convert.twist_message(9, (0.5, -0.25, 1.0)))
    assert msg.header.frame_id == "base_link" and convert.to_ns(msg.header.stamp) == 9
    assert convert.read_twist(msg).tolist() == [0.5, -0.25, 1.0]
    plain = Twist()
    plain.angular.z = 2.0
    assert convert.read_twist(plain).tolist() == [0.0, 0.0, 2.0]


def test_observations_lose_nothing_on_the_wire():
    inputs = {
        "joint_pos": np.array([0.1, 1.0 / 3.0], dtype=np.float32),
        "scan": np.arange(6, dtype=np.float32).reshape(2, 3),
        "speed": np.float32(0.7),
    }
    stamp_ns = 1_790_000_000_123_456_000
    msg = over_the_wire(convert.observation_message(stamp_ns, 41, inputs))
    assert [dim.label for dim in msg.layout.dim] == ["stamp_us", "tick", "joint_pos", "scan", "speed"]
    assert [dim.size for dim in msg.layout.dim] == [1, 1, 2, 6, 1]
    stamp_us, tick, got = convert.read_observation(msg)
    assert (stamp_us, tick) == (1_790_000_000_123_456, 41)
    for name, value in inputs.items():
        np.testing.assert_array_equal(got[name].astype(np.float32), np.ravel(value))


def test_an_observation_of_another_layout_is_refused():
    with pytest.raises(MessageError, match="must begin with stamp_us and tick"):
        convert.read_observation(Float64MultiArray())
    msg = convert.observation_message(0, 0, {"a": np.zeros(3)})
    msg.data = array("d", [0.0] * 4)
    with pytest.raises(MessageError, match="the layout has 5 numbers, the data 4"):
        convert.read_observation(msg)


def test_stamps_are_exact_nanoseconds():
    for ns in (0, 999_999_999, 1_000_000_000, 1_790_000_000_123_456_789):
        assert convert.to_ns(convert.to_stamp(ns)) == ns
