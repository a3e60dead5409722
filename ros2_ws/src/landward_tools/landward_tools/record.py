"""`python -m landward_tools.record --ros-args -p out:=FOLDER`: the recorder as a process."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from landward_ros.process import run_node

USAGE = """usage: python -m landward_tools.record [--ros-args -p NAME:=VALUE ... -r __ns:=/NAMESPACE]

Records the topics of one robot into a rosbag2 folder with an MCAP file, until SIGINT or SIGTERM.

parameters:
  out      folder to make; recordings/TIME where it is left out
  seconds  end by itself after this long [s of ROS time]; 0: not
  topics   list of topics; all of Landward's where it is left out
  robot, policy, seed
           for landward.json, which says where the recording came from
"""


def main(args: Sequence[str] | None = None) -> int:
    """Run the node; 0 after a finished recording."""

    def make() -> object:
        from landward_tools.recorder import Recorder

        return Recorder()

    return run_node(make, args, USAGE)


if __name__ == "__main__":
    sys.exit(main())
