"""The robot that runs now, in the Rerun viewer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import JointState

from landward_ros import convert, names, qos
from landward_ros.ticker import steady_timer
from landward_tools.scene import STATUSES, Scene

FLUSH = 0.2
"""[s] Between two batches to the viewer."""
LEAST = 0.019
"""[s] Samples of a topic that come faster are left out: a screen shows no more."""


class Live(Node):
    """Collects samples and draws them in batches.

    Args:
        output: an .rrd file to write, or None to open the viewer.
        make: makes the scene from joint names and the output.
    """

    def __init__(
        self, output: Path | None, make: Callable[[Sequence[str], Path | None], Any] = Scene
    ) -> None:
        super().__init__("viewer")
        self._output, self._make = output, make
        self._scene: Any = None
        self._order: convert.JointOrder | None = None
        self._rows: dict[str, list[tuple[float, Any]]] = {}
        self._start: int | None = None
        self._subscribe()
        self._timer = steady_timer(self, FLUSH, self._flush)

    def close(self) -> None:
        """Draw what is left."""
        self._flush()

    def _subscribe(self) -> None:
        create = self.create_subscription
        create(JointState, names.JOINT_STATES, self._on_joints, qos.SENSOR)
        create(JointState, names.ROBOT_COMMAND, self._on_command, qos.COMMAND)
        create(
            TwistStamped, names.CMD_VEL, lambda m: self._add("commanded", convert.read_twist(m)), qos.COMMAND
        )
        create(Odometry, names.ODOM, self._on_odom, qos.SENSOR)
        for who, topic in STATUSES.items():
            create(DiagnosticStatus, topic, self._on_status(who), qos.LATCHED)

    def _on_joints(self, message: JointState) -> None:
        # The first message tells which joints there are; until then there is nothing to lay out.
        self._order = self._order or convert.JointOrder(tuple(message.name))
        sample = self._order.read(message)
        self._add("joints", (sample.position, sample.velocity, sample.effort))

    def _on_command(self, message: JointState) -> None:
        if self._order is not None:
            command = convert.read_command(self._order, message)
            if command.position is not None:
                self._add("target", command.position)

    def _on_odom(self, message: Odometry) -> None:
        twist, pose = message.twist.twist, message.pose.pose
        p, q = pose.position, pose.orientation
        self._add("measured", (twist.linear.x, twist.linear.y, twist.angular.z))
        self._add("pose", (p.x, p.y, p.z, q.w, q.x, q.y, q.z))

    def _on_status(self, who: str) -> Callable[[DiagnosticStatus], None]:
        def add(message: DiagnosticStatus) -> None:
            self._add(who, (message.message, ord(message.level)), least=0.0)

        return add

    def _add(self, what: str, value: Any, least: float = LEAST) -> None:
        now = self.get_clock().now().nanoseconds
        self._start = now if self._start is None else self._start
        rows = self._rows.setdefault(what, [])
        seconds = (now - self._start) / 1e9
        if not rows or seconds - rows[-1][0] >= least:
            rows.append((seconds, value))

    def _flush(self) -> None:
        if self._order is None:
            return
        joints = self._order.names
        self._scene = self._scene or self._make(joints, self._output)
        batch, self._rows = self._rows, {}
        for what, rows in batch.items():
            seconds = np.array([row[0] for row in rows])
            values = [row[1] for row in rows]
            if what in STATUSES:
                self._scene.states(what, seconds, [v[0] for v in values], [v[1] for v in values])
            elif what == "joints":
                stacked = np.array(values)
                for place, quantity in enumerate(("position", "velocity", "effort")):
                    self._scene.joints(joints, quantity, seconds, stacked[:, place])
            elif what == "target":
                self._scene.joints(joints, what, seconds, np.array(values))
            elif what == "pose":
                self._scene.pose(seconds, np.array(values))
            else:
                self._scene.velocity(what, seconds, np.array(values))
