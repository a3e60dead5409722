from array import array

import numpy as np
import pytest

from landward_ros.samples import CommandSample, ImuSample, JointSample, MessageError

pytest.importorskip("rclpy", reason="needs ROS 2: make test-ros")
pytestmark = pytest.mark.ros

from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from sensor_msgs.msg import Imu, JointState  # noqa: E402

from landward_ros import convert, decoded, encoded  # noqa: E402
from landward_ros.convert import JointOrder  # noqa: E402
from landward_ros.decoded import CommandReader, ImuReader, JointStateReader  # noqa: E402

NAMES = ("hip", "thigh", "calf_joint")
BACKWARDS = NAMES[::-1]
RANDOM = np.random.default_rng(0)


def joint_states(names=NAMES, stamp=1_500_000_000, numbers=None):
    position, velocity, effort = RANDOM.normal(size=(3, len(names))) if numbers is None else numbers
    return convert.joint_state(names, JointSample(0.0, position, velocity, effort, stamp))


def imu(stamp=1_500_000_000, orientation=(0.5, 0.5, -0.5, 0.5)):
    rate, force = RANDOM.normal(size=(2, 3))
    return convert.imu(ImuSample(0.0, rate, np.array(orientation), force, stamp), "imu_link")


def positions(names=NAMES, stamp=1_500_000_000):
    return convert.position_command(names, stamp, RANDOM.normal(size=len(names)))


READERS = {
    "joint_states": (lambda: JointStateReader(JointOrder(NAMES)), JointOrder(NAMES).read, JointState),
    "command": (
        lambda: CommandReader(JointOrder(NAMES)),
        lambda msg: convert.read_command(JointOrder(NAMES), msg),
        JointState,
    ),
    "imu": (ImuReader, convert.read_imu, Imu),
}


def outcome(read, given):
    """A sample as text, or why there is none: NaN equals nothing, its text does."""
    try:
        return repr(read(given))
    except MessageError as error:
        return f"refused: {error}"


@pytest.fixture
def count(monkeypatch):
    """How often rclpy decoded a message."""
    calls = []

    def counted(kind, topic, cdr, decode=decoded.decode):
        calls.append(kind)
        return decode(kind, topic, cdr)

    monkeypatch.setattr(decoded, "decode", counted)
    return lambda: len(calls)


@pytest.mark.parametrize("name", READERS)
def test_it_reads_what_the_ordinary_way_reads_and_decodes_one_message_alone(name, count):
    make, ordinary, kind = READERS[name]
    message = {"joint_states": joint_states, "command": positions, "imu": imu}[name]
    reader = make()
    for k in range(20):
        cdr = bytes(serialize_message(message(stamp=7 * k * 123_456_789)))
        assert outcome(reader.read, cdr) == outcome(ordinary, deserialize_message(cdr, kind))
    assert count() == 1


def test_joints_in_another_order_and_more_of_them_are_matched_by_name(count):
    reader, order = JointStateReader(JointOrder(NAMES)), JointOrder(NAMES)
    for names in (BACKWARDS, NAMES, ("thigh", "tail", "calf_joint", "hip")):
        for _ in range(3):
            msg = joint_states(names)
            assert repr(reader.read(serialize_message(msg))) == repr(order.read(msg))
    assert count() == 3
    commands = CommandReader(order)
    for _ in range(3):
        msg = positions(BACKWARDS)
        assert commands.read(serialize_message(msg)).position.tolist() == msg.position.tolist()[::-1]


def test_same_length_is_not_same_layout():
    """Two names that change places, and a number of velocities in place of positions."""
    order = JointOrder(("aa", "bb"))
    reader = JointStateReader(order)
    one, other = (joint_states(names, numbers=np.eye(3, 2)) for names in (("aa", "bb"), ("bb", "aa")))
    assert len(serialize_message(one)) == len(serialize_message(other))
    for msg in (one, other, one):
        assert repr(reader.read(serialize_message(msg))) == repr(order.read(msg))
    commands = CommandReader(JointOrder(NAMES))
    target, damping = positions(), convert.damping_command(NAMES, 5)
    assert len(serialize_message(target)) == len(serialize_message(damping))
    for _ in range(2):
        assert not commands.read(serialize_message(target)).is_damping
        assert commands.read(serialize_message(damping)) == CommandSample(5e-9, None, 5)


