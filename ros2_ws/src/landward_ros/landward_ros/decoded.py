"""Reads serialised sensor messages and commands: by layout where it is known (`encoded`), else through rclpy.

A message is decoded by rclpy, and checked in full. Those that follow with the same bytes but for stamp and
numbers have the same names and sizes, so their numbers are taken from the same places.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Any

import numpy as np
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Imu, JointState

from landward_ros import convert
from landward_ros.convert import JointOrder
from landward_ros.encoded import (
    DOUBLE,
    IMU_ANGULAR_VELOCITY,
    IMU_LINEAR_ACCELERATION,
    IMU_ORIENTATION,
    IMU_SIZE,
    LITTLE_ENDIAN,
    STAMP,
    Layout,
    Make,
    imu_message,
    joint_message,
)
from landward_ros.samples import NS, CommandSample, ImuSample, JointSample, MessageError

_IMU_QUANTITIES = (IMU_ORIENTATION, IMU_ANGULAR_VELOCITY, IMU_LINEAR_ACCELERATION)


def decode(kind: type, topic: str, cdr: bytes) -> Any:
    """A message, through rclpy.

    Raises:
        MessageError: the bytes are no such message.
    """
    try:
        return deserialize_message(cdr, kind)
    except Exception as error:
        raise MessageError(f"{topic}: cannot be decoded: {error}") from error


class _Reader:
    """What the readers share: the layout of the message that rclpy decoded last, and its other bytes."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._layout: Layout | None = None
        self._size = -1
        self._texts: list[tuple[int, bytes]] = []

    def _numbers(self, cdr: bytes) -> tuple[int, list[np.ndarray]] | None:
        """Stamp [ns] and columns of a message with the known bytes between them; None for any other."""
        layout = self._layout
        if layout is None or len(cdr) != self._size:
            return None
        for begin, text in self._texts:
            if not cdr.startswith(text, begin):
                return None
        seconds, nanoseconds = STAMP.unpack_from(cdr, layout.stamp)
        # Copied: CDR aligns doubles to the end of its header, which is not what NumPy is fast with.
        columns = [np.frombuffer(cdr, DOUBLE, size, begin).copy() for begin, size in layout.columns]
        return seconds * NS + nanoseconds, columns

    def _learn(self, cdr: bytes, msg: Any, make: Make, sizes: Sequence[int], key: Hashable) -> None:
        """Know the layout of a message from now on, where what it says about this message is right.

        Args:
            cdr: the message.
            msg: the same, decoded.
            make: makes the same of its numbers.
            sizes: of its columns of numbers.
            key: all else that the layout depends on.
        """
        self._size = -1
        if not cdr.startswith(LITTLE_ENDIAN):
            return
        if self._layout is None or key != self._key:
            self._layout, self._key = Layout(make, sizes), key
        if len(cdr) != len(self._layout.cdr):
            return
        self._texts = [(begin, cdr[begin:end]) for begin, end in self._layout.texts]
        self._size = len(cdr)
        found = self._numbers(cdr)
        if found is None or make(*found) != msg:
            self._size = -1


class JointStateReader(_Reader):
    """Reads joint_states into the order of a robot's joints.

    Args:
        order: of the joints.
    """

    def __init__(self, order: JointOrder) -> None:
        super().__init__()
        self._order = order
        self._index: np.ndarray | None = None

    def read(self, cdr: bytes) -> JointSample:
        """A sample, as of `JointOrder.read`.

        Raises:
            MessageError: no such message, or one that does not fit the joints.
        """
        if (found := self._numbers(cdr)) is None:
            return self._decode(cdr)
        ns, columns = found
        if self._index is not None:
            columns = [column[self._index] for column in columns]
        position, velocity, effort = columns
        return JointSample(ns / NS, position, velocity, effort, ns)

    def _decode(self, cdr: bytes) -> JointSample:
        msg = decode(JointState, "joint_states", cdr)
        sample = self._order.read(msg)
        self._index = self._order.index(msg.name)
        frame, count = msg.header.frame_id, len(msg.name)
        make = partial(joint_message, msg.name, frame)
        self._learn(cdr, msg, make, (count, count, count), (frame, *msg.name))
        return sample


class CommandReader(_Reader):
    """Reads joint commands into the order of a robot's joints.

    Args:
        order: of the joints.
    """

    def __init__(self, order: JointOrder) -> None:
        super().__init__()
        self._order = order
        self._index: np.ndarray | None = None

    def read(self, cdr: bytes) -> CommandSample:
        """A command, as of `convert.read_command`.

        Raises:
            MessageError: no such message, or no command to these joints.
        """
        if (found := self._numbers(cdr)) is None:
            return self._decode(cdr)
        ns, (position,) = found
        return CommandSample(ns / NS, position if self._index is None else position[self._index], ns)

    def _decode(self, cdr: bytes) -> CommandSample:
        msg = decode(JointState, "joint command", cdr)
        sample = convert.read_command(self._order, msg)
        if sample.position is not None:
            self._index = self._order.index(msg.name)
            frame = msg.header.frame_id
            make = partial(joint_message, msg.name, frame)
            self._learn(cdr, msg, make, (len(msg.name),), (frame, *msg.name))
        return sample


class ImuReader(_Reader):
    """Reads imu/data."""

    def read(self, cdr: bytes) -> ImuSample:
        """A sample, as of `convert.read_imu`.

        Raises:
            MessageError: no such message, or an IMU that gives no orientation.
        """
        if (found := self._numbers(cdr)) is None:
            return self._decode(cdr)
        ns, (column,) = found
        numbers = column.tolist()
        x, y, z, w = numbers[IMU_ORIENTATION]
        rate, force = numbers[IMU_ANGULAR_VELOCITY], numbers[IMU_LINEAR_ACCELERATION]
        # The first element of each covariance comes right after its quantity.
        covariances = tuple(numbers[quantity.stop] for quantity in _IMU_QUANTITIES)
        return convert.imu_sample(ns, (w, x, y, z), rate, force, covariances)

    def _decode(self, cdr: bytes) -> ImuSample:
        msg = decode(Imu, "imu/data", cdr)
        sample = convert.read_imu(msg)
        frame = msg.header.frame_id
        self._learn(cdr, msg, lambda ns, columns: imu_message(frame, ns, *columns), (IMU_SIZE,), frame)
        return sample
