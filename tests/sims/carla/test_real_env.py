"""Driving environments on embedded servers, through the real client: the contract, and what may go wrong."""

import logging
import os
import signal
import time

import numpy as np
import pytest

from landward.errors import LandwardError
from sims.carla.cfg import DrivingCfg
from sims.carla.drive.cfg import lane_cfg, route_cfg
from sims.carla.env import CarlaEnv
from sims.carla.process import start_server
from sims.check import check_env
from tests.sims.carla.impostors import listener
from tests.sims.carla.processes import gone
from tests.sims.remote.test_env import group_members

pytestmark = pytest.mark.carla
AHEAD = np.float32([[0.0, 0.5]])


def lane(**settings) -> DrivingCfg:
    cfg = DrivingCfg(drive=lane_cfg(), **settings)
    cfg.timeouts.answer, cfg.timeouts.step, cfg.timeouts.reconnect = 3.0, 12.0, 20.0
    return cfg


def servers_of(env: CarlaEnv) -> list[int]:
    """Process ids of the embedded servers, by environment."""
    return [next(pid for pid in group_members(worker) if pid != worker) for worker in env.pids]


def assert_begun_again(step, first) -> None:
    """Environment 0 was cut without a reward, and its episode starts as it did before."""
    assert step.truncated[0] and not step.terminated[0] and step.reward[0] == 0.0
    for name, value in first.items():
        np.testing.assert_array_equal(step.obs[name][0], value)


def test_lane_keeping_on_two_servers_keeps_the_contract() -> None:
    with CarlaEnv("carla-lane", lane(), 2) as env:
        assert check_env(env) == []
        workers = env.pids
    assert [group_members(pid) for pid in workers] == [[], []]


def test_a_seed_gives_the_same_episodes_in_traffic_whatever_came_before() -> None:
    """On servers that are new and on one that has driven."""
    runs = []
    with CarlaEnv("carla-route", DrivingCfg(drive=route_cfg()), 1, seed=3) as used:
        for _ in range(40):
            used.step(AHEAD)
        used.reset(seed=5)
        with CarlaEnv("carla-route", DrivingCfg(drive=route_cfg()), 1, seed=5) as new:
            for env in (used, new):
                numbers = [value.tobytes() for value in env.observe().values()]
                for _ in range(60):
                    step = env.step(AHEAD)
                    numbers += [value.tobytes() for value in (*step.obs.values(), step.reward)]
                runs.append(numbers)
    differing = [index for index, (one, other) in enumerate(zip(*runs, strict=True)) if one != other]
    assert differing == []  # the arrays themselves would fill the log


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_server_that_dies_or_hangs_is_replaced_and_its_episode_repeated(number, caplog) -> None:
    with CarlaEnv("carla-lane", lane(), 2) as env:
        first = {name: value[0].copy() for name, value in env.observe().items()}
        actions = np.repeat(AHEAD, 2, axis=0)
        for _ in range(5):
            env.step(actions)
        server, worker = servers_of(env)[0], env.pids[0]
        os.kill(server, number)
        start = time.monotonic()
        with caplog.at_level(logging.WARNING):
            step = env.step(actions)
        assert time.monotonic() - start < 30.0
        assert_begun_again(step, first)
        assert not step.truncated[1] and env.episode_steps.tolist() == [0, 6]
        assert step.log["faults/total"] == 1.0
        assert "environment 0 lost its simulator (fault 1)" in caplog.text
        assert group_members(worker) == []
        for _ in range(5):
            assert not env.step(actions).truncated.any()


def test_a_worker_that_is_killed_takes_its_server_with_it() -> None:
    with CarlaEnv("carla-lane", lane(), 1) as env:
        first = {name: value[0].copy() for name, value in env.observe().items()}
        env.step(AHEAD)
        server, worker = servers_of(env)[0], env.pids[0]
        os.kill(worker, signal.SIGKILL)
        assert_begun_again(env.step(AHEAD), first)
        assert group_members(worker) == []
        assert gone(server)


def test_a_server_of_the_users_own_is_waited_for_and_left_as_it_was() -> None:
    """Named with --env.server; it dies and is started again by whoever looks after it."""
    server = start_server("Town_Small")
    cfg = lane(server=f"127.0.0.1:{server.port}")
    with CarlaEnv("carla-lane", cfg, 1) as env:
        first = {name: value[0].copy() for name, value in env.observe().items()}
        env.step(AHEAD)
        server.stop()
        with start_server("Town_Small", port=server.port) as again:
            assert_begun_again(env.step(AHEAD), first)
            for _ in range(3):
                env.step(AHEAD)
            env.close()
            assert again.alive


def test_servers_are_restarted_after_some_episodes() -> None:
    with CarlaEnv("carla-lane", lane(restart_every=2, episode_s=0.3), 1) as env:
        servers = [servers_of(env)[0]]
        for _ in range(4):
            for _ in range(3):
                env.step(AHEAD)
            servers.append(servers_of(env)[0])
        assert servers[0] == servers[1] != servers[2] == servers[3] != servers[4]
        assert env.faults == 0
        assert gone(servers[0])


def test_a_wrong_version_is_said_and_leaves_no_process() -> None:
    with listener("0.9.15") as port, pytest.raises(LandwardError, match="is CARLA 0.9.15, but the client"):
        CarlaEnv("carla-lane", lane(server=f"127.0.0.1:{port}"), 1)


def test_a_picture_shows_the_road() -> None:
    with CarlaEnv("carla-lane", lane(), 1) as env:
        picture = env.render(0, (320, 240))
        assert picture.shape == (240, 320, 3) and picture.dtype == np.uint8
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 3
