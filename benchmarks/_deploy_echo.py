"""The echo that benchmarks/deploy_latency.py compares with: sends every message back. Not a benchmark."""

# pyright: reportMissingImports=false

from __future__ import annotations

import sys

from rclpy.node import Node
from sensor_msgs.msg import JointState

from landward_ros import qos, realtime
from landward_ros.process import run_node

REQUEST, REPLY = "echo/request", "echo/reply"


class Echo(Node):
    """One subscription, one publisher, nothing between."""

    def __init__(self) -> None:
        super().__init__("echo")
        reply = self.create_publisher(JointState, REPLY, qos.COMMAND)
        self.create_subscription(JointState, REQUEST, reply.publish, qos.SENSOR)


if __name__ == "__main__":
    # As the nodes that it is compared with.
    sys.exit(run_node(Echo, priority=realtime.POLICY))
