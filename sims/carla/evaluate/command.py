"""`landward drive-eval`."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from landward.errors import LandwardError
from landward.runs import find_policy
from sims.carla.evaluate.drivers import Candidate
from sims.carla.evaluate.protocol import Evaluation, evaluate
from sims.carla.evaluate.report import print_summary, write_report
from sims.carla.evaluate.settings import DEFAULT_TASK, Settings


@dataclass
class DriveEval:
    """Evaluate driving with the CARLA leaderboard's scores: policies side by side, a report and a film.

    Everybody drives the same routes with the same traffic. Writes drive_evaluation.json, drive_report.html
    and a film of the first route. Exit status 0 where every policy reaches its share of the expert's driving
    score (or the expert does not drive), 1 where one does not.

    Examples:
        landward drive-eval runs/carla-route/2026-11-23_14-05-09_seed1 expert autopilot
        landward drive-eval expert --town Town01 --server localhost:2000
        landward drive-eval ws://localhost:8000 expert --episodes 20 --traffic 40 --json
    """

    policies: tyro.conf.Positional[tuple[str, ...]]
    """Run folders, exported files, ws://HOST:PORT of policy servers, expert, autopilot."""
    task: str | None = None
    """Driving task whose settings are the beginning; default: that of the first policy, else carla-route."""
    town: str = ""
    """Name of a map, or path of an OpenDRIVE file; default: the task's."""
    routes: Literal["heldout", "train"] = "heldout"
    """Which set of routes."""
    episodes: int = 10
    """How many of them, at most."""
    repetitions: int = 1
    """How often each is driven, each time with other traffic."""
    traffic: int | None = None
    """Other cars; default: the task's."""
    walkers: int | None = None
    """Pedestrians; default: the task's."""
    server: str = ""
    """HOST:PORT of a CARLA server; default: an embedded one is started."""
    target: float = 0.8
    """Least share of the expert's driving score."""
    seed: int = 100
    """Of traffic and pedestrians."""
    video: bool = True
    """Film the first route."""
    json: bool = False
    """Print drive_evaluation.json instead of the table."""
    out: Path | None = None
    """Where the results go; default: drive_report/ in the first policy's folder, or ./drive_report."""

    def run(self) -> int:
        """Evaluate, write, print."""
        names = self.policies
        settings = Settings(
            task=self.task or default_task(names),
            town=self.town,
            routes=self.routes,
            episodes=self.episodes,
            repetitions=self.repetitions,
            traffic=self.traffic,
            walkers=self.walkers,
            server=self.server,
            seed=self.seed,
            video=self.video,
        )
        folder = self.out or default_folder(names)
        evaluation = evaluate_with_progress(names, settings, folder, self.target)
        page = write_report(evaluation, folder)
        if self.json:
            print(evaluation.to_json())
        else:
            from rich.console import Console

            console = Console()
            print_summary(evaluation, console)
            console.print(f"report: {page}", soft_wrap=True)
        return 0 if evaluation.passed else 1


def default_task(names: tuple[str, ...]) -> str:
    """The task that the first exported policy was trained for.

    Raises:
        RunError: there is no such file.
        PolicyFileError: it is no policy.
    """
    from landward.policy_file import read_policy_file

    for candidate in map(Candidate, names):
        if candidate.is_policy and not candidate.is_remote:
            return read_policy_file(find_policy(candidate.name)).spec.task
    return DEFAULT_TASK


def default_folder(names: tuple[str, ...]) -> Path:
    """Beside the first exported policy, or here."""
    for candidate in map(Candidate, names):
        if candidate.is_policy and not candidate.is_remote:
            return find_policy(candidate.name).parent / "drive_report"
    return Path("drive_report")


def evaluate_with_progress(
    names: tuple[str, ...], settings: Settings, folder: Path, target: float
) -> Evaluation:
    """`evaluate` with a bar for each policy on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    if not names:
        raise LandwardError(
            "nobody to evaluate: name run folders, files, ws://HOST:PORT, expert or autopilot"
        )
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bars, known = Progress(*columns, console=Console(file=sys.stderr)), {}

    def show(who: str, done: float, total: int) -> None:
        if who not in known:
            known[who] = bars.add_task(who, total=total)
        bars.update(known[who], completed=round(done, 2))

    with bars:
        return evaluate(names, settings, folder, target, show)
