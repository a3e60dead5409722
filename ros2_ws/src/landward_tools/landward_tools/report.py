"""What a recording says about a deployment: tracking, timing, faults."""

from __future__ import annotations

import dataclasses
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landward_ros import names
from landward_tools import measures
from landward_tools.bag import Bag, Statuses
from landward_tools.plots import plot

__all__ = ["Summary", "plot", "summarise", "to_json", "to_text"]


@dataclass(frozen=True)
class Summary:
    """A deployment in numbers; NaN where the recording has nothing to tell a number from."""

    bag: str
    namespace: str
    seconds: float
    """Length of the recording [s]."""
    seconds_walked: float
    """Time in which the policy ran [s]."""
    rmse: dict[str, float]
    """vx, vy [m/s], wz [rad/s]: root mean square of the odometry's twist minus cmd_vel; the first 2 s of each
    command are left out."""
    commands: int
    """How many velocity commands the errors come from."""
    deadline_misses: int | None
    """Control periods that the policy missed while the robot stood or walked; None where it never said."""
    lateness: dict[str, float]
    """p50, p99, max [ms]: how late the policy's periods began, as it says itself."""
    latency: dict[str, float]
    """p50, p99, max [ms]: stamp of the sensors to receipt of the robot's command that answers them."""
    command_rate: float
    """Position targets that the robot got in a second [Hz]."""
    faults: tuple[str, ...]
    """Faults that the safety monitor latched, in the order of their first time."""
    clamps: dict[str, int]
    """Clamp -> how often the safety monitor changed a command that way; late.command -> commands late."""
    missing: tuple[str, ...]
    """Our topics that the recording lacks."""


def summarise(bag: Path, namespace: str = "") -> Summary:
    """The numbers of a recording.

    Raises:
        BagError: the recording is missing, cut off or damaged, or has no such namespace.
    """
    opened = Bag(bag, namespace)
    observations = opened.observations()
    spans = measures.walking_spans(observations)
    errors, commands = measures.settled_errors(opened.velocity(), opened.commands(), spans)
    sent = opened.joints(names.ROBOT_COMMAND)
    policy, safety = opened.statuses(names.POLICY_STATUS), opened.statuses(names.SAFETY_STATUS)
    return Summary(
        bag=str(bag),
        namespace=opened.namespace,
        seconds=opened.seconds,
        seconds_walked=float((spans[:, 1] - spans[:, 0]).sum()) / 1e9,
        rmse=measures.root_mean_square(errors),
        commands=commands,
        deadline_misses=deadline_misses(policy),
        lateness=lateness(policy),
        latency=measures.percentiles(measures.latencies(sent)),
        command_rate=measures.rate(sent.received[sent.is_target]),
        faults=faults(safety),
        clamps=clamps(safety),
        missing=tuple(name for name in NEEDED if not opened.has(name)),
    )


NEEDED = (names.JOINT_STATES, names.ROBOT_COMMAND, names.OBSERVATION, names.CMD_VEL, names.ODOM)
"""Topics without which a number is NaN."""
_MOVING = ("stand", "policy")
"""States of the policy in which the robot moves."""
_ERROR = 2
_COUNTED = ("clamped.", "late.")
_LATENESS = re.compile(r"p50 (?P<p50>\S+) p99 (?P<p99>\S+) max (?P<max>\S+) ms")
_UNITS = {"vx": "m/s", "vy": "m/s", "wz": "rad/s"}


def deadline_misses(policy: Statuses) -> int | None:
    """Periods that the policy missed while the robot stood or walked; None where it never counted them.

    Its count also has those of its start, while nodes still find each other and the robot is passive: the
    difference counts, from each status that says that the robot moves to the next.
    """
    counted = [values for values in policy.values if "missed ticks" in values]
    if not counted:
        return None
    pairs = zip(counted, counted[1:], strict=False)
    return sum(
        # Below zero where it was activated anew.
        max(int(after["missed ticks"]) - int(before["missed ticks"]), 0)
        for before, after in pairs
        if before.get("state") in _MOVING
    )


def lateness(policy: Statuses) -> dict[str, float]:
    """p50, p99, max [ms] of the last status that says "lateness"; NaN where none does."""
    for values in reversed(policy.values):
        found = _LATENESS.fullmatch(values.get("lateness", ""))
        if found:
            return {name: float(value) for name, value in found.groupdict().items()}
    return dict.fromkeys(("p50", "p99", "max"), math.nan)


def faults(safety: Statuses) -> tuple[str, ...]:
    """Names of the latched faults, in the order of their first time."""
    pairs = zip(safety.level.tolist(), safety.values, strict=True)
    return tuple(dict.fromkeys(v["fault"] for level, v in pairs if level >= _ERROR and v.get("fault")))


def clamps(safety: Statuses) -> dict[str, int]:
    """Clamp or late command -> largest count in the monitor's statuses."""
    counts: dict[str, int] = {}
    for values in safety.values:
        for key in values:
            if key.startswith(_COUNTED):
                counts[key] = max(counts.get(key, 0), int(values[key]))
    return counts


def to_json(summary: Summary) -> dict[str, Any]:
    """The summary with null for every number that is NaN, which JSON does not know."""
    return _plain(dataclasses.asdict(summary))


def to_text(summary: Summary) -> str:
    """The summary as lines for a terminal."""
    rows = {
        "recorded": f"{summary.seconds:.1f} s, walked {summary.seconds_walked:.1f} s",
        "tracking": _errors(summary),
        "deadline misses": "not said" if summary.deadline_misses is None else str(summary.deadline_misses),
        "lateness": _spread(summary.lateness),
        "sensor to robot": _spread(summary.latency),
        "command rate": _shown(summary.command_rate, "Hz"),
        "faults": ", ".join(summary.faults) or "none",
        "clamps": ", ".join(f"{name} {count}" for name, count in summary.clamps.items() if count) or "none",
    }
    if summary.missing:
        rows["not recorded"] = ", ".join(summary.missing)
    return "\n".join(f"{label:<16} {value}" for label, value in rows.items())


def _errors(summary: Summary) -> str:
    shown = ", ".join(f"{axis} {_shown(value, _UNITS[axis])}" for axis, value in summary.rmse.items())
    return f"RMSE {shown} over {summary.commands} commands"


def _spread(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {_shown(value, 'ms')}" for name, value in values.items())


def _shown(value: float, unit: str) -> str:
    return "unknown" if math.isnan(value) else f"{value:.3f} {unit}"


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
