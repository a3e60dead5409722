"""`landward record`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from landward_tools.arguments import ros_arguments


@dataclass
class Record:
    """Record everything that a robot and its policy say to each other, as an MCAP rosbag2.

    Ends at Ctrl-C, or after --seconds. The folder gets its name only when the recording is whole; until then,
    and for good after a kill, it is called NAME.part, and --recover saves what is whole in it.

    Examples:
        landward record --out recordings/first_walk
        landward record --namespace left --seconds 60
        landward record --recover recordings/first_walk.part
    """

    out: Path | None = None
    """Folder to make; default: recordings/TIME."""
    namespace: str = ""
    """Of the robot, such as "left"."""
    seconds: float = 0.0
    """End after this long [s of ROS time]; 0: at Ctrl-C."""
    topics: tuple[str, ...] = ()
    """Topics to record; default: all of Landward's."""
    robot: str = ""
    """For landward.json; default: the policy's."""
    policy: Path | None = None
    """Policy file or run folder, whose hash landward.json notes."""
    seed: int = 0
    """For landward.json."""
    sim_time: bool = False
    """Times are of /clock: the twin runs faster or slower than real time."""
    recover: Path | None = None
    """Save what is whole in this cut-off recording, and record nothing."""

    def run(self) -> int:
        """Record until it is ended."""
        if self.recover is not None:
            from landward_tools.recovery import recover

            path, count = recover(self.recover)
            print(f"{path}: {count} messages; {path}.part can be deleted")
            return 0
        from landward_tools.record import main

        parameters = {
            "out": str(self.out) if self.out else None,
            "seconds": self.seconds,
            "topics": list(self.topics) or None,
            "robot": self.robot or None,
            "policy": str(self.policy) if self.policy else None,
            "seed": self.seed,
            "use_sim_time": self.sim_time,
        }
        return main(["landward record", *ros_arguments(parameters, self.namespace)])
