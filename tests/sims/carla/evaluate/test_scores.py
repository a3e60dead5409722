import json

import numpy as np
import pytest

from sims.carla.drive.infractions import Infraction
from sims.carla.evaluate.scores import ENDINGS, RouteResult, figures, rate, score_ratio


def event(kind: str) -> Infraction:
    return Infraction(kind, 3.0, (1.0, 2.0, 0.0))


def result(
    route: str = "a", *kinds: str, completion: float = 1.0, outside: float = 0.0, ended: str = "completed"
) -> RouteResult:
    driven = 500.0 * completion
    return RouteResult(
        route, 0, 7, 500.0, completion, driven, outside, 60.0, ended, tuple(event(kind) for kind in kinds)
    )


def test_a_clean_route_scores_100() -> None:
    assert (result().penalty, result().score) == (1.0, 100.0)


def test_the_score_by_hand() -> None:
    # 0.60 * 0.60 * 0.70 = 0.252; a tenth of the way outside: * 0.9; 80 % of the route: * 80
    crash = result("a", "collision_vehicle", "collision_vehicle", "red_light", completion=0.8, outside=40.0)
    assert crash.penalty == pytest.approx(0.252 * 0.9)
    assert crash.score == pytest.approx(80 * 0.252 * 0.9)


@pytest.mark.parametrize(
    ("kind", "factor"),
    [
        ("collision_pedestrian", 0.50),
        ("collision_vehicle", 0.60),
        ("collision_static", 0.65),
        ("red_light", 0.70),
        ("stop_sign", 0.80),
    ],
)
def test_the_factors_are_those_of_leaderboard_1(kind: str, factor: float) -> None:
    assert result("a", kind).penalty == pytest.approx(factor)


def test_figures_by_hand() -> None:
    driven = [
        result("a"),
        result("b", "red_light", completion=0.5, ended="blocked"),
        result("c", "red_light"),
    ]
    found = figures(driven)
    assert found["driving_score"].value == pytest.approx((100 + 35 + 70) / 3)
    assert found["route_completion"].value == pytest.approx(250 / 3)
    assert found["infraction_score"].value == pytest.approx((1 + 0.7 + 0.7) / 3)
    assert found["completed"].value == pytest.approx(2 / 3)
    # 1.25 km in all
    assert found["per_km.red_light"].value == pytest.approx(2 / 1.25)
    assert found["per_km.blocked"].value == pytest.approx(1 / 1.25)
    assert found["per_km.stop_sign"].value == 0.0
    assert found["mean_speed"].value == pytest.approx(1250 / 180)
    for estimate in found.values():
        assert estimate.low <= estimate.value <= estimate.high


def test_the_mean_of_products_is_not_the_product_of_means() -> None:
    found = figures([result("a"), result("b", "collision_pedestrian", completion=0.2)])
    product = found["route_completion"].value * found["infraction_score"].value
    assert found["driving_score"].value == pytest.approx(55.0)
    assert product == pytest.approx(45.0)


def test_a_policy_that_never_moved_has_no_rate_per_kilometre() -> None:
    found = figures([result(completion=0.0, ended="blocked")])
    assert found["driving_score"].value == 0.0
    assert np.isnan(found["per_km.blocked"].value)
    assert found["per_km.blocked"].n == 0


def test_no_event_is_not_certainty() -> None:
    # 0 in 2 km: at most -ln(0.025) / 2 = 1.844 per km
    found = rate(np.zeros(4), np.full(4, 0.5))
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(1.8444, abs=1e-4)


def test_the_ratio_is_paired() -> None:
    expert = [result("a"), result("b", "red_light")]
    policy = [result("b", completion=0.5), result("a", "stop_sign"), result("elsewhere")]
    assert score_ratio(policy, expert).value == pytest.approx((80 + 50) / 170)
    assert score_ratio(policy, expert).n == 2
    assert score_ratio(policy, []).n == 0


def test_the_ratio_to_an_expert_that_scored_nothing_on_one_route() -> None:
    expert = [result("a"), result("b", completion=0.0)]
    assert score_ratio([result("a"), result("b")], expert).value == pytest.approx(2.0)


def test_a_result_is_json() -> None:
    shown = json.loads(json.dumps(result("a", "red_light").to_dict()))
    assert shown["driving_score"] == 70.0
    assert shown["infractions"][0]["kind"] == "red_light"
    assert "trace" not in shown
    assert shown["ended"] in ENDINGS
