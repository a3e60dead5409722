"""`landward sim2sim`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from landward.errors import SimulationError
from landward.policy_file import read_policy_file
from landward.runs import find_policy
from robots import get_robot
from sims.sim2sim.compare import compare
from sims.sim2sim.plan import Plan, check_length, draw_episodes, parse_variants, play_configuration
from sims.sim2sim.report import print_comparison, write_report
from sims.sim2sim.run import installed, run_engines
from sims.workers import Watch


@dataclass
class Sim2Sim:
    """Walk one policy in several engines from the same states and say what differs, and what differs first.

    Commands and start states are drawn once; physics is nominal, sensors are without noise. Every engine runs
    in a process of its own, in the environment that has it. NAME@fine is an engine with the fine physics of
    `landward eval`, NAME@explicit one whose drives compute their torque once a physics step. Writes
    sim2sim.json and sim2sim.html. Exit status 0 where every engine ran and all agree on the start states, 1
    otherwise.

    Examples:
        landward sim2sim --policy runs/go1-flat/2026-11-23_14-05-09_seed1 --engines mujoco,mujoco@fine
        landward sim2sim --policy policy.onnx --engines mujoco,warp,isaaclab-newton
    """

    policy: Path
    """A run folder with policy.onnx in it, or an exported policy.onnx."""
    engines: str = "mujoco,warp,isaaclab-newton,isaaclab-physx"
    """Engines to compare, with commas between them; the first is the reference."""
    task: str | None = None
    """Task to walk in; default: the one that the policy was trained for."""
    episodes: int = 64
    """Episodes in each engine."""
    seconds: float = 10.0
    """Length of an episode [s]; its first 2 s are left out of tracking errors."""
    seed: int = 100
    """Of commands and start states."""
    device: str = "cpu"
    """Where engines compute that can: cpu, cuda or cuda:N."""
    skip_missing: bool = False
    """Leave engines out that are not installed, instead of stopping."""
    timeout: float = 900.0
    """An engine without progress for so long is ended [s]."""
    json: bool = False
    """Print sim2sim.json instead of the table."""
    out: Path | None = None
    """Where the results go; default: sim2sim/ in the run folder, or beside the policy file."""

    def run(self) -> int:
        """Run every engine, compare, write, print."""
        file = find_policy(self.policy)
        spec = read_policy_file(file).spec
        check_length(self.episodes, self.seconds)
        cfg = play_configuration(self.task or spec.task)
        variants = parse_variants(self.engines, self.device, spec.control_period)
        plan = Plan(
            str(file.resolve()), self.task or spec.task, self.episodes, self.seconds, self.seed, variants
        )
        pythons, missing = installed(plan)
        if missing and not self.skip_missing:
            raise SimulationError(
                "; ".join(f"{label}: {why}" for label, why in missing.items())
                + " (--skip-missing runs the other engines)"
            )
        folder = self.out or file.parent / "sim2sim"
        with _bars() as show:
            results, failed = run_engines(
                folder, plan, draw_episodes(cfg, self.episodes, self.seed), pythons, show, Watch(self.timeout)
            )
        comparison = compare(plan, results, spec, get_robot(spec.robot), failed)
        page = write_report(comparison, folder)
        if self.json:
            print(comparison.to_json())
            return 0 if comparison.sound else 1
        from rich.console import Console

        console = Console()
        print_comparison(comparison, console)
        for label, why in missing.items():
            console.print(f"[yellow]left out:[/yellow] {label}: {why}", soft_wrap=True, highlight=False)
        console.print(f"report: {page}", soft_wrap=True)
        return 0 if comparison.sound else 1


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar for every engine, on stderr; none before the first step."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    bars, known = Progress(*columns, console=Console(file=sys.stderr)), {}

    def show(label: str, done: int, total: int) -> None:
        if not known:
            bars.start()
        if label not in known:
            known[label] = bars.add_task(label, total=total)
        bars.update(known[label], completed=done)

    try:
        yield show
    finally:
        if known:
            bars.stop()
