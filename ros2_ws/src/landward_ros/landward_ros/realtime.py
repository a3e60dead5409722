"""Real-time scheduling: robot, monitor and policy run before whatever else the computer does.

An ordinary process waits for its turn, on a busy computer for longer than a sensor may be silent. ROS 2's
controller manager asks for SCHED_FIFO with priority 50 for the same reason (ros2_control, "Determinism").
"""

from __future__ import annotations

import os

VARIABLE = "LANDWARD_REALTIME"
"""Environment variable; "1" asks for real-time scheduling of the nodes below."""
MONITOR, ROBOT, POLICY = 60, 55, 50
"""Priorities: whoever keeps the robot safe goes first."""


def request(priority: int) -> str:
    """Schedule this process in real time, where the environment asks for it; before it starts any thread.

    Args:
        priority: of SCHED_FIFO, 1 to 99; 0 leaves the process as it is.

    Returns:
        Why the kernel refused, with the remedy; empty where it did not, or nobody asked.
    """
    if not priority or os.environ.get(VARIABLE) != "1":
        return ""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(priority))
    except OSError as error:
        return (
            f"no real-time scheduling ({error.strerror}): other work on this computer can delay this node; "
            f"allow it with 'USER - rtprio {MONITOR}' in /etc/security/limits.conf, or unset {VARIABLE}"
        )
    return ""
