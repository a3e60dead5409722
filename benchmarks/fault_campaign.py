"""Faults injected into the running nodes, and what the safety monitor does about each.

Twin, policy and safety monitor run as processes, a fault injector sits on their wires (docs/faults.md).
The value is the slowest reaction as a share of its bound: one control period, two where a process dies. It
holds where besides every fault was named in /diagnostics and no command outside limits reached the robot.

    make bench ARGS=fault_campaign
    .venv-ros/bin/python benchmarks/fault_campaign.py [--quick] [--policy RUN]
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import _common, harness
from landward.errors import LandwardError, require

INTERPRETER = ".venv-ros/bin/python"
"""Of the environment with ROS 2, which `make setup-ros` builds; benchmarks/run_all.py takes it from here."""
ROBOT = "go1"
COUNT = {False: 2000, True: 60}
"""Faults of a full and of a quick run."""
RATE = 0.25
"""Simulated seconds per second: slow enough for a machine that does other things too."""
SEED = 1
DOMAIN = "215"
"""ROS domain, beyond those of the tests and of the ports that Linux gives to programs by itself."""


def claim_of(outcome: Any, share: float) -> str:
    """The claim in words; the first ratio in it is the value."""
    caught = sum(verdict.caught for verdict in outcome.verdicts)
    return (
        f"the slowest reaction of the safety monitor takes {share:.2f} of its bound, {caught} of "
        f"{len(outcome.verdicts)} injected faults are handled and named, {len(outcome.violations)} of "
        f"{outcome.commands} commands on the robot topic are outside limits"
    )


def plot(table: Sequence[Any]) -> Any:
    """Every reaction, a line a kind."""
    figure, axes = _common.subplots(1, 1, (6.4, 0.17 * len(table) + 0.8))
    axis = axes[0, 0]
    for line, row in enumerate(table):
        slow = row.kind.bound > 1.0
        colour = _common.COLOURS[1 if slow else 0]
        axis.plot(row.reactions, [line] * len(row.reactions), "|", color=colour, markersize=5)
        axis.plot([row.kind.bound] * 2, [line - 0.4, line + 0.4], color="#999999", linewidth=1.2)
    axis.set(xlabel="reaction [control periods]; grey: bound", ylim=(len(table), -1))
    axis.set_yticks(range(len(table)), [row.kind.name for row in table], fontsize=6)
    return figure


def main(arguments: Sequence[str] | None = None) -> None:
    """Inject and report."""
    parser = _common.parser(__doc__)
    parser.add_argument(
        "--policy", type=Path, help="policy.onnx or run folder of a go1 policy, which then walks"
    )
    given = parser.parse_args(arguments)
    require("rclpy", "ros", "the benchmark measures nodes")
    os.environ |= {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_DOMAIN_ID": DOMAIN}
    from benchmarks._deploy_policy import write_policy
    from landward.policy_file import read_policy_file
    from landward.runs import find_policy
    from landward_faults import campaign, results
    from landward_faults.catalogue import KINDS, constraint_kinds
    from landward_faults.command import PROCESS_SHARE
    from landward_faults.kinds import schedule
    from landward_faults.session import Session, Settings
    from robots import get_robot

    run = harness.Options(given.quick)
    with tempfile.TemporaryDirectory() as folder:
        path = (
            find_policy(given.policy)
            if given.policy
            else write_policy(Path(folder) / "policy.onnx", get_robot(ROBOT))
        )
        kinds = (*KINDS, *constraint_kinds(read_policy_file(path).spec.constraints, get_robot(ROBOT)))
        faults = schedule(kinds, COUNT[run.quick], SEED, PROCESS_SHARE)
        with Session(Settings(ROBOT, path.resolve(), RATE, Path(folder))) as session:
            # The stand-in policy of _deploy_policy is untrained: it holds the robot, it does not walk.
            walk = given.policy is not None
            outcome = campaign.run(session, faults, progress=lambda verdict: None, walk=walk)
    if outcome.aborted:
        raise LandwardError(outcome.aborted)
    table = results.rows(outcome, kinds)
    harness.show("Reactions in control periods", results.COLUMNS, [row.cells() for row in table])
    for verdict in outcome.verdicts:
        if not verdict.caught:
            print(f"{verdict.kind} {verdict.seed}: {'; '.join(verdict.failures)}")
    print(f"{len(outcome.void)} trials were disturbed by other work on the machine and run again")
    harness.save_plot(plot(table), "fault_campaign", run)
    share = results.worst_share(table)
    harness.finish(
        harness.Result(claim_of(outcome, share), share, goal=1.0, at_least=False, also=outcome.holds)
    )


if __name__ == "__main__":
    sys.exit(_common.status_of(main))
