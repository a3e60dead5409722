"""Evaluations with known numbers."""

from pathlib import Path

from sims.carla.drive.infractions import Infraction
from sims.carla.evaluate.drivers import Candidate
from sims.carla.evaluate.protocol import Entry, Evaluation, judge
from sims.carla.evaluate.scores import RouteResult, figures
from sims.carla.evaluate.settings import Settings

LENGTHS = {"Town_Small:3-7": 220.0, "Town_Small:5-1": 310.0, "Town_Small:9-2": 180.0}


def result(route: str, *kinds: str, completion: float = 1.0, ended: str = "completed") -> RouteResult:
    length = LENGTHS[route]
    trace = tuple((float(t), completion * t / 40.0, 6.0 + t % 5, 11.1) for t in range(41))
    events = tuple(Infraction(kind, 3.0, (1.0, 2.0, 0.0), "vehicle.audi.tt", 4, 5.0) for kind in kinds)
    return RouteResult(route, 0, 7, length, completion, length * completion, 0.0, 40.0, ended, events, trace)


def entry(name: str, *results: RouteResult, film: Path | None = None) -> Entry:
    return Entry(Candidate(name), list(results), figures(results), film=film)


def evaluation(film: Path | None = None) -> Evaluation:
    first, second, third = LENGTHS
    entries = [
        entry(
            "runs/carla-route/seed1/policy.onnx",
            result(first),
            result(second, "collision_vehicle", "red_light"),
            result(third, completion=0.4, ended="blocked"),
            film=film,
        ),
        entry("expert", result(first), result(second), result(third, "stop_sign")),
        entry("autopilot", result(first, "red_light"), result(second), result(third)),
    ]
    return Evaluation(
        Settings(episodes=3),
        "Town_Small",
        entries,
        judge(entries, 0.8),
        {"time": "2026-11-23T22:00:00+00:00"},
    )
