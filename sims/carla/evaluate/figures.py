"""What each figure is called, and how it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from sims.carla.evaluate.scores import ENDINGS
from sims.evaluate.bootstrap import Estimate


@dataclass(frozen=True)
class Figure:
    """How one figure is presented."""

    label: str
    explanation: str
    digits: int = 1
    factor: float = 1.0
    """Shown value per value."""
    unit: str = ""


FIGURES = {
    "driving_score": Figure(
        "driving score", "mean over routes of completion times infraction score, 0 to 100"
    ),
    "route_completion": Figure("route completion", "mean share of the route that was driven", unit="%"),
    "infraction_score": Figure("infraction score", "mean of the products of the infractions' factors", 3),
    "completed": Figure("routes completed", "share of routes whose end was reached", factor=100.0, unit="%"),
    "mean_speed": Figure("mean speed", "distance over time, stops included", factor=3.6, unit="km/h"),
    "outside_share": Figure(
        "off the lanes", "share of the distance outside the route's lanes", 2, 100.0, "%"
    ),
    "per_km.collision_pedestrian": Figure("hit a pedestrian", "factor 0.50 each", 2, unit="/km"),
    "per_km.collision_vehicle": Figure("hit a vehicle", "factor 0.60 each", 2, unit="/km"),
    "per_km.collision_static": Figure("hit something else", "factor 0.65 each", 2, unit="/km"),
    "per_km.red_light": Figure("ran a red light", "factor 0.70 each", 2, unit="/km"),
    "per_km.stop_sign": Figure("ran a stop sign", "factor 0.80 each", 2, unit="/km"),
    "per_km.route_deviation": Figure("left the route", "30 m away from it; ends the route", 2, unit="/km"),
    "per_km.blocked": Figure("blocked", "stood still for 180 s; ends the route", 2, unit="/km"),
    "per_km.timeout": Figure("timed out", "5 s and 0.8 s per metre of route; ends it", 2, unit="/km"),
}
"""Name -> how it is shown, in the order of tables."""
assert {f"per_km.{ending}" for ending in ENDINGS[1:]} <= set(FIGURES)


def show(name: str, estimate: Estimate, interval: bool = True) -> str:
    """Value and interval, such as "82.1 [74.0, 90.3] %"."""
    figure = FIGURES[name]
    if estimate.n == 0:
        return "no distance driven"
    value, low, high = (
        f"{number * figure.factor:.{figure.digits}f}"
        for number in (estimate.value, estimate.low, estimate.high)
    )
    return f"{value}{f' [{low}, {high}]' if interval else ''} {figure.unit}".strip()


def show_ratio(estimate: Estimate) -> str:
    """A share of the expert's score, such as "0.84 [0.77, 0.92]"."""
    if estimate.n == 0:
        return "no common route"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"
