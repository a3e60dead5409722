"""Messages as they came over the wire, taken by polling: no executor, no deserialisation.

An executor would spend some 200 us a message on waking up; at a thousand messages a second that is a fifth of
a core. The middleware keeps the time of receipt itself, so nothing is lost by looking only now and then.
"""

from __future__ import annotations

import bisect
import importlib
import struct
import time
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosbags.interfaces import Qos, QosDurability, QosHistory, QosLiveliness, QosReliability, QosTime

from landward_ros import names, qos

DEPTH = 1000
"""Messages kept until they are taken: a second of the fastest topic."""
CLOCKS = 4096
"""Clock readings kept: some seconds of any /clock."""
TOPICS: dict[str, tuple[str, QoSProfile]] = {
    names.JOINT_STATES: ("sensor_msgs/msg/JointState", qos.SENSOR),
    names.IMU: ("sensor_msgs/msg/Imu", qos.SENSOR),
    names.ODOM: ("nav_msgs/msg/Odometry", qos.SENSOR),
    names.CMD_VEL: ("geometry_msgs/msg/TwistStamped", qos.COMMAND),
    names.POLICY_COMMAND: ("sensor_msgs/msg/JointState", qos.COMMAND),
    names.ROBOT_COMMAND: ("sensor_msgs/msg/JointState", qos.COMMAND),
    names.OBSERVATION: ("std_msgs/msg/Float64MultiArray", qos.OBSERVATION),
    names.DEADMAN: ("std_msgs/msg/Bool", qos.COMMAND),
    names.SAFETY_STATUS: ("diagnostic_msgs/msg/DiagnosticStatus", qos.LATCHED),
    names.POLICY_STATUS: ("diagnostic_msgs/msg/DiagnosticStatus", qos.LATCHED),
    names.DIAGNOSTICS: ("diagnostic_msgs/msg/DiagnosticArray", qos.DIAGNOSTICS),
    names.CLOCK: ("rosgraph_msgs/msg/Clock", qos.CLOCK),
}
"""Our topics: type and quality of service."""
_FOREVER = QosTime(9223372036, 854775807)


class Taken(NamedTuple):
    """One message."""

    time: int
    """When it was received, system time [ns]."""
    data: bytes
    """CDR."""


class ByHand(CallbackGroup):
    """Subscriptions that no executor takes from."""

    def can_execute(self, entity: Any) -> bool:
        """Never."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Never."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Nothing was begun."""


class Intake:
    """One topic.

    Args:
        node: that subscribes.
        group: a `ByHand`.
        topic: absolute name.
        msgtype: such as "sensor_msgs/msg/JointState".
        reliable: ask for every message, not for the newest.
        durable: ask for the last message from before.

    Raises:
        ModuleNotFoundError, AttributeError: the type is not installed.
    """

    def __init__(
        self, node: Node, group: ByHand, topic: str, msgtype: str, reliable: bool, durable: bool
    ) -> None:
        self.topic, self.msgtype, self.reliable, self.durable = topic, msgtype, reliable, durable
        self.lost = 0
        """Messages that were sent and never came."""
        self._node = node
        self._newest: dict[bytes, int] = {}
        profile = QoSProfile(
            depth=DEPTH,
            reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if durable else DurabilityPolicy.VOLATILE,
        )
        self._subscription: Any = node.create_subscription(
            message_class(msgtype), topic, _never, profile, callback_group=group, raw=True
        )

    @property
    def qos(self) -> list[Qos]:
        """As rosbags writes it, so that `ros2 bag play` offers the same."""
        reliability = QosReliability.RELIABLE if self.reliable else QosReliability.BEST_EFFORT
        durability = QosDurability.TRANSIENT_LOCAL if self.durable else QosDurability.VOLATILE
        automatic = QosLiveliness.AUTOMATIC
        return [
            Qos(
                QosHistory.KEEP_LAST,
                qos.OBSERVATION.depth,
                reliability,
                durability,
                _FOREVER,
                _FOREVER,
                automatic,
                _FOREVER,
                False,
            )
        ]

    def take(self) -> list[Taken]:
        """Everything that came since the last call."""
        taken = []
        handle = self._subscription.handle
        with handle:
            while (found := handle.take_message(self._subscription.msg_type, True)) is not None:
                data, info = found
                self._count_lost(info)
                # Not every middleware notes the receipt.
                taken.append(Taken(info["received_timestamp"] or time.time_ns(), data))
        return taken

    def adapted(self) -> tuple[bool, bool]:
        """The (reliable, durable) that all present publishers can serve."""
        offers = [
            (
                info.qos_profile.reliability != ReliabilityPolicy.BEST_EFFORT,
                info.qos_profile.durability == DurabilityPolicy.TRANSIENT_LOCAL,
            )
            for info in self._node.get_publishers_info_by_topic(self.topic)
        ]
        return soften(self.reliable, self.durable, offers)

    def close(self) -> None:
        """Unsubscribe."""
        self._node.destroy_subscription(self._subscription)

    def _count_lost(self, info: Mapping[str, Any]) -> None:
        number, publisher = info["publication_sequence_number"], info["publisher_gid"]
        if not number or publisher is None:
            return
        key = bytes(publisher["data"])
        # What was sent before the two found each other was never meant to come.
        self.lost += max(0, number - self._newest.get(key, number - 1) - 1)
        self._newest[key] = number


class ReceiveClock:
    """Turns system time of receipt into ROS time, which under simulation is the /clock of that moment."""

    def __init__(self, simulated: bool) -> None:
        self.simulated = simulated
        self.began: int | None = None
        """The first reading [ns]."""
        self._walls: list[int] = []
        self._times: list[int] = []

    @property
    def ready(self) -> bool:
        """Whether ROS time has begun."""
        return not self.simulated or bool(self._walls)

    def read(self, clocks: Iterable[Taken]) -> None:
        """Learn from messages of /clock, in the order of receipt."""
        for wall, data in clocks:
            self._walls.append(wall)
            self._times.append(clock_time(data))
        if self._times and self.began is None:
            self.began = self._times[0]
        del self._walls[:-CLOCKS], self._times[:-CLOCKS]

    def at(self, wall: int) -> int:
        """ROS time [ns] at a system time [ns]; the earliest known one for a time before it."""
        if not self.simulated:
            return wall
        return self._times[max(0, bisect.bisect_right(self._walls, wall) - 1)]


def clock_time(data: bytes) -> int:
    """The time [ns] in a serialised rosgraph_msgs/Clock: 4 bytes of encapsulation, int32 s, uint32 ns."""
    seconds, nanoseconds = struct.unpack_from("<iI" if data[1] & 1 else ">iI", data, 4)
    return seconds * 1_000_000_000 + nanoseconds


def soften(reliable: bool, durable: bool, offers: Iterable[tuple[bool, bool]]) -> tuple[bool, bool]:
    """What to ask for so that every publisher can serve it: DDS matches no request above the offer.

    Args:
        reliable: whether every message is wanted, not the newest.
        durable: whether the last message from before is wanted.
        offers: the same two of each publisher.
    """
    offers = list(offers)
    return reliable and all(offer[0] for offer in offers), durable and all(offer[1] for offer in offers)


def message_class(msgtype: str) -> Any:
    """The class of "package/msg/Name".

    Raises:
        ModuleNotFoundError, AttributeError: it is not installed.
    """
    package, _, name = msgtype.split("/")
    return getattr(importlib.import_module(f"{package}.msg"), name)


def _never(_: Any) -> None:
    raise RuntimeError("an executor took a message that is taken by hand")
