"""`landward faults`: show that the safety monitor handles whatever goes wrong."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from landward.atomic import write_atomic
from landward.errors import require
from landward.policy_file import read_policy_file
from landward.runs import find_policy
from landward_faults.catalogue import KINDS, constraint_kinds
from landward_faults.kinds import Fault, FaultError, Kind, draw, schedule, select
from robots import get_robot

if TYPE_CHECKING:
    from landward_faults.campaign import Outcome
    from landward_faults.judge import Verdict
    from landward_faults.results import Row

RATE = 0.25
"""Simulated seconds per second: a control period then takes 80 ms, more than a busy machine is late by."""
DOMAIN = "216"
"""ROS domain where the environment names none, beyond the ports that Linux gives to programs by itself."""
_EVERY = 100
"""Faults from one sign of life to the next."""
_WIDTH = 110
"""Columns of a table that is not printed on a terminal."""
PROCESS_SHARE = 0.05
"""Of the faults end or stop a process, which takes seconds each."""


@dataclasses.dataclass
class Faults:
    """Inject faults into the running nodes and judge what the safety monitor does about each.

    Twin, policy and safety monitor run as the processes they are on a robot, with a fault injector between
    them. Every fault has to lead to the safe state within one control period (two where a process dies), no
    command outside limits may reach the robot, and /diagnostics has to name the fault. Exit status 1 where
    one of them fails. It runs on this machine alone, on a ROS domain that it must have for itself, and never
    reaches a real robot.

    Examples:
        landward faults --policy runs/go1-flat/2026-11-23_14-05-09_seed1
        landward faults --policy policy.onnx --count 2000 --out faults.json
        landward faults --policy policy.onnx --kinds joints_nan imu_tilt --count 50
        landward faults --policy policy.onnx --again joint_position 1 842
    """

    policy: Path
    """A run folder with policy.onnx in it, or an exported policy.onnx."""
    robot: str = "go1"
    """Robot that the policy drives."""
    count: int = 200
    """Faults to inject."""
    seed: int = 1
    """Of kinds, order, parameters and instants."""
    kinds: tuple[str, ...] = ()
    """Kinds of fault; all when none is named."""
    rate: float = RATE
    """Simulated seconds per second: less on a busy or slow machine."""
    process_share: float = PROCESS_SHARE
    """Share of the faults that end or stop a process, which takes seconds each."""
    walk: bool = True
    """Whether the robot walks in half of the trials; otherwise it only stands."""
    again: tuple[str, int, int] | None = None
    """One fault again: its kind, seed and number, as a failure is reported."""
    out: Path | None = None
    """Where the results go, as JSON."""
    json: bool = False
    """Print the results as JSON and no table."""

    def run(self) -> int:
        """Run the campaign; 0 where every fault was handled."""
        require("rclpy", "ros", "the nodes under test run on it: make setup-ros")
        policy = find_policy(self.policy)
        spec = read_policy_file(policy).spec
        catalogue = (*KINDS, *constraint_kinds(spec.constraints, get_robot(self.robot)))
        faults = self._faults(catalogue)
        # Never a robot: whatever is on the network must not hear commands of a campaign.
        os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
        os.environ.setdefault("ROS_DOMAIN_ID", DOMAIN)
        from landward_faults import campaign, results
        from landward_faults.session import Session, Settings

        folder = Path(tempfile.mkdtemp(prefix="landward_faults_"))
        self._say(f"{len(faults)} faults into {policy} on {self.robot}; logs in {folder}")
        with Session(Settings(self.robot, policy, self.rate, folder)) as session:
            outcome = campaign.run(session, faults, self._progress, self.walk)
        table = results.rows(outcome, catalogue)
        facts = {"robot": self.robot, "policy": str(policy), "seed": self.seed, "rate": self.rate}
        record = json.dumps(results.record(outcome, table, facts), indent=2)
        if self.out is not None:
            write_atomic(self.out, lambda stream: stream.write(record.encode()))
        if self.json:
            print(record)
        else:
            show(outcome, table)
        return 0 if outcome.holds else 1

    def _faults(self, catalogue: Sequence[Kind]) -> list[Fault]:
        if self.again is not None:
            name, seed, number = self.again
            return [draw(select([name], catalogue)[0], seed, number)]
        if not 0.0 <= self.process_share <= 1.0:
            raise FaultError(f"process_share is a share, 0 to 1; got {self.process_share:g}")
        return schedule(select(self.kinds, catalogue), self.count, self.seed, self.process_share)

    def _progress(self, verdict: Verdict) -> None:
        number = verdict.seed[1] + 1
        if not verdict.caught:
            self._say(f"{number}: {verdict.kind} is not handled: {'; '.join(verdict.failures)}")
        elif number % _EVERY == 0:
            self._say(f"{number} of {self.count}")

    def _say(self, text: str) -> None:
        """To stderr, where it does not mix with the results."""
        print(text, file=sys.stderr, flush=True)


def show(outcome: Outcome, table: Sequence[Row]) -> None:
    """Print the table and what failed."""
    from rich.console import Console
    from rich.table import Table

    from landward_faults.results import COLUMNS

    shown = Table(title="Reactions in control periods", title_justify="left")
    for index, column in enumerate(COLUMNS):
        shown.add_column(column, justify="left" if index in (0, 3) else "right", no_wrap=True)
    for row in table:
        shown.add_row(*(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row.cells()))
    console = Console()
    (console if console.is_terminal else Console(width=_WIDTH)).print(shown)
    caught = sum(verdict.caught for verdict in outcome.verdicts)
    print(
        f"{caught} of {len(outcome.verdicts)} faults handled in {outcome.seconds:.0f} s; "
        f"{len(outcome.violations)} of {outcome.commands} commands outside limits; "
        f"{len(outcome.void)} trials disturbed by the machine and run again"
    )
    for verdict in outcome.verdicts:
        if not verdict.caught:
            seed, number = verdict.seed
            print(f"  --again {verdict.kind} {seed} {number}: {'; '.join(verdict.failures)}")
    if outcome.aborted:
        print(f"  ended early: {outcome.aborted}")
    for violation in outcome.violations:
        print(f"  {violation}")
    for reason, count in Counter(reason.partition(":")[0] for reason in outcome.void).most_common():
        print(f"  disturbed by {reason}: {count}")