def test_a_sample_is_its_own():
    reader = JointStateReader(JointOrder(NAMES))
    samples = [reader.read(serialize_message(joint_states(numbers=k * np.ones((3, 3))))) for k in range(3)]
    samples[2].position[:] = 9.0
    assert [sample.position[0] for sample in samples] == [0.0, 1.0, 9.0]


def test_what_the_encoders_write_is_read(count):
    joints, commands = JointStateReader(JointOrder(NAMES)), CommandReader(JointOrder(NAMES))
    states, targets = encoded.joint_state_encoder(NAMES), encoded.position_encoder(NAMES)
    for k in range(3):
        numbers = RANDOM.normal(size=(3, 3))
        sample = joints.read(states.encode(k, *numbers))
        assert np.array_equal([sample.position, sample.velocity, sample.effort], numbers)
        assert commands.read(targets.encode(k, numbers[0])).position.tolist() == numbers[0].tolist()
    assert count() == 2


def test_a_nan_is_passed_on_on_both_ways():
    for first in (True, False):
        reader = CommandReader(JointOrder(NAMES))
        if not first:
            reader.read(serialize_message(positions()))
        msg = convert.position_command(NAMES, 1, np.array((0.0, np.nan, np.inf)))
        assert repr(reader.read(serialize_message(msg)).position.tolist()) == "[0.0, nan, inf]"


def test_what_an_imu_does_not_measure_is_refused_on_both_ways():
    reader = ImuReader()
    reader.read(serialize_message(imu()))
    for name in ("orientation", "angular_velocity"):
        msg = imu()
        covariance = getattr(msg, f"{name}_covariance")
        covariance[0] = -1.0
        with pytest.raises(MessageError, match=f"measures no {name}"):
            reader.read(serialize_message(msg))
    with pytest.raises(MessageError, match="no unit quaternion"):
        reader.read(serialize_message(imu(orientation=(1.0, 1.0, 0.0, 0.0))))
    msg = imu()
    msg.linear_acceleration_covariance[0] = -1.0
    assert reader.read(serialize_message(msg)).linear_acceleration is None


def test_other_padding_is_read_too_and_becomes_the_known_one(count):
    """The bytes after a name are not defined: another publisher may leave other ones there."""
    cdr = bytearray(serialize_message(joint_states()))
    end = cdr.index(b"thigh\0") + len(b"thigh\0")
    reader, order = JointStateReader(JointOrder(NAMES)), JointOrder(NAMES)
    for filled in (b"\0\0", b"\7\7", b"\7\7", b"\7\7"):
        cdr[end : end + 2] = filled
        assert repr(reader.read(bytes(cdr))) == repr(order.read(deserialize_message(bytes(cdr), JointState)))
    assert count() == 2


@pytest.mark.parametrize("name", READERS)
def test_damaged_messages_end_as_on_the_ordinary_way(name):
    make, ordinary, kind = READERS[name]
    good = bytes(serialize_message({"joint_states": joint_states, "command": positions, "imu": imu}[name]()))
    topic = {"joint_states": "joint_states", "command": "joint command", "imu": "imu/data"}[name]
    reader = make()
    for _ in range(500):
        cdr = bytearray(good)
        for place in RANDOM.integers(4, len(cdr), RANDOM.integers(1, 4)):
            cdr[place] = RANDOM.integers(256)
        damaged = bytes(cdr[: RANDOM.integers(len(cdr))]) if RANDOM.random() < 0.1 else bytes(cdr)
        expected = outcome(lambda raw: ordinary(decoded.decode(kind, topic, raw)), damaged)
        assert outcome(reader.read, damaged) == expected
        assert outcome(reader.read, good) == outcome(ordinary, deserialize_message(good, kind))


def test_other_endianness_is_left_to_rclpy(count):
    msg = convert.position_command(("a",), 1_000_000_002, np.array([2.0]))
    big = b"\0\0\0\0" + b"\0\0\0\1" + b"\0\0\0\2" + b"\0\0\0\1\0\0\0\0" + b"\0\0\0\1" + b"\0\0\0\2a\0\0\0"
    big += b"\0\0\0\1" + b"\0" * ((-len(big)) % 8) + b"\x40\0\0\0\0\0\0\0" + b"\0" * 8
    assert array("d", deserialize_message(big, JointState).position) == msg.position
    reader = CommandReader(JointOrder(("a",)))
    for _ in range(2):
        sample = reader.read(big)
        assert (sample.stamp_ns, sample.position.tolist()) == (1_000_000_002, [2.0])
    assert count() == 2
