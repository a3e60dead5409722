"""Lights and signs of the towns, and of files that leave things out."""

import numpy as np
import pytest

from sims.carla.maps.signals import kind_of, zone_length, zones
from sims.carla.maps.town import load_town
from tests.sims.carla.maps.networks import town

carla = pytest.importorskip("carla")
GUARDS = [(n, s) for n in ("Roundabout", "Town_Small") for s in town(n).signals if s.kind != "speed_limit"]


def test_kinds() -> None:
    assert [kind_of(t) for t in ("1000001", "1000011", "206", "205", "274", "1000003")] == [
        "light",
        "light",
        "stop",
        "yield",
        "speed_limit",
        "unknown",
    ]


def test_a_zone_is_a_braking_distance_long() -> None:
    """54 km/h are 15 m/s: 225 / 15 m to stop with 7.5 m/s2, and a metre."""
    assert zone_length(54.0) == pytest.approx(16.0)
    assert zone_length(10.0) == 4.0


@pytest.mark.parametrize(("name", "signal"), GUARDS, ids=lambda value: getattr(value, "id", value))
def test_a_signal_stops_all_lanes_right_before_its_junction(name: str, signal) -> None:  # noqa: ANN001
    lanes = town(name).map
    for x, y, z, yaw, _ in signal.stops:
        before = carla.Location(x - 0.1 * np.cos(np.radians(yaw)), y - 0.1 * np.sin(np.radians(yaw)), z)
        waypoint = lanes.get_waypoint(before)
        assert not waypoint.is_junction
        assert waypoint.next(0.2)[0].get_junction().id == signal.junction
        assert np.cos(np.radians(yaw - signal.heading)) > 0.999
    centre_x, centre_y, heading, across, along = zones((signal,))[0]
    ahead = np.array([np.cos(heading), np.sin(heading)])
    stops = np.array([stop[:2] for stop in signal.stops])
    front = np.array([centre_x, centre_y]) + ahead * along
    assert np.abs((stops - front) @ ahead).max() < 0.1, "the zone ends at the stop line"
    assert 2 * along == signal.zone
    assert 2 * across == pytest.approx(3.5 * (len(stops) - 1) + 3.5 * 0.9, abs=0.02)


@pytest.mark.parametrize("name", ["Roundabout", "Town_Small"])
def test_approaches_of_a_junction_have_phases_of_their_own(name: str) -> None:
    lights = [signal for signal in town(name).signals if signal.kind == "light"]
    for junction in {light.junction for light in lights}:
        phases = [light.phase for light in lights if light.junction == junction]
        assert sorted(phases) == list(range(len(phases)))


def test_lights_without_a_controller_share_a_phase_with_their_approach() -> None:
    text = town("Town_Small").opendrive
    without = load_town(text.replace("<controller", "<removed").replace("</controller", "</removed"))
    lights = [signal for signal in without.signals if signal.kind == "light"]
    assert len(lights) == 17
    for junction in {light.junction for light in lights}:
        of_junction = [light for light in lights if light.junction == junction]
        assert {light.phase for light in of_junction} == set(range(len(of_junction)))


def test_names_are_short_enough_for_the_wire() -> None:
    assert all(len(signal.id.encode()) < 32 for _, signal in GUARDS)
