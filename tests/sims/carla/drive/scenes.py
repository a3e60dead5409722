"""Hand-made routes, egos and scenes for tests of the driving task."""

import numpy as np

from sims.carla.drive.actors import Others
from sims.carla.drive.ego import Ego
from sims.carla.drive.route import RoadOption, Route, locate, resample
from sims.carla.drive.scene import Scene, find_ahead, find_lead
from sims.carla.drive.signals import StopLines, crossings

SIGHT = 50.0


def straight(length=100, option=RoadOption.LANEFOLLOW, yaw=0.0, left=1.75, right=1.75):
    """A straight route from the origin; heading 0 is +x."""
    s = np.arange(0.0, length + 1.0)
    return Route(
        name="Test:0-1",
        xy=np.stack((s * np.cos(yaw), s * np.sin(yaw)), axis=-1),
        z=np.zeros_like(s),
        yaw=np.full_like(s, yaw),
        s=s,
        left=np.full_like(s, left),
        right=np.full_like(s, right),
        options=np.full(len(s), int(option), dtype=np.int8),
        junction=np.zeros(len(s), dtype=bool),
    )


def loop():
    """Two laps of a circle of 50 m to the left, from the origin towards +x."""
    angle = np.linspace(0.0, 4.0 * np.pi, 401)
    circle = np.stack((50.0 * np.sin(angle), 50.0 - 50.0 * np.cos(angle), 0.0 * angle), axis=-1)
    ones = np.full(401, 1.75)
    return resample("loop", circle, ones, ones, np.full(401, 4, np.int8), np.zeros(401, bool))


def ego_at(x=0.0, y=0.0, yaw=0.0, speed=0.0, **changes):
    """An ego of 4.8 m by 2 m that drives along its heading."""
    fields = {
        "xy": np.array([x, y]),
        "z": 0.0,
        "yaw": yaw,
        "velocity": speed * np.array([np.cos(yaw), np.sin(yaw)]),
        "speed": speed,
        "acceleration": np.zeros(2),
        "jerk": np.zeros(2),
        "yaw_rate": 0.0,
        "yaw_acceleration": 0.0,
        "extent": np.array([2.4, 1.0]),
        "control": (0.0, 0.0, 0.0),
    }
    return Ego(**(fields | changes))


def road_users(*rows):
    """Others from (x, y, yaw, vx, vy, half length, half width, walker)."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 8)
    return Others(
        ids=np.arange(len(table)) + 100,
        xy=table[:, :2],
        yaw=table[:, 2],
        velocity=table[:, 3:5],
        extent=table[:, 5:7],
        walker=table[:, 7] > 0.5,
    )


def car(x, y, yaw=0.0, vx=0.0, vy=0.0):
    """A row of `road_users`: 4 m by 2 m."""
    return (x, y, yaw, vx, vy, 2.0, 1.0, 0)


def walker(x, y, vx=0.0, vy=0.0):
    """A row of `road_users`: 0.4 m by 0.4 m."""
    return (x, y, 0.0, vx, vy, 0.2, 0.2, 1)


class Lamp:
    """What StopLines asks a carla.TrafficLight for."""

    def __init__(self, state):
        self.state = state


def stop_lines(*rows):
    """StopLines 3.5 m wide from (x, y, yaw, state); state 4 is a stop sign."""
    table = np.array([row[:3] for row in rows], dtype=np.float64).reshape(-1, 3)
    return StopLines(
        xy=table[:, :2],
        yaw=table[:, 2],
        half_width=np.full(len(table), 1.75),
        stop_sign=np.array([row[3] == 4 for row in rows], dtype=bool),
        actors=tuple(Lamp(row[3]) for row in rows),
    )


def scene(ego=None, route=None, others=None, lines=None, time=0.0, speed_limit=10.0):
    """A scene as DrivingEpisode would make it."""
    ego = ego_at() if ego is None else ego
    route = straight() if route is None else route
    others = road_users() if others is None else others
    lines = stop_lines() if lines is None else lines
    place = locate(route, ego.xy, ego.yaw)
    states = lines.states(ego.xy)
    crossed = crossings(lines, route)
    return Scene(
        frame=round(time * 10),
        time=time,
        ego=ego,
        place=place,
        others=others,
        route=route,
        speed_limit=speed_limit,
        lead=find_lead(route, ego, place, others, SIGHT),
        light=find_ahead(crossed, states, False, ego, place, SIGHT),
        stop_sign=find_ahead(crossed, states, True, ego, place, SIGHT),
        states=states,
    )
