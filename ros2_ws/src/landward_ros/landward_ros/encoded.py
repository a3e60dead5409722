"""Serialised messages (CDR) of which only the stamp and the numbers change.

rclpy turns every message into a C structure, element by element, and that into bytes; at the other end it
does both in reverse: most of what receiving and sending costs. The names and sizes in a robot's messages stay
the same, and so do their bytes: `Layout` finds, in a message that rclpy serialised, where the numbers are.
`Encoder` writes them there, `decoded` reads them. What goes over the wire is ordinary CDR.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import Imu, JointState

from landward_ros import convert
from landward_ros.samples import NS, MessageError

Make = Callable[[int, Sequence[np.ndarray]], Any]
"""Makes a message that has a header, of its stamp [ns] and its columns of numbers."""

STAMP = struct.Struct("<iI")
"""builtin_interfaces/Time: seconds, nanoseconds."""
DOUBLE = np.dtype("<f8")
LITTLE_ENDIAN = b"\x00\x01"
"""First bytes of little-endian CDR (DDSI-RTPS 2.5, 10.2)."""

IMU_SIZE = 37
"""Numbers of an Imu, in the order of the message: each quantity and its covariance (9)."""
IMU_ORIENTATION, IMU_ANGULAR_VELOCITY, IMU_LINEAR_ACCELERATION = slice(0, 4), slice(13, 16), slice(25, 28)
"""Places among them; the orientation is (x, y, z, w)."""
IMU_COVARIANCES = {
    "orientation_covariance": slice(4, 13),
    "angular_velocity_covariance": slice(16, 25),
    "linear_acceleration_covariance": slice(28, 37),
}
"""Places of the fields that hold one."""


class Layout:
    """Where a serialised message keeps its stamp and its columns, each a run of doubles.

    Args:
        make: makes the message.
        sizes: of the columns.

    Raises:
        MessageError: rclpy does not serialise the message as assumed here.
    """

    def __init__(self, make: Make, sizes: Sequence[int]) -> None:
        stamp, columns = _numbers(sizes, 1)
        message = make(stamp, columns)
        self._kind = type(message).__name__
        self.cdr = bytes(serialize_message(message))
        """A whole message."""
        if not self.cdr.startswith(LITTLE_ENDIAN):
            raise self._unknown(f"begins with {self.cdr[:2].hex()}, not as little-endian CDR")
        self.stamp = self._place(STAMP.pack(*divmod(stamp, NS)), "stamp")
        """Where the stamp begins."""
        self.columns = tuple(
            (self._place(column.tobytes(), f"column {i}"), column.size) for i, column in enumerate(columns)
        )
        """(begin, number of doubles) of each column."""
        numbers = [(self.stamp, STAMP.size), *((begin, 8 * size) for begin, size in self.columns)]
        begins, ends = zip(*((begin, begin + size) for begin, size in sorted(numbers)), strict=True)
        between = zip((0, *ends), (*begins, len(self.cdr)), strict=True)
        self.texts = tuple((begin, end) for begin, end in between if begin < end)
        """(begin, end) of all that lies between: names, sizes, padding."""
        # Other numbers, written to the places that were found, must be read as themselves.
        stamp, columns = _numbers(sizes, 2)
        read = deserialize_message(Encoder(self).encode(stamp, *columns), type(message))
        if read != make(stamp, columns):
            raise self._unknown("has its numbers at other places than found")

    def _place(self, wanted: bytes, what: str) -> int:
        if self.cdr.count(wanted) != 1:
            raise self._unknown(f"has the {what} {self.cdr.count(wanted)} times, expected once")
        return self.cdr.index(wanted)

    def _unknown(self, what: str) -> MessageError:
        return MessageError(
            f"a serialised {self._kind} {what}; use another RMW_IMPLEMENTATION, such as rmw_fastrtps_cpp"
        )


class Encoder:
    """Serialises messages that differ in nothing but stamp and numbers.

    Args:
        layout: of the messages.
    """

    def __init__(self, layout: Layout) -> None:
        self._cdr, self._stamp = bytearray(layout.cdr), layout.stamp
        self._columns = [np.ndarray(size, DOUBLE, self._cdr, begin) for begin, size in layout.columns]

    def encode(self, stamp_ns: int, *columns: np.ndarray) -> bytes:
        """The message; rclpy's publishers take it as it is.

        Args:
            stamp_ns: stamp of the header [ns].
            columns: numbers, one array a column.

        Raises:
            MessageError: an array of another shape than the column.
        """
        STAMP.pack_into(self._cdr, self._stamp, *divmod(stamp_ns, NS))
        for place, column in zip(self._columns, columns, strict=True):
            if column.shape != place.shape:
                raise MessageError(f"{column.shape} numbers, the message has room for {place.shape}")
            place[...] = column
        return bytes(self._cdr)


def position_encoder(names: Sequence[str]) -> Encoder:
    """Position targets, as `convert.position_command`; column: (J,) [rad]."""
    return Encoder(Layout(lambda ns, columns: convert.position_command(names, ns, *columns), (len(names),)))


def damping_encoder(names: Sequence[str]) -> Encoder:
    """The safe command, as `convert.damping_command`; no column."""
    return Encoder(Layout(lambda ns, columns: convert.damping_command(names, ns), ()))


def joint_state_encoder(names: Sequence[str]) -> Encoder:
    """Joint states; columns: position (J,) [rad], velocity (J,) [rad/s], effort (J,) [N m]."""
    return Encoder(Layout(lambda ns, columns: joint_message(names, "", ns, columns), 3 * (len(names),)))


def imu_encoder(frame_id: str) -> Encoder:
    """IMU messages; column: (37,), see `IMU_SIZE`."""
    return Encoder(Layout(lambda ns, columns: imu_message(frame_id, ns, *columns), (IMU_SIZE,)))


def joint_message(names: Sequence[str], frame_id: str, ns: int, columns: Sequence[np.ndarray]) -> JointState:
    """A JointState with position, velocity and effort, or the first of them."""
    fields = zip(("position", "velocity", "effort"), columns, strict=False)
    msg = JointState(name=list(names), **{name: column.tolist() for name, column in fields})
    msg.header.stamp, msg.header.frame_id = convert.to_stamp(ns), frame_id
    return msg


def imu_message(frame_id: str, ns: int, numbers: np.ndarray) -> Imu:
    """An Imu of its (37,) numbers."""
    msg = Imu()
    msg.header.stamp, msg.header.frame_id = convert.to_stamp(ns), frame_id
    q, rate, force = msg.orientation, msg.angular_velocity, msg.linear_acceleration
    q.x, q.y, q.z, q.w = numbers[IMU_ORIENTATION].tolist()
    rate.x, rate.y, rate.z = numbers[IMU_ANGULAR_VELOCITY].tolist()
    force.x, force.y, force.z = numbers[IMU_LINEAR_ACCELERATION].tolist()
    for name, place in IMU_COVARIANCES.items():
        setattr(msg, name, numbers[place])
    return msg


def _numbers(sizes: Sequence[int], number: int) -> tuple[int, list[np.ndarray]]:
    """A stamp [ns] and columns in which no two numbers are alike, other ones for each `number`."""
    columns = [1000.0 * (i + 1) + np.arange(size) + 1.0 / (2 + number) for i, size in enumerate(sizes)]
    return number * 1_234_567_890_123_456, columns
