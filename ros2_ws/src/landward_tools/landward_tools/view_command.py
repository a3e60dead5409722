"""`landward view`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro

from landward.errors import LandwardError, require
from landward_tools.arguments import ros_arguments


@dataclass
class View:
    """Look at a recording, or at the robot that runs now, in the Rerun viewer.

    Shows the body's pose and path, the joints with their targets, commanded and measured velocity, and the
    states of policy and safety monitor, on one timeline.

    Examples:
        landward view recordings/first_walk
        landward view recordings/first_walk --save walk.rrd
        landward view --live --namespace left
    """

    bag: tyro.conf.Positional[Path | None] = None
    """The folder that `landward record` wrote."""
    live: bool = False
    """Show the robot that runs now."""
    save: Path | None = None
    """Write an .rrd file, which `rerun FILE` opens on any machine, instead of opening the viewer."""
    namespace: str = ""
    """Of the robot."""
    sim_time: bool = False
    """With --live: times are of /clock."""

    def run(self) -> int:
        """Show it; live until Ctrl-C."""
        require("rerun", "view", "the viewer is Rerun")
        if self.live == (self.bag is not None):
            raise LandwardError("name a recording, or give --live to see the robot that runs now")
        if self.bag is not None:
            from landward_tools.bag import Bag
            from landward_tools.scene import show

            show(Bag(self.bag, self.namespace), self.save)
            return 0
        from landward_ros.process import run_node

        def make() -> Any:
            from landward_tools.view_live import Live

            return Live(self.save)

        return run_node(
            make, ["landward view", *ros_arguments({"use_sim_time": self.sim_time}, self.namespace)]
        )
