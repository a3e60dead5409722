"""A recording as named arrays, read by `rosbags`: no ROS installation is needed.

Times are int64 nanoseconds of ROS time: `received` when the recorder got the message, `stamp` what its header
says. Joint values are in the order of `names`, whatever order each message had.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from landward.errors import LandwardError, require
from landward_ros import names

PART = ".part"
"""What a recording's folder is called after its name until it is finished."""
FACTS = "landward.json"
"""Where a recording came from, beside its metadata.yaml."""
_WHY = "recordings are read and written with it"


class BagError(LandwardError):
    """A recording is missing, cut off, unreadable, or has not what is asked of it."""


@dataclass(frozen=True)
class Joints:
    """A topic of sensor_msgs/JointState: N messages of J joints; NaN where a message has no such values."""

    names: tuple[str, ...]
    received: np.ndarray
    """(N,) [ns]."""
    stamp: np.ndarray
    """(N,) [ns]."""
    position: np.ndarray
    """(N, J) [rad]."""
    velocity: np.ndarray
    """(N, J) [rad/s]."""
    effort: np.ndarray
    """(N, J) [N m]."""

    @property
    def is_target(self) -> np.ndarray:
        """(N,) bool: a position target; a command without positions is damping."""
        return np.isfinite(self.position).all(axis=1) & (self.position.shape[1] > 0)


@dataclass(frozen=True)
class Vectors:
    """A topic of one vector a message."""

    received: np.ndarray
    """(N,) [ns]."""
    stamp: np.ndarray
    """(N,) [ns]."""
    values: np.ndarray
    """(N, k)."""


@dataclass(frozen=True)
class Statuses:
    """A topic of diagnostic_msgs/DiagnosticStatus."""

    received: np.ndarray
    """(N,) [ns]."""
    level: np.ndarray
    """(N,) 0 OK, 1 warning, 2 error, 3 stale."""
    message: tuple[str, ...]
    values: tuple[dict[str, str], ...]


@dataclass(frozen=True)
class Observations:
    """What the policy was fed, an inference a row."""

    received: np.ndarray
    """(N,) [ns]."""
    stamp_us: np.ndarray
    """(N,) [us] Stamp of the joint_states that each inference used."""
    tick: np.ndarray
    """(N,) Inferences since the policy's memory was reset; 0 follows a reset."""
    inputs: dict[str, np.ndarray]
    """Input name -> (N, size), SI units."""


