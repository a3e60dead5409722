"""The roster of road users, on snapshots with the client's interface."""

import numpy as np
import pytest

from sims.carla.drive.actors import CLOSING, FAR, Roster

DELTA = 0.1


class Point:
    def __init__(self, x, y):
        self.x, self.y, self.z = x, y, 0.0


class Body:
    """An actor, and its entry in a snapshot."""

    def __init__(self, actor_id, type_id, x, y=0.0, yaw=0.0, vx=0.0, ahead=0.0):
        self.id, self.type_id = actor_id, type_id
        self.x, self.y, self.yaw, self.vx, self.ahead = x, y, yaw, vx, ahead
        self.looks = self.boxes = 0

    @property
    def bounding_box(self):
        self.boxes += 1
        return type("Box", (), {"extent": Point(2.0, 1.0), "location": Point(self.ahead, 0.0)})()

    def get_transform(self):
        self.looks += 1
        rotation = type("Rotation", (), {"yaw": self.yaw})()
        return type("Transform", (), {"location": Point(self.x, self.y), "rotation": rotation})()

    def get_velocity(self):
        return Point(self.vx, 0.0)


class World(dict):
    """World and snapshot in one: id -> body."""

    def __init__(self, *bodies):
        super().__init__({body.id: body for body in bodies})

    def get_actors(self):
        return list(self.values())

    def find(self, actor_id):
        return self.get(actor_id)


def test_all_but_the_ego_in_order_of_their_ids():
    world = World(
        Body(9, "walker.pedestrian.0001", 5.0),
        Body(7, "vehicle.audi.tt", 10.0, 2.0, yaw=90.0, vx=3.0, ahead=0.5),
        Body(1, "vehicle.lincoln.mkz_2020", 0.0),
        Body(3, "traffic.traffic_light", 4.0),
    )
    others = Roster(world, 1, DELTA).read(world, np.zeros(2))
    assert others.ids.tolist() == [7, 9]
    assert others.xy == pytest.approx(np.array([[10.0, 2.5], [5.0, 0.0]]))
    assert others.yaw == pytest.approx([np.pi / 2, 0.0])
    assert others.velocity[0] == pytest.approx([3.0, 0.0])
    assert others.walker.tolist() == [False, True]


def test_boxes_are_asked_for_once_a_type():
    world = World(*(Body(i, "vehicle.audi.tt", 10.0 * i) for i in range(2, 6)))
    roster = Roster(world, 1, DELTA)
    for _ in range(3):
        roster.read(world, np.zeros(2))
    assert sum(body.boxes for body in world.values()) == 1


def test_who_comes_and_goes():
    world = World(Body(2, "vehicle.audi.tt", 10.0))
    roster = Roster(world, 1, DELTA)
    assert roster.read(world, np.zeros(2)).ids.tolist() == [2]
    world[5] = Body(5, "vehicle.audi.tt", 20.0)
    assert roster.read(world, np.zeros(2)).ids.tolist() == [2, 5]
    del world[2]
    assert roster.read(world, np.zeros(2)).ids.tolist() == [5]


def test_nobody():
    others = Roster(World(), 1, DELTA).read(World(), np.zeros(2))
    assert others.xy.shape == (0, 2)


def test_who_is_far_is_seen_in_time():
    """A car that comes as fast as any is never nearer than FAR without having been looked at."""
    car = Body(2, "vehicle.audi.tt", FAR + 200.0)
    world = World(car)
    roster = Roster(world, 1, DELTA)
    for step in range(36):
        car.x = FAR + 200.0 - CLOSING * DELTA * step
        others = roster.read(world, np.zeros(2))
        if abs(car.x) < FAR:
            assert others.xy[0, 0] == pytest.approx(car.x)
    assert car.looks <= 12
