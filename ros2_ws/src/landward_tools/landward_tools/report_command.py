"""`landward report`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass
class Report:
    """Say how well a recorded robot walked: tracking, deadlines, latency, faults, clamps.

    Examples:
        landward report recordings/first_walk
        landward report recordings/first_walk --plot walk.svg --json
    """

    bag: tyro.conf.Positional[Path]
    """The folder that `landward record` wrote."""
    namespace: str = ""
    """Of the robot in it."""
    plot: Path | None = None
    """Draw velocities, states and latencies into this picture (.svg, .png, .pdf)."""
    json: bool = False
    """Print one JSON object; what the recording does not tell is null."""

    def run(self) -> int:
        """Print it."""
        from landward_tools import report

        summary = report.summarise(self.bag, self.namespace)
        print(json.dumps(report.to_json(summary), indent=2) if self.json else report.to_text(summary))
        if self.plot is not None:
            report.plot(self.bag, self.plot, self.namespace)
        return 0
