"""How Fast DDS carries messages: over UDP, not over shared memory.

A process that is killed while it writes to shared memory holds up those it talked to, the safety monitor
among them, for one second: the fault campaign found it. UDP does not, and is as fast for the messages of a
robot's joints (benchmarks/deploy_latency.py). Large images are what shared memory is for.

On loopback, where many systems do not route multicast, discovery must not hang on it alone: the profile names
the ports of this computer's participants too, as rmw_fastrtps does where shared memory is on.
"""

from __future__ import annotations

import os
from collections.abc import MutableMapping
from pathlib import Path

TRANSPORTS, PROFILES = "FASTDDS_BUILTIN_TRANSPORTS", "FASTDDS_DEFAULT_PROFILES_FILE"
"""Fast DDS's environment variables; whoever sets one of them decides."""
RANGE, LOCAL = "ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST"
LOOPBACK = Path(__file__).with_name("loopback.xml")
"""Profile of participants that are heard on this computer alone."""


def choose_udp(environment: MutableMapping[str, str] = os.environ) -> None:
    """Let participants of this process talk over UDP alone; before rclpy.init.

    For LOCALHOST, rmw_fastrtps makes its transports itself, shared memory among them, whatever the variables
    say. A profile that is bound to the loopback interface keeps what LOCALHOST promises without it.

    Args:
        environment: of this process.
    """
    if environment.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp") != "rmw_fastrtps_cpp":
        return
    if {TRANSPORTS, PROFILES} & set(environment):
        return
    if environment.get(RANGE) == LOCAL:
        environment[PROFILES], environment[RANGE] = str(LOOPBACK), "SUBNET"
    else:
        environment[TRANSPORTS] = "UDPv4"
