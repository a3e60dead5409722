"""Injects one fault after another into running nodes and judges each."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Sequence

from landward_faults.judge import Trial, Verdict
from landward_faults.kinds import DAMPING, PROCESS, Fault, FaultError
from landward_faults.session import Session
from landward_ros import names
from landward_ros.diagnostics import ERROR

_TIMEOUT = 1.5
"""Longest wait for reaction and name, after the fault counts [s of ROS time]."""
_STALL = 30.0
"""Longest trial [s of wall time]."""
_ATTEMPTS = 5
"""A trial that the machine disturbs is run again, until it has been run so often."""
_REACTING = (names.TWIN_NODE, names.SAFETY_NODE)
"""Nodes whose reaction is timed."""
_NEWS = 0.5
"""Longest wait for a status [s of wall time]."""
_LATCHED = 1.0
"""Control periods for which the fault stays after the reaction: the monitor must not let go."""


@dataclasses.dataclass
class Outcome:
    """What a campaign found."""

    verdicts: list[Verdict] = dataclasses.field(default_factory=list)
    violations: list[str] = dataclasses.field(default_factory=list)
    """Commands outside limits, between the trials too."""
    void: list[str] = dataclasses.field(default_factory=list)
    """Trials that the machine disturbed and that were run again, with what disturbed them: another takeover
    came first, or a reaction was late for want of a processor."""
    commands: int = 0
    """Commands seen on the robot topic."""
    seconds: float = 0.0
    """Wall time."""
    aborted: str = ""
    """Why the campaign ended before its last fault; empty where it did not."""

    @property
    def holds(self) -> bool:
        """Whether every fault was injected and handled, and no command was outside limits."""
        return not self.aborted and not self.violations and all(verdict.caught for verdict in self.verdicts)


def run(
    session: Session, faults: Sequence[Fault], progress: Callable[[Verdict], None], walk: bool = True
) -> Outcome:
    """Inject every fault; end early, with what was found so far, where the nodes do not recover.

    Args:
        session: the running nodes.
        faults: in this order.
        progress: called with every verdict.
        walk: whether the robot walks in some of the trials; otherwise it always stands.
    """
    outcome, start = Outcome(), time.monotonic()
    try:
        for fault in faults:
            verdict = _inject(session, fault, walk and fault.walking, outcome)
            outcome.verdicts.append(verdict)
            progress(verdict)
    except FaultError as error:
        outcome.aborted = str(error)
    outcome.violations += session.injector.violations
    outcome.commands = session.injector.limits.checked
    outcome.seconds = time.monotonic() - start
    return outcome


def _inject(session: Session, fault: Fault, walking: bool, outcome: Outcome) -> Verdict:
    verdict = None
    for _ in range(_ATTEMPTS):
        session.make_ready(walking)
        trial = Trial(fault, session.injector.period)
        session.injector.inject(trial)
        disturbed = _observe(session, trial)
        verdict = trial.verdict()
        if not disturbed:
            break
        outcome.void.append(disturbed)
    session.injector.end()
    assert verdict is not None
    return verdict


def _observe(session: Session, trial: Trial) -> str:
    """Wait until everything is said; returns what voids the trial, or ""."""
    injector, fault = session.injector, trial.fault
    blocked = injector.blocked
    last = injector.now + fault.wait * trial.period + fault.kind.grace + _TIMEOUT

    def over() -> bool:
        if trial.began is None:
            return not injector.commanded or injector.now > last
        return trial.finished or trial.overtaken or injector.now > last

    session.until(lambda: trial.began is not None or over(), _STALL)
    waited = session.nodes.starved(*_REACTING)
    session.until(over, _STALL)
    waited = session.nodes.starved(*_REACTING) - waited
    if trial.overtaken:
        # Its name may be on its way.
        session.until(lambda: not trial.overtaken, _NEWS)
    if trial.overtaken or (trial.began is None and not injector.commanded):
        # The takeover is there before the status that says why.
        session.until(lambda: injector.safety.level >= ERROR or injector.policy.level >= ERROR, _NEWS)
        return f"{injector.safety.message}; the policy: {injector.policy.message}"
    if fault.kind.reaction == DAMPING and PROCESS not in fault.kind.streams:
        end = injector.now + _LATCHED * trial.period
        session.until(lambda: injector.now >= end, _STALL)
    late = trial.excess / session.settings.rate
    blocked = injector.blocked - blocked
    if 0.0 < late < waited:
        return f"starved: {late * 1e3:.0f} ms late, no processor free for the nodes for {waited * 1e3:.0f} ms"
    if 0.0 < late < blocked:
        return f"blocked: {late * 1e3:.0f} ms late, the injector was held up for {blocked * 1e3:.0f} ms"
    return ""
