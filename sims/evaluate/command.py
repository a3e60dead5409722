"""`landward eval`."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import tyro

from landward.errors import LandwardError
from landward.runs import find_policy
from sims.evaluate.matrix import AXES
from sims.evaluate.protocol import Evaluation, Settings, evaluate
from sims.evaluate.report import print_summary, write_report
from sims.evaluate.video import write_video


@dataclass
class Axes:
    """Levels of the robustness matrix; every combination is run."""

    friction: tuple[float, ...] = AXES["friction"]
    """Sliding friction of the feet."""
    payload: tuple[float, ...] = AXES["payload"]
    """Mass on the base [kg]."""
    latency: tuple[float, ...] = AXES["latency"]
    """Delay from command to torque [s]."""
    push: tuple[float, ...] = AXES["push"]
    """Velocity kick every 3 s [m/s]."""
    strength: tuple[float, ...] = AXES["strength"]
    """Factor on gains and torque limits."""


@dataclass
class Eval:
    """Evaluate an exported policy: tracking, falls, gait, violations, robustness; with a report and a film.

    The policy runs through the exported file, on measurements in and targets out, as on the robot. Writes
    evaluation.json, report.html and tour.mp4. Exit status 0 where every target of the task is met, 1 where
    one is missed.

    Examples:
        landward eval runs/go1-flat/2026-11-23_14-05-09_seed1
        landward eval policy.onnx --episodes 16 --no-matrix --no-video --json
        landward eval policy.onnx --engine warp --device cuda:0
    """

    policy: tyro.conf.Positional[Path]
    """A run folder with policy.onnx in it (`landward export RUN` writes it), or an exported policy.onnx."""
    task: str | None = None
    """Task to run it in; default: the one that it was trained for."""
    episodes: int = 64
    """Episodes of the walking and of the standing test."""
    seconds: float = 10.0
    """Length of an episode [s]; its first 2 s are left out of tracking, gait and standing figures."""
    physics: Literal["fine", "training"] = "fine"
    """Simulation whose figures count. fine: 2 ms steps, elliptic cones, 50 iterations, never trained in."""
    matrix: bool = True
    """Run the robustness matrix."""
    cell_episodes: int = 16
    """Episodes in each cell of the matrix."""
    axes: Axes = field(default_factory=Axes)
    """Levels of the matrix."""
    engine: str | None = None
    """Engine of the physics: mujoco, warp, isaaclab-newton or isaaclab-physx; default: that of the task."""
    device: str | None = None
    """Where the engine computes: cpu, cuda or cuda:N; default: the task's."""
    seed: int = 100
    """Of commands, noise and pushes."""
    video: bool = True
    """Film a scripted walk."""
    json: bool = False
    """Print evaluation.json instead of the table."""
    out: Path | None = None
    """Where the results go; default: report/ in the run folder, or beside the policy file."""

    def run(self) -> int:
        """Evaluate, write, print."""
        file = find_policy(self.policy)
        folder = self.out or file.parent / "report"
        settings = Settings(
            episodes=self.episodes,
            seconds=self.seconds,
            physics=self.physics,
            matrix=self.matrix,
            axes=vars(self.axes),
            episodes_per_cell=self.cell_episodes,
            seed=self.seed,
            video=self.video,
            engine=self.engine,
            device=self.device,
        )
        evaluation = evaluate_with_progress(file, self.task, settings)
        page = write_results(evaluation, folder)
        if self.json:
            print(evaluation.to_json())
            return 0 if evaluation.passed else 1
        from rich.console import Console

        console = Console()
        print_summary(evaluation, console)
        console.print(f"report: {page}", soft_wrap=True)
        return 0 if evaluation.passed else 1


def evaluate_with_progress(file: Path, task: str | None, settings: Settings, **options: Any) -> Evaluation:
    """`evaluate` with a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bars, known = Progress(*columns, console=Console(file=sys.stderr)), {}

    def show(what: str, done: int, total: int) -> None:
        if not known:
            bars.start()
        if what not in known:
            known[what] = bars.add_task(what, total=total)
        bars.update(known[what], completed=done)

    try:
        return evaluate(file, task, settings, show, **options)
    finally:
        if known:  # bars that never began would end in an empty line
            bars.stop()


def write_results(evaluation: Evaluation, folder: Path) -> Path:
    """Write film, JSON and report; a film that cannot be written is a warning in the report."""
    film = None
    if evaluation.evidence.tour.frames:
        try:
            film = write_video(evaluation.evidence.tour, folder / "tour.mp4")
        except LandwardError as error:
            evaluation.warnings.append(f"no film: {error}")
    return write_report(evaluation, folder, film)
