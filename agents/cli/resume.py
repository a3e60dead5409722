"""`landward resume`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from agents.cli.train import finish


@dataclass
class Resume:
    """Go on with a training run from its newest checkpoint.

    The result is bit by bit that of a run that was never interrupted. A checkpoint that a crash cut short is
    passed over with a warning.

    Examples:
        landward resume runs/go1-flat/2026-11-23_14-05-09_seed1
        landward resume runs/go1-flat/2026-11-23_14-05-09_seed1 --no-export
    """

    run_folder: tyro.conf.Positional[Path]
    """The run's folder."""
    export: bool = True
    """Export the policy to policy.onnx at the end."""

    def run(self) -> int:
        """Train to the end of the run."""
        from agents.on_policy.train import resume  # torch: not for --help

        runner = resume(self.run_folder)
        print(f"resumed after iteration {runner.current_learning_iteration}")
        return finish(runner, self.export)
