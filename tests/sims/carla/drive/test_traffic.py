"""Where other road users are put."""

import numpy as np

from sims.carla.drive.cfg import TrafficCfg
from sims.carla.drive.traffic import GIVE_WAY, KERB, Pedestrians, choose_places, kerbs
from tests.sims.carla.drive.scenes import straight

PLACES = np.array([[5.0, 0.0], [40.0, 20.0], [60.0, -30.0], [500.0, 0.0], [0.0, 400.0]])


def choose(count, seed=0, **changes):
    return choose_places(
        PLACES, straight(), TrafficCfg(vehicles=count, **changes), np.random.default_rng(seed)
    )


def test_places_near_the_route_come_first_and_the_start_stays_free():
    assert set(choose(2)) == {1, 2}
    assert set(choose(9)) == {1, 2, 3, 4}
    assert 0 in choose(9, clear=1.0)


def test_the_seed_decides():
    assert choose(9, seed=4) == choose(9, seed=4)
    assert len({tuple(choose(4, seed=seed)) for seed in range(8)}) > 1


def test_no_vehicles_or_no_places():
    assert choose(0) == []
    assert choose_places(np.zeros((0, 2)), straight(), TrafficCfg(), np.random.default_rng(0)) == []


def test_kerbs_face_each_other_across_both_directions():
    sides, z = kerbs(straight(left=1.75, right=1.75), np.random.default_rng(2))
    assert z == 0.0
    assert sides[0, 0] == sides[1, 0]
    right, left = max(sides[:, 1]), min(sides[:, 1])
    assert 1.75 + KERB[0] <= right <= 1.75 + KERB[1]
    assert -(5.25 + KERB[1]) <= left <= -(5.25 + KERB[0]), "beyond the opposite lane"


class Server:
    """What Pedestrians asks a Simulator for; walkers move when `tick` is called, unless something blocks."""

    def __init__(self):
        self.library = self
        self.walkers = []

    def filter(self, _):
        return [type("Blueprint", (), {"id": "walker.pedestrian.0001"})()]

    def spawn(self, _, pose):
        self.walkers.append(Walker(pose.location.x, pose.location.y))
        return self.walkers[-1]

    def tick(self, delta):
        for walker in self.walkers:
            if not walker.blocked:
                walker.x += walker.velocity[0] * delta
                walker.y += walker.velocity[1] * delta


class Walker:
    def __init__(self, x, y):
        self.x, self.y, self.velocity, self.blocked = x, y, (0.0, 0.0), False
        self.orders = []

    def get_location(self):
        return self

    def apply_control(self, control):
        speed, way = control.speed, control.direction
        self.velocity = (speed * way.x, speed * way.y)
        self.orders.append(speed > 0.0)


def walk(ego, blocked=False, seconds=120):
    server = Server()
    people = Pedestrians(server, TrafficCfg(walkers=4), straight(), np.random.default_rng(5))
    for walker in server.walkers:
        walker.blocked = blocked
    places = []
    for _ in range(round(seconds / 0.1)):
        people.step(np.array(ego), 0.1)
        server.tick(0.1)
        places.append([walker.y for walker in server.walkers])
    return server.walkers, np.array(places)


def test_pedestrians_cross_to_and_fro():
    walkers, y = walk((-100.0, 0.0))
    assert len(walkers) == 4
    for i in range(4):
        assert y[:, i].max() > 1.75, "right of the lane"
        assert y[:, i].min() < -5.25, "left of the opposite one"
        assert len(walkers[i].orders) >= 4
        assert np.abs(y[:, i]).max() < 8.5


def test_pedestrians_do_not_step_out_before_the_ego():
    server = Server()
    people = Pedestrians(server, TrafficCfg(walkers=1), straight(), np.random.default_rng(5))
    place = server.walkers[0]
    for _ in range(300):
        people.step(np.array([place.x - GIVE_WAY + 4.0, place.y]), 0.1)
    assert place.orders == []


def test_pedestrians_who_meet_an_obstacle_turn_back():
    walkers, _ = walk((-100.0, 0.0), blocked=True)
    assert all(len(walker.orders) >= 3 for walker in walkers), "they do not push against it for ever"
    assert all(all(walker.orders) for walker in walkers), "they stand still at a kerb only"


def test_pedestrians_who_turn_back_do_not_mind_that_the_ego_is_near():
    server = Server()
    people = Pedestrians(server, TrafficCfg(walkers=1), straight(), np.random.default_rng(5))
    walker = server.walkers[0]
    start = walker.y
    ego = np.array([-100.0, 0.0])
    for _ in range(600):
        people.step(ego, 0.1)
        server.tick(0.1)
        if abs(walker.y - start) > 4.0 and not walker.blocked and ego[0] < 0.0:
            walker.blocked = True  # a car stops before it
            ego = np.array([walker.x - 3.0, 0.0])
        elif walker.blocked and len(walker.orders) == 2:
            walker.blocked = False
    assert walker.orders[-1] is False
    assert abs(walker.y - start) < 0.3, "it is back where it came from"
