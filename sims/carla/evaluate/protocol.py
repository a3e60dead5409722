"""The whole evaluation: every policy over the same routes with the same traffic, and how they compare."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from landward.errors import LandwardError, SimulationError
from landward.provenance import collect
from sims.carla.evaluate.course import Order
from sims.carla.evaluate.drivers import Candidate
from sims.carla.evaluate.scores import RouteResult, figures, score_ratio
from sims.carla.evaluate.settings import AUTOPILOT, EXPERT, Settings
from sims.carla.evaluate.worker import Worker
from sims.evaluate.bootstrap import Estimate

_LOG = logging.getLogger(__name__)
TRIES = 3
"""How often a route is driven before a simulator that is lost every time is an error."""

Progress = Callable[[str, float, int], None]
"""(who drives, routes done so far with the share of the one under way, routes in all)."""


@dataclass
class Entry:
    """What one policy did."""

    candidate: Candidate
    results: list[RouteResult]
    figures: dict[str, Estimate]
    digest: str = ""
    """Of the policy, where it has one."""
    origin: dict[str, Any] = field(default_factory=dict)
    """Its provenance."""
    lost: int = 0
    """Simulators that were lost, each time the route was repeated."""
    film: Path | None = None

    @property
    def label(self) -> str:
        """For tables."""
        return self.candidate.label

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "policy": self.candidate.name,
            "label": self.label,
            "hash": self.digest,
            "provenance": self.origin,
            "figures": {name: estimate.to_dict() for name, estimate in self.figures.items()},
            "simulators_lost": self.lost,
            "routes": [result.to_dict() for result in self.results],
        }


@dataclass(frozen=True)
class Verdict:
    """A policy's driving score beside the expert's."""

    label: str
    target: float
    """Least ratio."""
    ratio: Estimate

    @property
    def passed(self) -> bool:
        """Whether the ratio reaches the target; one that does not exist does not."""
        return self.ratio.value >= self.target

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "ratio": self.ratio.to_dict(), "passed": self.passed}


@dataclass
class Evaluation:
    """Everything that was measured."""

    settings: Settings
    town: str
    entries: list[Entry]
    verdicts: tuple[Verdict, ...]
    provenance: dict[str, Any]

    @property
    def passed(self) -> bool:
        """Whether every policy reaches its share of the expert's score."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def warnings(self) -> list[str]:
        """What the reader should know."""
        found = [
            f"{entry.label}: the simulator was lost {entry.lost} times; those routes were driven again"
            for entry in self.entries
            if entry.lost
        ]
        found += [
            f"no film of {entry.label}: the camera sent nothing"
            for entry in self.entries
            if entry.film is not None and not entry.film.is_file()
        ]
        driven = len(self.entries[0].results) if self.entries else 0
        wanted = self.settings.episodes * self.settings.repetitions
        if driven < wanted:
            found.append(f"the town has fewer routes of this kind: {driven} were driven instead of {wanted}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; NaN does not occur."""
        return {
            "town": self.town,
            "settings": asdict(self.settings),
            "passed": self.passed,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "policies": [entry.to_dict() for entry in self.entries],
            "warnings": self.warnings,
            "provenance": self.provenance,
        }

    def to_json(self) -> str:
        """As written to drive_evaluation.json."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


def evaluate(
    policies: Sequence[str],
    settings: Settings,
    folder: Path,
    target: float = 0.8,
    progress: Progress = lambda who, done, total: None,
) -> Evaluation:
    """Let everybody drive the same routes.

    Args:
        policies: names as `Candidate` takes them; the expert's scores are what others are compared with.
        settings: what to drive.
        folder: where films go.
        target: least share of the expert's driving score.
        progress: called now and then.

    Raises:
        LandwardError: settings that make no sense, no such policy or server, or one that does not fit.
        SimulationError: the simulator was lost on the same route `TRIES` times.
    """
    settings.validate()
    candidates = [Candidate(name) for name in dict.fromkeys(policies)]
    if not candidates:
        raise LandwardError(f"nobody to evaluate: name a policy, {EXPERT} or {AUTOPILOT}")
    entries = [drive_all(candidate, settings, folder, progress) for candidate in candidates]
    return Evaluation(
        settings=settings,
        town=entries[0].results[0].route.partition(":")[0],
        entries=entries,
        verdicts=judge(entries, target),
        provenance=collect(settings.seed),
    )


def judge(entries: Sequence[Entry], target: float) -> tuple[Verdict, ...]:
    """A verdict on every policy where the expert drove too; the autopilot is there to compare with."""
    expert = next((entry for entry in entries if entry.candidate.name == EXPERT), None)
    if expert is None:
        return ()
    return tuple(
        Verdict(entry.label, target, score_ratio(entry.results, expert.results))
        for entry in entries
        if entry.candidate.is_policy
    )


def drive_all(candidate: Candidate, settings: Settings, folder: Path, progress: Progress) -> Entry:
    """Everything that one policy drives; lost simulators are replaced and their routes repeated.

    Raises:
        LandwardError: as in `evaluate`.
    """
    drives = _Drives(candidate, settings, folder, progress)
    try:
        while drives.orders is None or drives.orders:
            drives.attempt()
        drives.end()
    finally:
        drives.kill()
    entry = drives.entry
    return replace(entry, figures=figures(entry.results))


class _Drives:
    """The orders of one candidate, and the worker that carries them out."""

    def __init__(self, candidate: Candidate, settings: Settings, folder: Path, progress: Progress) -> None:
        self.entry = Entry(candidate, [], {})
        self.orders: list[Order] | None = None
        """Those left; None until a worker has said which routes there are."""
        self._settings, self._folder, self._progress = settings, folder, progress
        self._worker: Worker | None = None
        self._total = self._tries = 0

    def attempt(self) -> None:
        """Drive the next route, or get a worker ready."""
        try:
            self._attempt()
            self._tries = 0
        except SimulationError as error:
            self.kill()
            self._tries += 1
            self.entry.lost += 1
            if self._tries >= TRIES:
                raise
            _LOG.warning("%s: the simulator is lost and is replaced: %s", self.entry.label, error)

    def _attempt(self) -> None:
        entry = self.entry
        if self._worker is None:
            self._worker = Worker(entry.candidate, self._settings, again=entry.lost > 0)
            entry.digest, entry.origin, routes = self._worker.ready()
            if self.orders is None:
                self.orders = _orders(entry.candidate, self._settings, len(routes), self._folder)
                self._total = len(self.orders)
            self._tell(0.0)
        assert self.orders
        result = self._worker.drive(self.orders[0], self._tell)
        entry.results.append(result)
        entry.film = self.orders.pop(0).film or entry.film
        self._tell(0.0)

    def _tell(self, share: float) -> None:
        self._progress(self.entry.label, len(self.entry.results) + share, self._total)

    def end(self) -> None:
        """Let the worker tidy up: actors of a server that goes on must not stay."""
        if self._worker is not None:
            self._worker.end()

    def kill(self) -> None:
        """End the worker for certain."""
        if self._worker is not None:
            self._worker.kill()
        self._worker = None


def _orders(candidate: Candidate, settings: Settings, routes: int, folder: Path) -> list[Order]:
    """Every route in every repetition; the seed is the same for all candidates."""
    film = folder / f"{_file_name(candidate.label)}.mp4" if settings.video else None
    return [
        Order(
            route,
            repetition,
            settings.seed + repetition * routes + route,
            film if route == repetition == 0 else None,
        )
        for repetition in range(settings.repetitions)
        for route in range(routes)
    ]


def _file_name(label: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "-_." else "_" for letter in label)
