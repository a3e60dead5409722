"""The lane graph of a real OpenDRIVE town."""

import numpy as np
import pytest

from sims.carla.drive.geometry import wrap


def test_every_lane_leads_on_without_gap_or_kink(graph):
    for index, lane in enumerate(graph.segments):
        assert graph.successors[index], lane.key
        for following in graph.successors[index]:
            after = graph.segments[following]
            assert np.linalg.norm(lane.points[-1] - after.points[0]) < 1.0
            assert abs(wrap(lane.yaw[-1] - after.yaw[0])) < np.radians(10.0)


def test_points_are_in_driving_direction(graph):
    for lane in graph.segments:
        along = np.diff(lane.points[:, :2], axis=0)
        heading = np.stack((np.cos(lane.yaw), np.sin(lane.yaw)), axis=-1)[:-1]
        assert (np.sum(along * heading, axis=1) > 0.0).all(), lane.key


def test_neighbours_lie_on_their_side(graph):
    changes = 0
    for index, lane in enumerate(graph.segments):
        for beside, sign in ((graph.left[index], 1.0), (graph.right[index], -1.0)):
            if beside < 0:
                continue
            changes += 1
            middle = len(lane.s) // 2
            d = graph.segments[beside].points[:, :2] - lane.points[middle, :2]
            nearest = d[np.argmin(np.linalg.norm(d, axis=1))]
            yaw = lane.yaw[middle]
            left = nearest[0] * np.sin(yaw) - nearest[1] * np.cos(yaw)
            assert left * sign == pytest.approx(lane.width[middle], abs=0.3)
    assert changes > 0, "Town_Small has a street with two lanes a direction"


def test_lanes_reach_further_where_there_are_two(graph):
    for index, lane in enumerate(graph.segments):
        if lane.junction < 0 and graph.left[index] >= 0:
            assert lane.left > lane.width[0]
        elif lane.junction >= 0:
            assert lane.left == pytest.approx(lane.width[len(lane.width) // 2] / 2)


def test_locate_tells_directions_apart(graph):
    for lane in graph.segments[:40]:
        middle = len(lane.s) // 2
        segment, point = graph.locate(lane.points[middle, :2], float(lane.yaw[middle]))
        found = graph.segments[segment]
        assert np.linalg.norm(found.points[point] - lane.points[middle]) < 0.5
        assert abs(wrap(found.yaw[point] - lane.yaw[middle])) < np.radians(20.0)
