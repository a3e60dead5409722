"""`landward demo`."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

TASK = "go1-flat"


@dataclass
class Demo:
    """Train Go1 to walk, export the policy, evaluate the exported file, write a report with a film.

    Takes about twelve minutes on two CPU cores. The evaluation runs the exported file under physics that it
    was not trained on. Exit status 0 where every target is met, 1 where one is missed.

    Examples:
        landward demo
        landward demo --seed 2 --no-video
    """

    seed: int = 1
    """Of environment, networks and exploration."""
    root: Path = Path("runs")
    """Folder of all runs."""
    video: bool = True
    """Film a scripted walk."""

    def run(self) -> int:
        """Train, export, evaluate, report."""
        from rich.console import Console

        from agents.cli.train import TaskSettings, finish
        from agents.on_policy.train import start
        from agents.recipes import agent_config
        from landward.runs import find_policy
        from sims.evaluate.command import evaluate_with_progress, write_results
        from sims.evaluate.protocol import Settings
        from sims.evaluate.report import print_summary

        console, began = Console(), time.monotonic()
        config = agent_config(TASK)
        config.seed = self.seed
        runner = start(TASK, config, TaskSettings.num_envs, self.root)
        folder = runner.folder.path
        console.print(f"1/3 training {TASK} with PPO and constraints as terminations: {folder}")
        status = finish(runner, with_export=True)
        if status:
            return status
        trained = time.monotonic()
        console.print(
            "2/3 evaluating policy.onnx: 2 ms physics with elliptic cones, then the robustness matrix"
        )
        evaluation = evaluate_with_progress(find_policy(folder), TASK, Settings(video=self.video))
        page = write_results(evaluation, folder / "report")
        console.print("3/3 the result")
        print_summary(evaluation, console)
        done = time.monotonic()
        console.print(
            f"training {(trained - began) / 60:.1f} min, evaluation {(done - trained) / 60:.1f} min"
        )
        console.print(f"report: {page}")
        console.print(f"drive it yourself: landward play {folder}")
        return 0 if evaluation.passed else 1
