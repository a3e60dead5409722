"""What the monitor says about itself in /diagnostics and on safety/status."""

from __future__ import annotations

import math
from dataclasses import dataclass

from landward_safety.monitor import ARMED, Monitor
from landward_safety.reasons import WARNINGS

OK, WARN, ERROR = 0, 1, 2
"""Levels of diagnostic_msgs/DiagnosticStatus."""
RECENT = 1.0
"""How long a clamp or a late command shows in the message [s]."""


@dataclass(frozen=True)
class Report:
    """One status."""

    level: int
    """OK, WARN or ERROR."""
    message: str
    """A fault's name comes first; without numbers that change all the time."""
    values: dict[str, str]
    """Further facts by name."""


def describe(monitor: Monitor) -> Report:
    """The monitor's state, as of the newest time that it was told."""
    values = {
        "state": monitor.state,
        "fault": monitor.fault.reason if monitor.fault else "",
        "detail": monitor.fault.detail if monitor.fault else "",
        "at": f"{monitor.fault.at:.6f}" if monitor.fault else "",
        "not_ready": "; ".join(map(str, monitor.not_ready())),
        "refused": monitor.refused,
        **{name: str(monitor.counters[name]) for name in (*WARNINGS, "refused_commands", "faults")},
        **{
            f"age.{topic}": _milliseconds(stream.age(monitor.now))
            for topic, stream in monitor.streams.items()
        },
        "constraints": ", ".join(monitor.constraints.monitored),
        "constraints_violated": ", ".join(monitor.constraints.violated),
        "constraints_waiting": ", ".join(monitor.constraints.waiting),
        "not_monitored": ", ".join(monitor.constraints.not_monitored),
        **{f"violations.{name}": str(count) for name, count in monitor.constraints.counts.items()},
    }
    level, message = _headline(monitor)
    return Report(level, message, values)


def _headline(monitor: Monitor) -> tuple[int, str]:
    if monitor.fault is not None:
        return ERROR, str(monitor.fault)
    if monitor.state == ARMED:
        warnings = [*monitor.recent(RECENT), *(f"constraint.{name}" for name in monitor.constraints.violated)]
        return (WARN, f"armed: {', '.join(warnings)}") if warnings else (OK, "armed")
    problems = dict.fromkeys(problem.reason for problem in monitor.not_ready())
    if problems:
        return WARN, f"disarmed, not ready: {', '.join(problems)}"
    return OK, "disarmed"


def _milliseconds(age: float) -> str:
    return "never" if math.isinf(age) else f"{age * 1e3:.1f} ms"
