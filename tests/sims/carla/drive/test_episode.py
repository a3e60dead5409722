"""Whole episodes through the real client on an embedded server; every infraction provoked once."""

import dataclasses

import carla
import numpy as np
import pytest

from landward.errors import LandwardError
from sims.carla.client import connect
from sims.carla.drive.cfg import DriveCfg, RouteCfg, TerminationCfg, TrafficCfg, lane_cfg, route_cfg
from sims.carla.drive.episode import DrivingEpisode
from sims.carla.drive.signals import RED, crossings
from sims.carla.drive.terms import observation_groups, state_constraints
from sims.carla.process import start_server

pytestmark = pytest.mark.carla

WHEELBASE, STEER_LIMIT = 2.85, 1.2
"""[m], [rad] of lincoln.mkz_2020; roughly is enough for pure pursuit."""


@pytest.fixture(scope="module")
def simulator():
    with start_server("Town_Small") as server, connect(server.host, server.port, delta=0.1) as simulator:
        yield simulator


def alone(**changes):
    """Short routes without traffic."""
    cfg = DriveCfg(
        route=RouteCfg(length=(100.0, 200.0), count=60),
        traffic=TrafficCfg(vehicles=0, walkers=0),
        terminations=TerminationCfg(blocked_s=30.0),
        start_speed=(0.0, 0.0),
    )
    return dataclasses.replace(cfg, **changes)


@pytest.fixture(scope="module")
def episode(simulator):
    return DrivingEpisode(simulator, alone())


def pursue(scene, terms, speed):
    """(steer, pedal): pure pursuit of a point of the route, a P controller of the speed."""
    x, y = terms["route_ahead"][2]
    angle = np.arctan2(2.0 * WHEELBASE * y, x * x + y * y)
    return np.array([-angle / STEER_LIMIT, 0.6 * (speed - scene.ego.speed)], np.float32)


def drive(episode, outcome, speed=7.0, obey=True, ticks=900):
    """Until the episode ends: the last outcome and the sum of rewards."""
    total = 0.0
    for _ in range(ticks):
        scene, target = episode.scene, speed
        if obey:
            # The yellow phase is long enough to stop in at this speed.
            for ahead in (scene.light, scene.stop_sign):
                if ahead.state in (0, 1, 4) and ahead.distance > -1.0:
                    target = min(
                        target, max(0.5 * (ahead.distance - 1.0), 0.0 if ahead.distance < 2.5 else 1.0)
                    )
        outcome = episode.step(pursue(scene, outcome.terms, target))
        total += outcome.reward
        if outcome.terminated or outcome.truncated:
            break
    return outcome, total


def route_over(episode, stop_sign, least=40.0):
    """A route of the set whose first stop line is a light's or a stop sign's, `least` metres ahead."""
    for route in episode.routes:
        crossed = crossings(episode.lines, route)
        if len(crossed.s) and crossed.s[0] > least and episode.lines.stop_sign[crossed.line[0]] == stop_sign:
            return route, int(crossed.line[0])
    raise AssertionError("Town_Small has both")


def begin_before_a_red_light(episode):
    """The first outcome of an episode that comes to a red light, and the light, which stays red."""
    route, line = route_over(episode, stop_sign=False)
    outcome = episode.reset(5, route)
    light = episode.lines.actors[line]
    light.set_state(carla.TrafficLightState.Red)
    light.freeze(True)
    return outcome, light


@pytest.mark.parametrize("seed", [0, 1])
def test_a_route_is_driven_to_its_end(episode, seed):
    outcome, total = drive(episode, episode.reset(seed))
    assert (episode.ended, outcome.truncated, outcome.terminated) == ("completed", True, False)
    assert episode.completion == 1.0
    assert [infraction.kind for infraction in episode.infractions] == []
    assert episode.driven == pytest.approx(episode.route.length, abs=8.0)
    assert episode.outside == 0.0
    info = outcome.info
    assert info["episode/driving_score"] == 100.0
    assert info["reward/outside"] == info["reward/lane"] == info["reward/time_to_collision"] == 1.0
    # Progress is counted from the start's place on; soft factors only take away.
    assert 30.0 < total <= 100.0


