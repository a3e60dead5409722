"""A policy, its safety monitor, and the robot or its simulated twin.

    ros2 launch launch/deploy.launch.py robot:=go1 policy:=runs/go1-flat/2026-11-23_14-05-09_seed1

It works from a checkout, and after a colcon build as `ros2 launch landward_bringup deploy.launch.py`. Its
arguments are listed by --show-args. `landward deploy` starts the same processes without ROS's launch.
"""

import sys
from pathlib import Path

# In a checkout the packages need not be installed; beside an installed launch file there are none.
_CHECKOUT = Path(__file__).resolve().parent.parent
if _PACKAGES := sorted(_CHECKOUT.glob("ros2_ws/src/*")):
    sys.path[:0] = [str(path) for path in (_CHECKOUT, *_PACKAGES)]

from landward_bringup.launching import DEPLOY, deploy_processes, launch_description  # noqa: E402


def generate_launch_description():  # noqa: ANN201
    """What ROS's launch calls."""
    return launch_description(DEPLOY, deploy_processes)