class Bag:
    """A finished recording.

    Args:
        path: the rosbag2 folder.
        namespace: of the robot in it, such as "robot1"; empty for topics at the root.

    Raises:
        BagError: nothing is there, it was cut off, or it has no topic of ours in that namespace.
        MissingDependencyError: rosbags is not installed.
    """

    def __init__(self, path: Path, namespace: str = "") -> None:
        self.path = Path(path)
        self.namespace = namespace.strip("/")
        self._rosbag2: Any = require("rosbags.rosbag2", "ros", _WHY)
        self._serde: Any = require("rosbags.serde", "ros", _WHY)
        _refuse_unfinished(self.path)
        with closing(self._open()) as reader:
            self.counts = {connection.topic: connection.msgcount for connection in reader.connections}
            """Topic -> number of messages."""
            self.seconds = reader.duration / 1e9
            """[s] From the first message to the last."""
        self._refuse_other_namespace()

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the recorder noted: robot, policy, versions, commit, seed; empty where it is not ours."""
        path = self.path / FACTS
        try:
            return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        except (OSError, ValueError) as error:
            raise BagError(f"{path} cannot be read: {error}; delete it or restore it from a copy") from error

    def has(self, name: str) -> bool:
        """Whether the recording has a message of that topic."""
        return self.counts.get(self.topic(name), 0) > 0

    def topic(self, name: str) -> str:
        """The full name of one of our topics in this recording."""
        return full_topic(name, self.namespace)

    def messages(self, name: str) -> Iterator[tuple[int, Any]]:
        """Receive time [ns] and message, in the order of receipt; nothing where the topic is not there.

        Raises:
            BagError: a part of the file is damaged.
        """
        topic, store = self.topic(name), typestore()
        try:
            with closing(self._open()) as reader:
                chosen = [connection for connection in reader.connections if connection.topic == topic]
                for connection, received, data in reader.messages(chosen) if chosen else ():
                    yield received, deserialize(store, data, connection.msgtype)
        except (self._rosbag2.ReaderError, self._serde.SerdeError, OSError, ValueError) as error:
            raise BagError(f"{self.path}: {topic} cannot be read: {error}; {_RESTORE}") from error

    def joints(self, name: str) -> Joints:
        """A topic of joint states or joint commands.

        Raises:
            BagError: the messages do not have the same joints.
        """
        received, stamps, columns = [], [], ([], [], [])
        order: dict[tuple[str, ...], list[int]] = {}
        joints: tuple[str, ...] = ()
        for time, message in self.messages(name):
            found = tuple(message.name)
            joints = joints or found
            if found not in order:
                order[found] = self._permutation(name, joints, found)
            received.append(time)
            stamps.append(nanoseconds(message.header.stamp))
            for column, values in zip(
                columns, (message.position, message.velocity, message.effort), strict=True
            ):
                column.append(values[order[found]] if len(values) else np.full(len(joints), np.nan))
        arrays = [np.asarray(column, np.float64).reshape(len(received), len(joints)) for column in columns]
        return Joints(joints, _times(received), _times(stamps), *arrays)

    def commands(self) -> Vectors:
        """cmd_vel: vx, vy [m/s], yaw rate [rad/s]."""
        return self._vectors(names.CMD_VEL, 3, lambda message: _planar(message.twist))

    def velocity(self) -> Vectors:
        """The twist of odom in the base frame: vx, vy [m/s], yaw rate [rad/s]."""
        return self._vectors(names.ODOM, 3, lambda message: _planar(message.twist.twist))

    def pose(self) -> Vectors:
        """The pose of odom: x, y, z [m], quaternion w, x, y, z."""
        return self._vectors(names.ODOM, 7, lambda message: _pose(message.pose.pose))

    def observations(self) -> Observations:
        """What the policy was fed.

        Raises:
            BagError: the inputs change their names or sizes within the recording.
        """
        received, rows, layout = [], [], None
        for time, message in self.messages(names.OBSERVATION):
            found = tuple((dim.label, dim.size) for dim in message.layout.dim)
            layout = layout or found
            if found != layout:
                raise BagError(
                    f"{self.path}: {self.topic(names.OBSERVATION)} changes its inputs from "
                    f"{_sizes(layout)} to {_sizes(found)}: two policies ran; record each by itself"
                )
            received.append(time)
            rows.append(message.data)
        return _split(received, rows, layout or (("stamp_us", 1), ("tick", 1)))

    def statuses(self, name: str) -> Statuses:
        """A topic of one diagnostic status a message."""
        found = list(self.messages(name))
        return Statuses(
            _times([time for time, _ in found]),
            np.array([_level(message.level) for _, message in found], np.int64),
            tuple(message.message for _, message in found),
            tuple({pair.key: pair.value for pair in message.values} for _, message in found),
        )

    def _vectors(self, name: str, width: int, read: Any) -> Vectors:
        found = [(time, nanoseconds(m.header.stamp), read(m)) for time, m in self.messages(name)]
        values = np.array([row[2] for row in found], np.float64).reshape(len(found), width)
        return Vectors(_times([row[0] for row in found]), _times([row[1] for row in found]), values)

    def _permutation(self, name: str, joints: tuple[str, ...], found: tuple[str, ...]) -> list[int]:
        if sorted(found) != sorted(joints):
            raise BagError(
                f"{self.path}: {self.topic(name)} has the joints {', '.join(found)} after "
                f"{', '.join(joints)}: two robots share the topic; give each a namespace"
            )
        return [found.index(joint) for joint in joints]

    def _open(self) -> Any:
        try:
            reader = self._rosbag2.Reader(self.path)
            reader.open()
        except (self._rosbag2.ReaderError, OSError, ValueError) as error:
            raise BagError(f"{self.path} is not a whole recording: {error}; {_RESTORE}") from error
        return reader

    def _refuse_other_namespace(self) -> None:
        ours = {topic: topic.strip("/").removesuffix(name).strip("/") for topic, name in _known(self.counts)}
        if self.namespace in ours.values():
            return
        if not ours:
            raise BagError(
                f"{self.path} has no robot in it: neither joint states nor commands, only "
                f"{', '.join(self.counts) or 'nothing'}; record while the robot or its twin runs"
            )
        there = ", ".join(sorted({space or "(none)" for space in ours.values()}))
        wanted = f"in the namespace {self.namespace!r}" if self.namespace else "outside of a namespace"
        raise BagError(
            f"{self.path} has no robot {wanted}; its namespaces: {there}. Name one with --namespace"
        )


_PADDINGS = (0, 4, 8)
"""Bytes: a joint command has two arrays at its end that may be empty."""
_RESTORE = "restore it from a copy"


def deserialize(store: Any, data: bytes, msgtype: str) -> Any:
    """A message; `rclpy.serialization` leaves 4 idle bytes more for each empty array at its end."""
    serde: Any = require("rosbags.serde", "ros", _WHY)
    for padding in _PADDINGS:
        with suppress(serde.SerdeError):
            return store.deserialize_cdr(data[: len(data) - padding], msgtype)
    return store.deserialize_cdr(data, msgtype)


def full_topic(name: str, namespace: str) -> str:
    """A topic's absolute name; a name that is absolute already stays."""
    if name.startswith("/"):
        return name
    space = namespace.strip("/")
    return f"/{space}/{name}" if space else f"/{name}"


