"""The node that records: all our topics of a namespace, as they come."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from rclpy.clock import ClockType
from rclpy.executors import ExternalShutdownException
from rclpy.node import Node
from rclpy.time import Time

from landward.policy_file import read_policy_file
from landward.provenance import collect, package_versions
from landward.runs import find_policy
from landward_ros import diagnostics, names
from landward_ros.ticker import uses_sim_time
from landward_tools.bag import BagError, full_topic
from landward_tools.intake import TOPICS, ByHand, Intake, ReceiveClock
from landward_tools.recording import Recording

POLL = 0.02
"""[s] Between two looks at the topics."""
LOOK_AROUND = 0.5
"""[s] Between two looks at who publishes what, and at the disk."""
FOLDER = "recordings"
"""Where a recording without a name goes."""
_PACKAGES = ("ros-rclpy", "rclpy", "ros-rmw-fastrtps-cpp", "rosbags")


class Recorder(Node):
    """Writes a recording until it is closed.

    Parameters: out (folder to make; recordings/TIME where empty), seconds (ROS time; 0: until it is ended),
    topics (names; all of ours where empty), robot, policy (a file or a run folder) and seed, which only
    landward.json tells.

    Raises:
        BagError: the folder exists already or cannot be made.
        LandwardError: the policy cannot be read.
    """

    def __init__(self) -> None:
        self._group = ByHand()
        super().__init__(names.RECORDER_NODE)
        # Whatever fails below, rclpy destroys the node.
        self._recording: Any = None
        out = str(self.declare_parameter("out", "").value)
        self._seconds = float(self.declare_parameter("seconds", 0.0).value or 0.0)
        wanted = [topic for topic in self.declare_parameter("topics", [""]).value or [] if topic]
        self._intakes: dict[tuple[str, str], Intake] = {}
        self._connections: dict[tuple[str, str], Any] = {}
        self._clock_source = ReceiveClock(uses_sim_time(self))
        self._held: list[tuple[int, Intake, bytes]] = []
        self._refused: set[tuple[str, str]] = set()
        facts = self._facts()
        self._recording = Recording(Path(out) if out else default_path(), facts)
        self._reporter = diagnostics.Reporter(self, "recorder", facts["robot"])
        self._begin = self.get_clock().now().nanoseconds
        self._look_at = 0.0
        self._topics = [full_topic(name, self.get_namespace()) for name in wanted or TOPICS]
        for name, (msgtype, profile) in TOPICS.items():
            topic = full_topic(name, self.get_namespace())
            # A clock is needed even where it is not recorded.
            if topic in self._topics or name == names.CLOCK:
                reliable, durable = _asks(profile)
                self._subscribe(topic, msgtype, reliable, durable)
        self.get_logger().info(f"recording to {self._recording.path}")

    def create_subscription(self, msg_type: Any, topic: str, *args: Any, **options: Any) -> Any:
        """Subscribe; rclpy's own subscription of /clock is not executed either.

        A thousand readings a second would cost more than all else. The clock is set where they are taken.
        """
        if topic == names.CLOCK:
            options["callback_group"] = self._group
        return super().create_subscription(msg_type, topic, *args, **options)

    def step(self) -> float:
        """Take and write what came.

        Returns:
            How long it may sleep [s].

        Raises:
            BagError: the disk is full.
            ExternalShutdownException: the time is over.
        """
        self._take()
        if time.monotonic() >= self._look_at:
            self._look_at = time.monotonic() + LOOK_AROUND
            self._discover()
            self._recording.check_space(self._counts())
            self._report()
        if self._seconds and self._elapsed() >= self._seconds:
            # Ends the main loop as a shutdown from outside does, but with a context that still publishes.
            raise ExternalShutdownException
        return POLL

    def close(self) -> None:
        """Finish the recording. Safe to call twice."""
        if self._recording is None or self._recording.finished:
            return
        self._take()
        path = self._recording.finish(self._counts())
        self.get_logger().info(
            f"recorded {self._recording.count} messages of {len(self._connections)} topics to {path}"
        )

    def destroy_node(self) -> None:
        """Finish the recording whatever ended the node, then destroy it."""
        try:
            self.close()
        finally:
            super().destroy_node()

    @property
    def lost(self) -> dict[str, int]:
        """Topic -> messages that were sent and never came, where there are any."""
        return {intake.topic: intake.lost for intake in self._intakes.values() if intake.lost}

    def _take(self) -> None:
        clock = self._intakes[names.CLOCK, TOPICS[names.CLOCK][0]]
        ticks = clock.take()
        self._clock_source.read(ticks)
        if ticks and self._clock_source.simulated:
            now = Time(nanoseconds=self._clock_source.at(ticks[-1].time), clock_type=ClockType.ROS_TIME)
            self.get_clock().set_ros_time_override(now)
        batch = self._held + [(taken.time, clock, taken.data) for taken in ticks]
        for intake in self._intakes.values():
            if intake is not clock:
                batch += [(taken.time, intake, taken.data) for taken in intake.take()]
        if not self._clock_source.ready:
            self._held = batch
            return
        self._held = []
        for received, intake, data in sorted(batch, key=lambda item: item[0]):
            if intake.topic in self._topics:
                self._recording.write(self._connection(intake), self._clock_source.at(received), data)

    def _connection(self, intake: Intake) -> Any:
        """Topics enter the recording with their first message, so that none is empty."""
        key = intake.topic, intake.msgtype
        if key not in self._connections:
            self._connections[key] = self._recording.add(*key, intake.qos)
        return self._connections[key]

    def _discover(self) -> None:
        """Subscribe to what is published otherwise than expected: another type, a weaker service."""
        for topic, types in self.get_topic_names_and_types():
            for msgtype in types if topic in self._topics else ():
                intake = self._intakes.get((topic, msgtype))
                if intake is None:
                    self._subscribe(topic, msgtype, True, True)
                    intake = self._intakes.get((topic, msgtype))
                if intake and intake.adapted() != (intake.reliable, intake.durable):
                    intake.close()
                    self._subscribe(topic, msgtype, *intake.adapted())

    def _subscribe(self, topic: str, msgtype: str, reliable: bool, durable: bool) -> None:
        key = topic, msgtype
        if key in self._refused:
            return
        try:
            self._recording.check_type(topic, msgtype)
            self._intakes[key] = Intake(self, self._group, topic, msgtype, reliable, durable)
        except (ModuleNotFoundError, AttributeError, BagError) as error:
            self._refused.add(key)
            self.get_logger().warning(f"{topic} ({msgtype}) is not recorded: {error}")

    def _counts(self) -> dict[str, Any]:
        return {"messages": self._recording.count, "lost": self.lost}

    def _elapsed(self) -> float:
        """ROS time since the beginning [s]; 0 before simulated time has begun."""
        begin = self._clock_source.began if self._clock_source.simulated else self._begin
        return 0.0 if begin is None else (self.get_clock().now().nanoseconds - begin) / 1e9

    def _report(self) -> None:
        lost = sum(self.lost.values())
        level = diagnostics.WARN if lost else diagnostics.OK
        values = {"path": str(self._recording.path), "messages": str(self._recording.count)}
        values |= {f"lost.{topic}": str(count) for topic, count in self.lost.items()}
        self._reporter.set(level, "recording, messages were lost" if lost else "recording", values)

    def _facts(self) -> dict[str, Any]:
        policy = str(self.declare_parameter("policy", "").value)
        seed = int(self.declare_parameter("seed", 0).value or 0)
        robot = str(self.declare_parameter("robot", "").value)
        facts: dict[str, Any] = {"robot": robot, "namespace": self.get_namespace().strip("/")}
        if policy:
            file = read_policy_file(find_policy(policy))
            facts["robot"] = robot or file.spec.robot
            facts |= {"policy": policy, "policy_hash": file.graph_hash, "spec_hash": file.spec.hash}
            facts["spec"] = json.loads(file.spec.to_json())
        return collect(seed, {**facts, "ros": package_versions(_PACKAGES)})


def default_path(now: datetime | None = None) -> Path:
    """recordings/TIME."""
    return Path(FOLDER) / f"{now or datetime.now():%Y-%m-%d_%H-%M-%S}"


def _asks(profile: Any) -> tuple[bool, bool]:
    from rclpy.qos import DurabilityPolicy, ReliabilityPolicy

    return (
        profile.reliability == ReliabilityPolicy.RELIABLE,
        profile.durability == DurabilityPolicy.TRANSIENT_LOCAL,
    )
