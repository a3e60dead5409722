"""`landward export`."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path

import tyro


@dataclass
class Export:
    """Export a run's policy to one ONNX file that carries its contract.

    Writes policy.onnx and policy.pt (TorchScript) into the run's folder, after comparing both with the
    trained policy in its simulator, resets included. Inputs and outputs of the file are named SI quantities.

    Examples:
        landward export runs/go1-flat/2026-11-23_14-05-09_seed1
        landward export runs/go1-flat/2026-11-23_14-05-09_seed1 --json
    """

    run_folder: tyro.conf.Positional[Path]
    """The run's folder."""
    checkpoint: Path | None = None
    """A checkpoint of the run; the newest one when left out."""
    json: bool = False
    """Print the report as JSON."""

    def run(self) -> int:
        """Export and print what was written."""
        from agents.on_policy.train import describe, export  # torch: not for --help

        report = export(self.run_folder, self.checkpoint)
        if self.json:
            print(json.dumps({**dataclasses.asdict(report), "path": str(report.path)}))
        else:
            print(f"exported {describe(report)}")
        return 0
