"""The point mass as a package outside this repository brings it, for processes that tests start."""

from sims.registry import TaskEntry, register_task
from tests.agents.cli.pointmass import PointMassCfg, make

register_task(
    TaskEntry(
        "point-mass", "A tiny task", lambda play: PointMassCfg(), make, "tests.agents.builders:tiny_config"
    )
)