def test_terms_and_state_fit_the_spec(episode):
    outcome = episode.reset(3)
    for stepped in (outcome, episode.step(np.zeros(2, np.float32))):
        terms = [term for group in observation_groups(episode.cfg).values() for term in group]
        assert list(stepped.terms) == [term.name for term in terms]
        for term in terms:
            value = stepped.terms[term.name]
            assert (value.shape, value.dtype) == (term.shape, np.dtype(term.dtype))
            assert np.isfinite(value).all()
        constraints = state_constraints(
            dataclasses.replace(
                episode.cfg, reward=dataclasses.replace(episode.cfg.reward, penalties="constraints")
            )
        )
        needed = {name for item in constraints for name in (item.reads, item.reference, item.when) if name}
        assert needed <= set(stepped.state)
    assert outcome.terms["bev"][..., 0].max() == 255
    assert abs(outcome.terms["lane_error"]).max() < 0.3


def test_red_light(episode, simulator):
    outcome, light = begin_before_a_red_light(episode)
    simulator.tick()
    outcome, _ = drive(episode, outcome, obey=False)
    light.freeze(False)
    assert (episode.ended, outcome.terminated) == ("red_light", True)
    assert outcome.state["red_light"] == 1.0
    assert outcome.info["episode/infraction_score"] == pytest.approx(0.7)
    assert outcome.reward <= -0.5, "the terminal hint outweighs the last tick's progress"


def test_the_light_ahead_is_seen_before_it_is_run(episode, simulator):
    outcome, light = begin_before_a_red_light(episode)
    outcome, _ = drive(episode, outcome, ticks=250)
    light.freeze(False)
    assert episode.ended == "", "it waits"
    assert episode.scene.light.state == RED
    assert 0.0 < episode.scene.light.distance < 4.0
    assert outcome.terms["light"][1] == 1.0
    assert outcome.terms["bev"][..., 6].max() == 255


def test_stop_sign(episode):
    route, _ = route_over(episode, stop_sign=True)
    outcome, _ = drive(episode, episode.reset(6, route), obey=False)
    assert (episode.ended, outcome.terminated) == ("stop_sign", True)
    assert outcome.info["episode/infraction_score"] == pytest.approx(0.8)


def test_a_parked_car_is_seen_and_hit(episode, simulator):
    route, _ = route_over(episode, stop_sign=True, least=50.0)
    episode.reset(7, route)
    blueprint = simulator.world.get_blueprint_library().find("vehicle.audi.tt")
    place = carla.Location(*route.xy[30].tolist(), float(route.z[30]) + 0.3)
    turn = carla.Rotation(yaw=float(np.degrees(route.yaw[30])))
    assert simulator.spawn(blueprint, carla.Transform(place, turn)) is not None
    outcome = episode.step(np.zeros(2, np.float32))
    assert episode.scene.lead.present
    assert episode.scene.lead.gap == pytest.approx(30.0 - episode.progress - 4.5, abs=1.0)
    assert outcome.terms["bev"][..., 3].max() == 255
    outcome, _ = drive(episode, outcome, obey=False)
    assert (episode.ended, outcome.terminated) == ("collision", True)
    hit = episode.infractions[-1]
    assert (hit.kind, hit.other) == ("collision_vehicle", "vehicle.audi.tt")
    assert outcome.state["collision"] == 1.0
    assert outcome.info["reward/time_to_collision"] < 1.0, "it was forecast"


def test_leaving_the_road(episode):
    outcome = episode.reset(8)
    for _ in range(400):
        outcome = episode.step(np.array([1.0 if episode.scene.ego.speed > 4.0 else 0.0, 0.6], np.float32))
        if episode.ended:
            break
    assert outcome.terminated
    assert episode.ended in ("off_road", "collision"), "a building may stand there"
    assert episode.outside > 0.0
    assert outcome.info["reward/outside"] < 1.0


def test_standing_still(simulator):
    cfg = alone(terminations=TerminationCfg(blocked_s=3.0))
    episode = DrivingEpisode(simulator, cfg)
    episode.reset(9)
    ticks = 0
    while not episode.ended:
        outcome = episode.step(np.array([0.0, -1.0], np.float32))
        ticks += 1
    assert (episode.ended, outcome.terminated) == ("blocked", True)
    assert 20 <= ticks <= 31, "the braked start counts"


def test_time_out_is_a_truncation(simulator):
    limit = TerminationCfg(blocked_s=60.0, seconds=0.0, seconds_per_metre=0.01)
    episode = DrivingEpisode(simulator, alone(terminations=limit))
    episode.reset(9)
    while not episode.ended:
        outcome = episode.step(np.array([0.0, -1.0], np.float32))
    assert (episode.ended, outcome.truncated, outcome.terminated) == ("timeout", True, False)


