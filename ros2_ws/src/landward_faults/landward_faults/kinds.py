"""What a kind of fault is, how faults are drawn from kinds, and in which order a campaign injects them.

Streams are what the injector relays (`joint_states`, `imu`, `command`, `clock`), what it does itself in the
operator's place (`operator`), or a process of the deployment (`process`).

Reactions:

=========  ===========================================================================================
damping    the monitor takes over: the next command on the robot topic has no position target
clamped    the answer to the faulty command comes in time, within all limits
passed     the answer to the command comes in time, within all limits, and need not be changed
robot      the drive damps by itself, because the monitor is gone
=========  ===========================================================================================

A reaction is counted in control periods from the instant at which the fault is present at the monitor's
input: the publication of the first faulty message, the instant at which the first missing one was due, the
signal to a process. A kind with a `grace` becomes a fault only after that many seconds (a dead man's switch
is silent when its time is over, a soft constraint is violated when it has been for a while).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import numpy as np

from landward.errors import LandwardError

DAMPING, CLAMPED, PASSED, ROBOT = "damping", "clamped", "passed", "robot"
JOINTS, IMU, COMMAND, CLOCK, OPERATOR, PROCESS = (
    "joint_states",
    "imu",
    "command",
    "clock",
    "operator",
    "process",
)
MAX_WAIT = 3.0
"""Longest random wait before a fault, in control periods: every phase of the loop is hit."""


class FaultError(LandwardError):
    """A fault, or a fault campaign, that cannot be set up."""


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of fault."""

    name: str
    """Unique in the catalogue."""
    title: str
    """What happens, in one line."""
    streams: tuple[str, ...]
    """Where it acts."""
    action: str
    """What the injector does: silence, hold, an entry of mutations.ALTERATIONS, or a verb of the campaign."""
    reasons: tuple[str, ...]
    """Any one of them in /diagnostics names the fault; a name ending in "." stands for all that begin so."""
    reaction: str = DAMPING
    """One of damping, clamped, passed, robot."""
    bound: float = 1.0
    """Longest reaction in control periods."""
    grace: float = 0.0
    """Seconds that it has to last before it is a fault."""
    ranges: Mapping[str, tuple[float, float]] = dataclasses.field(default_factory=dict)
    """Parameter -> the range that it is drawn from, uniformly."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "ranges", MappingProxyType(dict(self.ranges)))

    def named_by(self, reasons: Iterable[str]) -> bool:
        """Whether one of these reasons names a fault of this kind."""
        found = set(reasons)
        return any(
            name in found or (name.endswith(".") and any(r.startswith(name) for r in found))
            for name in self.reasons
        )


@dataclasses.dataclass(frozen=True)
class Fault:
    """One fault, ready to be injected."""

    kind: Kind
    seed: tuple[int, int]
    """The campaign's seed and the number of the fault in it; `draw` gives the same fault again."""
    wait: float
    """Control periods to wait once the robot is ready."""
    values: Mapping[str, float]
    """Parameter -> drawn number."""
    everywhere: bool = True
    """Whether a faulty measurement reaches the policy too, or the monitor alone (its own broken wire)."""
    walking: bool = False
    """Whether the robot walks; otherwise it stands up or stands."""

    @property
    def count(self) -> int:
        """How many messages are affected; without end where the kind has no count."""
        return int(self.values["count"]) if "count" in self.values else 2**31

    def pick(self, name: str, size: int) -> int:
        """An index below `size` from a parameter drawn in [0, 1)."""
        return min(int(self.values[name] * size), size - 1)

    def sign(self) -> float:
        """+1 or -1 from the parameter `sign`."""
        return 1.0 if self.values["sign"] < 0.5 else -1.0


def draw(kind: Kind, seed: int, index: int) -> Fault:
    """The fault of that number in a campaign of that seed; the same numbers give the same fault."""
    random = np.random.default_rng([seed, index])
    wait = float(random.uniform(0.0, MAX_WAIT))
    everywhere, walking = (bool(flip < 0.5) for flip in random.random(2))
    values = {name: float(random.uniform(*bounds)) for name, bounds in kind.ranges.items()}
    return Fault(kind, (seed, index), wait, MappingProxyType(values), everywhere, walking)


def schedule(kinds: Sequence[Kind], count: int, seed: int, process_share: float) -> list[Fault]:
    """The faults of a campaign in random order.

    Every kind comes equally often, but those that end or stop a process, which cost seconds each: together
    they have `process_share` of the count. Every kind comes at least once.

    Raises:
        FaultError: fewer faults than kinds.
    """
    if count < len(kinds):
        raise FaultError(
            f"{count} faults for {len(kinds)} kinds: inject at least one of each, or name --kinds"
        )
    slow = [kind for kind in kinds if PROCESS in kind.streams]
    quick = [kind for kind in kinds if PROCESS not in kind.streams]
    share = process_share if quick else 1.0
    slow_count = min(max(len(slow), round(count * share)), count - len(quick)) if slow else 0
    chosen = [slow[i % len(slow)] for i in range(slow_count)]
    chosen += [quick[i % len(quick)] for i in range(count - slow_count)]
    order = np.random.default_rng(seed).permutation(count)
    return [draw(chosen[place], seed, index) for index, place in enumerate(order)]


def select(names: Sequence[str], kinds: Sequence[Kind]) -> list[Kind]:
    """The kinds of those names; all when no name is given.

    Raises:
        FaultError: no kind of that name.
    """
    known = {kind.name: kind for kind in kinds}
    for name in names:
        if name not in known:
            raise FaultError(f"no fault is called {name!r}; there are {', '.join(known)}")
    return [known[name] for name in names] if names else list(kinds)
