"""The simulated twin alone: a robot to try one's own nodes on.

ros2 launch launch/twin.launch.py robot:=go1 namespace:=left
"""

import sys
from pathlib import Path

# In a checkout the packages need not be installed; beside an installed launch file there are none.
_CHECKOUT = Path(__file__).resolve().parent.parent
if _PACKAGES := sorted(_CHECKOUT.glob("ros2_ws/src/*")):
    sys.path[:0] = [str(path) for path in (_CHECKOUT, *_PACKAGES)]

from landward_bringup.launching import TWIN, launch_description, twin_processes  # noqa: E402


def generate_launch_description():  # noqa: ANN201
    """What ROS's launch calls."""
    return launch_description(TWIN, twin_processes)
