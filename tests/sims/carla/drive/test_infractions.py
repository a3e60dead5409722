"""The leaderboard's infractions, provoked one by one by hand-made scenes."""

import numpy as np
import pytest

from sims.carla.drive.infractions import (
    PENALTY,
    InfractionDetector,
    collision_kind,
    infraction_score,
)
from sims.carla.drive.signals import GREEN, RED, STOP, YELLOW
from sims.carla.sensors import Collision
from tests.sims.carla.drive.scenes import ego_at, scene, stop_lines

DELTA = 0.1


def drive(lines, xs, speed=5.0, y=0.0, detector=None, yaw=0.0):
    """Kinds of what happens while the ego's centre goes through `xs`."""
    detector = detector or InfractionDetector(lines)
    found = []
    for i, x in enumerate(xs):
        seen = scene(ego=ego_at(x, y, yaw, speed), lines=lines, time=i * DELTA)
        found += detector.update(seen, (), DELTA)
    return [infraction.kind for infraction in found]


@pytest.mark.parametrize(("state", "expected"), [(RED, ["red_light"]), (YELLOW, []), (GREEN, [])])
def test_red_light(state, expected):
    assert drive(stop_lines((10.0, 0.0, 0.0, state)), np.arange(5.0, 20.0, 0.5)) == expected


def test_only_the_tail_counts():
    """The tail is 0.8 * 2.4 m behind the centre: it passes the line at x = 11.92 m."""
    lines = stop_lines((10.0, 0.0, 0.0, RED))
    assert drive(lines, np.arange(5.0, 11.9, 0.5)) == []
    assert drive(lines, (11.8, 12.0)) == ["red_light"]


def test_the_light_of_another_lane_or_direction_does_not_count():
    lines = stop_lines((10.0, 3.5, 0.0, RED), (10.0, 0.0, np.pi, RED))
    assert drive(lines, np.arange(5.0, 20.0, 0.5)) == []


def test_backing_over_a_line_is_no_infraction():
    assert drive(stop_lines((10.0, 0.0, 0.0, RED)), np.arange(20.0, 5.0, -0.5)) == []


def test_stop_sign_passed_without_a_stop():
    assert drive(stop_lines((10.0, 0.0, 0.0, STOP)), np.arange(0.0, 20.0, 0.5)) == ["stop_sign"]


def test_stop_sign_after_a_stop():
    lines = stop_lines((10.0, 0.0, 0.0, STOP))
    detector = InfractionDetector(lines)
    assert drive(lines, np.arange(0.0, 7.0, 0.5), detector=detector) == []
    assert drive(lines, [7.0], speed=0.0, detector=detector) == []
    assert detector.stopped.tolist() == [True]
    assert drive(lines, np.arange(7.0, 20.0, 0.5), detector=detector) == []
    assert detector.stopped.tolist() == [False], "the next time it must stop again"


def test_a_stop_far_before_the_sign_does_not_count():
    lines = stop_lines((10.0, 0.0, 0.0, STOP))
    detector = InfractionDetector(lines)
    drive(lines, [1.0], speed=0.0, detector=detector)  # the front is 6.6 m before the line
    assert drive(lines, np.arange(1.0, 20.0, 0.5), detector=detector) == ["stop_sign"]


def hit(kind, other_id, frame=0):
    return Collision(frame, other_id, kind, (100.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("type_id", "kind"),
    [
        ("walker.pedestrian.0001", "collision_pedestrian"),
        ("vehicle.audi.tt", "collision_vehicle"),
        ("static.building", "collision_static"),
        ("static.prop.streetbarrier", "collision_static"),
        ("traffic.traffic_light", "collision_static"),
        ("static.road", ""),
        ("static.sidewalk", ""),
    ],
)
def test_what_was_hit(type_id, kind):
    assert collision_kind(type_id) == kind


def test_one_collision_with_one_car_is_one_infraction():
    detector = InfractionDetector(stop_lines())
    counts = []
    for i in range(60):
        seen = scene(ego=ego_at(0.1 * i, speed=1.0), time=i * DELTA)
        counts.append(len(detector.update(seen, [hit("vehicle.audi.tt", 7)], DELTA)))
    assert np.flatnonzero(counts).tolist() == [0, 50], "again after 5 s"


def test_two_cars_are_two_infractions():
    detector = InfractionDetector(stop_lines())
    events = [hit("vehicle.audi.tt", 7), hit("vehicle.audi.tt", 8)]
    found = detector.update(scene(ego=ego_at(speed=3.0)), events, DELTA)
    assert [(item.other_id, item.speed) for item in found] == [(7, 3.0), (8, 3.0)]


def test_a_wall_is_hit_again_after_five_metres():
    detector = InfractionDetector(stop_lines())
    events = [hit("static.wall", 0)]
    assert len(detector.update(scene(ego=ego_at(speed=3.0)), events, DELTA)) == 1
    assert len(detector.update(scene(ego=ego_at(x=4.0, speed=3.0)), events, DELTA)) == 0
    assert len(detector.update(scene(ego=ego_at(x=6.0, speed=3.0)), events, DELTA)) == 1


def test_who_stands_does_not_hit():
    detector = InfractionDetector(stop_lines())
    detector.update(scene(), (), DELTA)
    assert detector.update(scene(), [hit("vehicle.audi.tt", 7)], DELTA) == []


def test_who_is_pushed_from_a_stand_does_not_hit():
    detector = InfractionDetector(stop_lines())
    for _ in range(3):
        detector.update(scene(), (), DELTA)
    detector.update(scene(ego=ego_at(speed=2.0)), (), DELTA)  # the collision's own tick
    assert detector.update(scene(ego=ego_at(speed=2.0)), [hit("vehicle.audi.tt", 7)], DELTA) == []


def test_who_has_stopped_by_hitting_hit():
    detector = InfractionDetector(stop_lines())
    for _ in range(3):
        detector.update(scene(ego=ego_at(speed=5.0)), (), DELTA)
    detector.update(scene(), (), DELTA)
    assert len(detector.update(scene(), [hit("static.wall", 0)], DELTA)) == 1


def test_way_time_and_distance():
    detector = InfractionDetector(stop_lines())
    for i in range(11):
        detector.update(scene(ego=ego_at(1.0 * i, 0.0 if i < 6 else -3.0, speed=10.0)), (), DELTA)
    assert detector.driven == pytest.approx(9.0 + np.hypot(1.0, 3.0))
    assert detector.outside == pytest.approx(4.0 + np.hypot(1.0, 3.0))
    assert detector.standing_for == 0.0
    for _ in range(3):
        detector.update(scene(ego=ego_at(10.0, speed=0.05)), (), DELTA)
    assert detector.standing_for == pytest.approx(0.3)


def test_score():
    assert infraction_score({}) == 1.0
    assert infraction_score({"collision_pedestrian": 1, "red_light": 2}) == pytest.approx(0.5 * 0.49)
    assert infraction_score({"stop_sign": 1}, outside_share=0.25) == pytest.approx(0.6)
    assert PENALTY["collision_vehicle"] == 0.60
