"""Lines and arcs against figures of school geometry."""

import math

import pytest

from sims.carla.maps.generate.plan import Piece, Pose, advance, along, chain, end_of, join, length_of, wrap


def close(pose: Pose, x: float, y: float, heading: float) -> bool:
    return math.hypot(pose.x - x, pose.y - y) < 1e-9 and abs(wrap(pose.heading - heading)) < 1e-9


def test_a_quarter_circle_to_the_left_ends_a_radius_ahead_and_beside() -> None:
    quarter = Piece(math.pi / 2 * 10, 0.1)
    assert close(advance(Pose(1, 2, 0), quarter), 11, 12, math.pi / 2)
    assert close(advance(Pose(1, 2, 0), Piece(quarter.length, -0.1)), 11, -8, -math.pi / 2)


def test_a_turn_is_line_arc_line() -> None:
    """15 m before and 10 m behind the corner: 5 m of line, then a quarter circle of 10 m."""
    pieces = join(Pose(0, 0, 0), Pose(15, 10, math.pi / 2))
    assert [piece.length for piece in pieces] == pytest.approx([5, math.pi * 5])
    assert [piece.curvature for piece in pieces] == pytest.approx([0, 0.1])


def test_a_lead_keeps_lines_at_both_ends() -> None:
    first, arc, last = join(Pose(0, 0, 0), Pose(15, 10, math.pi / 2), lead=4)
    assert (first.length, last.length, 1 / arc.curvature) == pytest.approx((9, 4, 6))


def test_a_change_of_lane_is_two_arcs_that_meet_halfway() -> None:
    pieces = join(Pose(0, 0, 0), Pose(40, 4, 0))
    assert len(pieces) == 2
    assert pieces[0].curvature == pytest.approx(-pieces[1].curvature)
    assert close(advance(Pose(0, 0, 0), pieces[0]), 20, 2, 2 * math.atan2(2, 20))


@pytest.mark.parametrize("x", [20.0, 60.0])
@pytest.mark.parametrize("y", [-30.0, 0.0, 3.0, 50.0])
@pytest.mark.parametrize("heading", [-2.5, -0.1, 0.0, 1.0, math.pi])
def test_whatever_is_joined_ends_where_it_should(x: float, y: float, heading: float) -> None:
    start = Pose(-3, 7, 0.4)
    end = Pose(start.x + x, start.y + y, heading)
    assert close(end_of(start, join(start, end)), end.x, end.y, end.heading)


def test_along_a_chain() -> None:
    start = Pose(0, 0, 0)
    pieces = chain(start, Pose(10, 0, 0), Pose(20, 10, math.pi / 2), Pose(20, 30, math.pi / 2))
    assert length_of(pieces) == pytest.approx(10 + 5 * math.pi + 20)
    assert close(along(start, pieces, 4), 4, 0, 0)
    assert close(along(start, pieces, 10 + 5 * math.pi + 6), 20, 16, math.pi / 2)
