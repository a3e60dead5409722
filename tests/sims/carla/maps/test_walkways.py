"""Pavements and crosswalks as polygons."""

import numpy as np
import pytest

from sims.carla.maps.lanes import Strip
from sims.carla.maps.town import load_town
from sims.carla.maps.walkways import INSET, Walkways, walkways


def pavement(y: float, begin: float = 0.0, end: float = 40.0, kind: str = "sidewalk") -> Strip:
    """A straight one of 2 m along x."""
    s = np.array([0.0, (end - begin) / 2, end - begin])
    centre = np.column_stack([s + begin, np.full(3, y), np.zeros(3)])
    right = np.tile([0.0, 1.0], (3, 1))
    return Strip(1, 1, kind, -1, 0.0, s, centre, right, np.full(3, 2.0))


def box(x: float, low: float, high: float) -> np.ndarray:
    """A crosswalk of 3 m across the road."""
    return np.array([[x, low, 0.0], [x, high, 0.0], [x + 3.0, high, 0.0], [x + 3.0, low, 0.0]])


def area(ways: Walkways, ring: tuple[int, ...]) -> float:
    x, y = ways.vertices[list(ring), :2].T
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def groups(ways: Walkways) -> int:
    """Number of parts between which there is no way."""
    of = list(range(len(ways.polygons)))
    owners: dict[frozenset[int], int] = {}
    for i, ring in enumerate(ways.polygons):
        for a, b in zip(ring, (*ring[1:], ring[0]), strict=True):
            other = of[owners.setdefault(frozenset((a, b)), i)]
            of = [of[i] if each == other else each for each in of]
    return len(set(of))


def test_a_crosswalk_joins_two_pavements() -> None:
    """Roads of 7 m with a verge of 0.5 m on both sides: the crosswalk is carried on to the pavements."""
    ways = walkways([pavement(-5.0), pavement(5.0), pavement(0.0, kind="driving")], [box(10.0, -3.5, 3.5)])
    assert groups(ways) == 1
    assert sum(ways.crossing) == 1
    (crossing,) = (ring for ring, cross in zip(ways.polygons, ways.crossing, strict=True) if cross)
    assert sorted(map(tuple, ways.vertices[list(crossing), :2])) == [
        (10.0, pytest.approx(-4.0 - INSET)),
        (10.0, pytest.approx(4.0 + INSET)),
        (13.0, pytest.approx(-4.0 - INSET)),
        (13.0, pytest.approx(4.0 + INSET)),
    ]
    walked = -sum(
        area(ways, ring) for ring, cross in zip(ways.polygons, ways.crossing, strict=True) if not cross
    )
    assert walked == pytest.approx(2 * 40.0 * (2.0 - 2 * INSET))


def test_without_a_crosswalk_there_is_no_way_across() -> None:
    assert groups(walkways([pavement(-5.0), pavement(5.0)], [])) == 2
    assert groups(walkways([pavement(-5.0), pavement(25.0)], [box(10.0, -3.5, 3.5)])) == 2


def test_pavements_that_meet_are_one() -> None:
    assert groups(walkways([pavement(0.0), pavement(0.05, 40.002, 60.0)], [])) == 1
    assert groups(walkways([pavement(0.0), pavement(0.0, 41.0, 60.0)], [])) == 2


def test_polygons_all_turn_the_same_way() -> None:
    ways = walkways([pavement(-5.0), pavement(5.0)], [box(10.0, -3.5, 3.5), box(30.0, -3.5, 3.5)])
    assert all(area(ways, ring) < 0.0 for ring in ways.polygons)


def test_a_town_without_pavements_has_no_walkways() -> None:
    ways = walkways([pavement(0.0, kind="driving")], [box(10.0, -3.5, 3.5)])
    assert (ways.polygons, ways.vertices.shape) == ((), (0, 3))


@pytest.mark.parametrize("name", ["Town_Small", "Roundabout"])
def test_one_can_walk_everywhere_in_our_towns(name: str) -> None:
    town = load_town(name)
    ways = walkways(town.strips, town.crosswalks)
    assert groups(ways) == 1
    assert sum(ways.crossing) == len(town.crosswalks) > 10
