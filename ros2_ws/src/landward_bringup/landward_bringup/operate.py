"""Node `operator`: makes a policy stand, walk and rest, as a person would with service calls and a joystick.

Run it by `python -m landward_bringup.operate` or `ros2 run landward_bringup operate`.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from landward_ros.process import run_node

if TYPE_CHECKING:
    from landward_bringup.operator_node import Operator

USAGE = """usage: operate [--ros-args -p NAME:=VALUE ...]

Configures and activates the policy node, lets the robot stand, walks it for a while, ends with passive.
Exit status 0 where it walked all the time, 1 where anything refused or stopped it.

parameters:
  seconds  how long it walks [s of ROS time]; 60.0; 0: until it is stopped
  command  [vx, vy, wz], constant [m/s, m/s, rad/s]; left out: drawn at random, as `landward eval` does
  seed     of the drawn commands; 100, with which they are the first ones of `landward eval`
  hold     how long each drawn command holds [s]; 10.0
  walk     false: stand only, for as long
  drives   false: only configure and activate; a teleoperation does the rest
"""


def main() -> int:
    """Run the node."""
    return run_node(_make, usage=USAGE)


def _make() -> Operator:
    from landward_bringup.operator_node import Operator

    return Operator()


if __name__ == "__main__":
    sys.exit(main())
