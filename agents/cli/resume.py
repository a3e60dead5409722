"""`landward resume`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import tyro

from agents.cli.train import finish
from landward.runs import RunFolder


@dataclass
class Resume:
    """Go on with a training run from its newest checkpoint.

    The result is bit by bit that of a run that was never interrupted. A checkpoint that a crash cut short is
    passed over with a warning. On another number of GPUs than before, networks, optimisers and schedules go
    on and new episodes begin.

    Examples:
        landward resume runs/go1-flat/2026-11-23_14-05-09_seed1
        landward resume runs/go1-flat/2026-11-23_14-05-09_seed1 --gpus 2 --no-export
    """

    run_folder: tyro.conf.Positional[Path]
    """The run's folder."""
    gpus: int = 0
    """GPUs that go on together; 0: as many as before."""
    export: bool = True
    """Export the policy to policy.onnx at the end."""

    def run(self) -> int:
        """Train to the end of the run."""
        from agents.on_policy.train import device_of, resume  # torch: not for --help

        gpus = self.gpus or RunFolder.open(self.run_folder).config.get("gpus", 1)
        if gpus != 1:
            from agents.cli.ranks import launch

            job = {"run": str(self.run_folder), "export": self.export}
            return launch(job, gpus, device_of(self.run_folder))
        runner = resume(self.run_folder)
        print(f"resumed after iteration {runner.current_learning_iteration}")
        return finish(runner, self.export)