def typestore() -> Any:
    """The message definitions of ROS 2 Kilted, of Jazzy where this rosbags does not know Kilted.

    The messages used here are the same in both.
    """
    typesys = require("rosbags.typesys", "ros", _WHY)
    stores = typesys.Stores
    return typesys.get_typestore(getattr(stores, "ROS2_KILTED", stores.ROS2_JAZZY))


def nanoseconds(stamp: Any) -> int:
    """A builtin_interfaces/Time in nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def _refuse_unfinished(path: Path) -> None:
    part = path if path.name.endswith(PART) else path.with_name(path.name + PART)
    if path.is_dir() and not (path / "metadata.yaml").is_file() and list(path.glob("*.mcap")):
        part = path
    elif path.exists() and part != path:
        return
    if part.exists():
        raise BagError(
            f"{part} was cut off before it was finished (killed, or the machine lost power); "
            f"save what is whole in it: landward record --recover {part}"
        )
    if not path.exists():
        raise BagError(f"no recording at {path}; name the folder that `landward record` wrote")


def _known(topics: Sequence[str] | dict[str, int]) -> list[tuple[str, str]]:
    """(topic, our name of it) for the topics that tell a robot's namespace."""
    telling = (names.JOINT_STATES, names.ROBOT_COMMAND, names.OBSERVATION, names.POLICY_COMMAND)
    # The longest name first: policy/joint_command ends in joint_command, too.
    ordered = sorted(telling, key=len, reverse=True)
    pairs = ((topic, next((name for name in ordered if topic.endswith("/" + name)), "")) for topic in topics)
    return [(topic, name) for topic, name in pairs if name]


def _split(received: list[int], rows: list[Any], layout: Sequence[tuple[str, int]]) -> Observations:
    data = np.array(rows, np.float64).reshape(len(rows), sum(size for _, size in layout))
    ends = np.cumsum([size for _, size in layout])
    fields = {
        label: data[:, end - size : end] for (label, size), end in zip(layout, ends.tolist(), strict=True)
    }
    stamp, tick = (fields.pop(label)[:, 0].astype(np.int64) for label in ("stamp_us", "tick"))
    return Observations(_times(received), stamp, tick, fields)


def _sizes(layout: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{label} ({size})" for label, size in layout)


def _times(values: list[int]) -> np.ndarray:
    return np.array(values, np.int64)


def _planar(twist: Any) -> tuple[float, float, float]:
    return twist.linear.x, twist.linear.y, twist.angular.z


def _pose(pose: Any) -> tuple[float, ...]:
    p, q = pose.position, pose.orientation
    return p.x, p.y, p.z, q.w, q.x, q.y, q.z


def _level(level: Any) -> int:
    # rclpy has a byte field as bytes, rosbags as a number.
    return level[0] if isinstance(level, bytes) else int(level)
