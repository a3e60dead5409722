"""The CARLA leaderboard's figures, per route and over routes.

Definitions: leaderboard.carla.org, "Evaluation and metrics" of leaderboard 1.0. The driving score of a route
is its completion times the infraction score; over routes, the mean of the products, not the product of the
means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from sims.carla.drive.infractions import PENALTY, Infraction, infraction_score
from sims.evaluate import bootstrap
from sims.evaluate.bootstrap import Estimate

ENDINGS = ("completed", "route_deviation", "blocked", "timeout")
"""How a route ends under the leaderboard's rules."""


@dataclass(frozen=True)
class RouteResult:
    """One route, driven once."""

    route: str
    repetition: int
    seed: int
    length: float
    """Of the route [m]."""
    completion: float
    """Share of it that was driven, 0 to 1."""
    driven: float
    """Distance covered [m]."""
    outside: float
    """Of that, outside the route's lanes [m]."""
    seconds: float
    """Simulated time."""
    ended: str
    """One of ENDINGS."""
    infractions: tuple[Infraction, ...] = ()
    trace: tuple[tuple[float, float, float, float], ...] = field(default=(), compare=False)
    """Time [s], completion, speed and speed limit [m/s], a few times a second."""

    @property
    def counts(self) -> Counter[str]:
        """Kind of infraction -> how often."""
        return Counter(infraction.kind for infraction in self.infractions)

    @property
    def penalty(self) -> float:
        """The infraction score, 0 to 1."""
        return infraction_score(self.counts, self.outside / max(self.driven, 1e-6))

    @property
    def score(self) -> float:
        """The driving score, 0 to 100."""
        return 100.0 * self.completion * self.penalty

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; without the trace."""
        shown = {key: value for key, value in asdict(self).items() if key != "trace"}
        return {**shown, "infraction_score": self.penalty, "driving_score": self.score}


def figures(results: Sequence[RouteResult]) -> dict[str, Estimate]:
    """Means over the routes that were driven, with 95 % intervals; a route driven once is the unit.

    Args:
        results: of one policy, at least one.
    """
    kilometres = np.array([result.driven for result in results]) / 1000.0
    found = {
        "driving_score": bootstrap.mean(np.array([result.score for result in results]), "1"),
        "route_completion": bootstrap.mean(100.0 * np.array([result.completion for result in results]), "%"),
        "infraction_score": bootstrap.mean(np.array([result.penalty for result in results])),
        "completed": bootstrap.proportion(np.array([result.ended == "completed" for result in results])),
        "mean_speed": bootstrap.ratio(
            1000.0 * kilometres, np.array([result.seconds for result in results]), unit="m/s"
        ),
        "outside_share": bootstrap.ratio(
            np.array([result.outside for result in results]), 1000.0 * kilometres
        ),
    }
    for kind in PENALTY:
        events = np.array([result.counts[kind] for result in results])
        found[f"per_km.{kind}"] = rate(events, kilometres)
    for ending in ENDINGS[1:]:
        events = np.array([result.ended == ending for result in results])
        found[f"per_km.{ending}"] = rate(events, kilometres)
    return found


def rate(events: np.ndarray, kilometres: np.ndarray, confidence: float = 0.95) -> Estimate:
    """Events per kilometre.

    Where there was none, resampling would claim certainty; the exact bound of a Poisson process is given
    (0 events in x: [0, -ln(alpha / 2) / x]; F. Garwood, Biometrika 28, 1936).

    Args:
        events: (n,) on each route.
        kilometres: (n,) driven on each.
        confidence: share of the interval.
    """
    driven = float(kilometres.sum())
    if driven > 0.0 and not events.any():
        bound = -np.log(0.5 * (1.0 - confidence)) / driven
        return Estimate(0.0, 0.0, float(bound), "1/km", int((kilometres > 0.0).sum()), "exact Poisson")
    return bootstrap.ratio(events, kilometres, unit="1/km", confidence=confidence)


def score_ratio(policy: Sequence[RouteResult], expert: Sequence[RouteResult]) -> Estimate:
    """The policy's mean driving score over the expert's, resampled over the routes that both drove.

    Args:
        policy: one result for each route and repetition.
        expert: of the same routes and repetitions.
    """
    theirs = {(result.route, result.repetition): result.score for result in expert}
    pairs = [(r.score, theirs[r.route, r.repetition]) for r in policy if (r.route, r.repetition) in theirs]
    if not pairs:
        return bootstrap.missing("1")
    ours, reference = np.array(pairs).T
    # `ratio` leaves out what has nothing below the line; a route on which the expert scored 0 counts too.
    return bootstrap.ratio(ours, np.maximum(reference, 1e-9))
