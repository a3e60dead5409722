"""Confidence intervals by resampling whole episodes, vectorised in NumPy.

Steps of one episode are not independent, so an episode is the unit that is drawn. A resample is a vector of
counts (how often each episode was drawn), which turns every statistic below into a few matrix products.
Percentile bootstrap: B. Efron, R. Tibshirani, An Introduction to the Bootstrap (1993), section 13.3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

RESAMPLES = 2000
CHUNK = 250
"""Resamples that a percentile works on at once: bounds its memory to CHUNK x values."""


@dataclass(frozen=True)
class Estimate:
    """A value with its confidence interval."""

    value: float
    low: float
    high: float
    unit: str = "1"
    n: int = 0
    """Episodes that it rests on."""
    method: str = "bootstrap"

    def to_dict(self) -> dict[str, float | int | str | None]:
        """JSON-ready; a value that does not exist (no episode qualified) becomes null."""
        return {
            key: None if isinstance(v, float) and not np.isfinite(v) else v for key, v in asdict(self).items()
        }


def missing(unit: str) -> Estimate:
    """What stands where no episode qualified."""
    return Estimate(float("nan"), float("nan"), float("nan"), unit, 0, "none")


def draw_counts(n: int, resamples: int = RESAMPLES, seed: int = 0) -> np.ndarray:
    """How often each of n episodes is drawn in each resample, (resamples, n); every row sums to n."""
    random = np.random.default_rng(seed)
    return random.multinomial(n, np.full(n, 1.0 / n), size=resamples)


def percentile_interval(values: np.ndarray, confidence: float = 0.95) -> tuple[float, float]:
    """The central `confidence` share of the bootstrap distribution, NaN (an empty resample) left out."""
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    tail = 50.0 * (1.0 - confidence)
    low, high = np.percentile(values, [tail, 100.0 - tail])
    return float(low), float(high)


def ratio(
    numerator: np.ndarray,
    denominator: np.ndarray,
    transform: Callable[[np.ndarray], np.ndarray] = lambda x: x,
    unit: str = "1",
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """`transform(sum(numerator) / sum(denominator))` over episodes, with its interval.

    A mean is a ratio with ones below; an RMSE is the square root of squared errors over their counts; a share
    of steps is hits over steps.

    Args:
        numerator: (n,) per episode.
        denominator: (n,) per episode, >= 0. Episodes with 0 do not count.
        transform: monotonic, applied to the ratio.
        unit: of the result.
        confidence: share of the bootstrap distribution inside the interval.
        resamples: how many.
        seed: of the resampling.
    """
    numerator, denominator = np.asarray(numerator, np.float64), np.asarray(denominator, np.float64)
    keep = denominator > 0
    n = int(keep.sum())
    if n == 0:
        return missing(unit)
    numerator, denominator = numerator[keep], denominator[keep]
    counts = draw_counts(n, resamples, seed).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = transform((counts @ numerator) / (counts @ denominator))
    low, high = percentile_interval(drawn, confidence)
    value = float(transform(np.asarray(numerator.sum() / denominator.sum())))
    return Estimate(value, low, high, unit, n)


def mean(values: np.ndarray, unit: str = "1", **options: Any) -> Estimate:
    """Mean over episodes; NaN marks an episode that does not count."""
    values = np.asarray(values, np.float64)
    keep = np.isfinite(values)
    return ratio(np.where(keep, values, 0.0), keep, unit=unit, **options)


def root_mean_square(squares: np.ndarray, counts: np.ndarray, unit: str = "1", **options: Any) -> Estimate:
    """Root of the summed squares over the summed counts, both (n,) per episode."""
    return ratio(squares, counts, np.sqrt, unit, **options)


def proportion(events: np.ndarray, confidence: float = 0.95, **options: Any) -> Estimate:
    """Share of episodes with an event.

    Where no episode or every episode has one, resampling knows no spread and would claim certainty; the exact
    binomial bound is given there (0 of n: [0, 1 - (alpha/2)^(1/n)], C. J. Clopper, E. S. Pearson, Biometrika
    26, 1934).
    """
    events = np.asarray(events, bool)
    n = len(events)
    if n and (events.all() or not events.any()):
        bound = 1.0 - (0.5 * (1.0 - confidence)) ** (1.0 / n)
        low, high = (1.0 - bound, 1.0) if events.all() else (0.0, bound)
        return Estimate(float(events.all()), low, high, "1", n, "exact binomial")
    return mean(events.astype(np.float64), confidence=confidence, **options)


def percentile(
    values: np.ndarray,
    episodes: np.ndarray,
    q: float,
    unit: str = "1",
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Estimate:
    """The q-th percentile (inverted distribution function) of pooled values, episodes resampled.

    Args:
        values: (m,) values of all episodes.
        episodes: (m,) the episode that each value came from.
        q: 0..100.
        unit: of the result.
        confidence: share of the bootstrap distribution inside the interval.
        resamples: how many.
        seed: of the resampling.
    """
    values, episodes = np.asarray(values, np.float64), np.asarray(episodes)
    if not len(values):
        return missing(unit)
    labels, index = np.unique(episodes, return_inverse=True)
    order = np.argsort(values, kind="stable")
    ordered, index = values[order], index[order]
    counts = np.vstack([np.ones((1, len(labels)), np.int64), draw_counts(len(labels), resamples, seed)])
    drawn = [
        _weighted_percentile(ordered, counts[start : start + CHUNK, index], q)
        for start in range(0, len(counts), CHUNK)
    ]
    drawn = np.concatenate(drawn)
    low, high = percentile_interval(drawn[1:], confidence)
    return Estimate(float(drawn[0]), low, high, unit, len(labels))


def _weighted_percentile(ordered: np.ndarray, weights: np.ndarray, q: float) -> np.ndarray:
    """Smallest ordered value (m,) that q percent of the weights (rows, m) lie at or below."""
    cumulated = np.cumsum(weights, axis=1)
    reached = cumulated >= np.maximum(q / 100.0 * cumulated[:, -1:], 1e-12)
    return ordered[np.argmax(reached, axis=1)]