def test_evaluation_drives_on_and_counts(simulator):
    episode = DrivingEpisode(simulator, alone(endings="leaderboard"))
    route, _ = route_over(episode, stop_sign=True)
    outcome, _ = drive(episode, episode.reset(6, route), obey=False)
    assert episode.ended == "completed"
    kinds = [infraction.kind for infraction in episode.infractions]
    assert "stop_sign" in kinds
    assert outcome.info["episode/infraction_score"] < 0.81


def test_speed_control(simulator):
    episode = DrivingEpisode(simulator, alone(control="speed"))
    outcome = episode.reset(0)
    for _ in range(60):
        steer = pursue(episode.scene, outcome.terms, 0.0)[0]
        outcome = episode.step(np.array([steer, 6.0], np.float32))
    assert episode.scene.ego.speed == pytest.approx(6.0, abs=1.2)
    for _ in range(40):
        outcome = episode.step(np.array([0.0, -1.0], np.float32))
    assert episode.scene.ego.speed < 0.05
    assert episode.ego.get_control().brake == pytest.approx(0.5, abs=0.05)


def test_the_same_seed_is_the_same_episode_with_traffic(simulator):
    cfg = route_cfg()
    cfg.traffic.vehicles, cfg.traffic.walkers = 8, 3
    episode = DrivingEpisode(simulator, cfg)

    def run(seed):
        outcome, seen = episode.reset(seed), []
        for _ in range(60):
            outcome = episode.step(pursue(episode.scene, outcome.terms, 5.0))
            seen.append(np.concatenate([value.ravel() for value in outcome.terms.values()]))
        return np.array(seen), {int(actor) for actor in episode.scene.others.ids}

    first, actors = run(11)
    assert len(actors) >= 9
    other, _ = run(12)
    again, _ = run(11)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_traffic_manager_may_drive(simulator):
    episode = DrivingEpisode(simulator, alone(endings="leaderboard"))
    episode.reset(2)
    episode.ego.set_autopilot(True, simulator.traffic_port)
    for _ in range(80):
        episode.step(None)
    assert episode.driven > 10.0


def test_nothing_is_left(simulator):
    cfg = route_cfg()
    cfg.traffic.vehicles, cfg.traffic.walkers = 5, 2
    episode = DrivingEpisode(simulator, cfg)
    simulator.clear()
    simulator.tick()
    before = len(simulator.world.get_actors())
    episode.reset(1)
    assert len(simulator.world.get_actors()) == before + 1 + 1 + 5 + 2
    episode.close()
    simulator.tick()
    assert len(simulator.world.get_actors()) == before


def test_picture(episode):
    episode.reset(4)
    image = episode.picture((320, 240))
    assert image.shape == (240, 320, 3)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 4


def test_an_ego_that_the_server_lacks(simulator):
    episode = DrivingEpisode(simulator, alone(ego="vehicle.no.such"))
    with pytest.raises(LandwardError, match=r"has no vehicle 'vehicle\.no\.such'; set --env\.drive\.ego"):
        episode.reset(0)


def test_nothing_makes_lane_keeping_stop(simulator):
    episode = DrivingEpisode(simulator, lane_cfg())
    assert 5 < len(episode.routes) < episode.cfg.route.count
    for seed in range(2):
        outcome, _ = drive(episode, episode.reset(seed))
        assert episode.ended == "completed"
        assert episode.infractions == []
        assert outcome.info["episode/mean_speed"] > 5.0
        assert (episode.lines.states(episode.scene.ego.xy) != RED).all()


def test_training_may_begin_at_speed(simulator):
    episode = DrivingEpisode(simulator, alone(start_speed=(6.0, 6.0)))
    speeds = []
    for seed in range(6):
        episode.reset(seed)
        scene = episode.scene
        speeds.append(scene.ego.speed)
        room = min(scene.lead.gap, scene.light.distance, scene.stop_sign.distance)
        assert scene.ego.speed**2 / (2.0 * 2.0) < max(room - 3.0, 0.3)
        assert np.abs(scene.ego.acceleration).max() < 0.1, "its past is forgotten"
    assert max(speeds) == pytest.approx(6.0, abs=0.5)
    evaluated = DrivingEpisode(simulator, alone(start_speed=(6.0, 6.0), endings="leaderboard"))
    evaluated.reset(int(np.argmax(speeds)))
    assert abs(evaluated.scene.ego.speed) < 0.1
