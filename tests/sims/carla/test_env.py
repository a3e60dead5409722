import pytest

from landward.errors import LandwardError
from sims.carla.cfg import DrivingCfg
from sims.carla.env import CarlaEnv, server_addresses


def test_without_addresses_each_environment_has_a_server_of_its_own() -> None:
    assert server_addresses(" ", 3) == ["", "", ""]


def test_addresses_are_dealt_to_the_environments() -> None:
    assert server_addresses("a:2000, b, c:2100", 2) == ["a:2000", "b:2000"]


@pytest.mark.parametrize(
    ("servers", "count", "message"),
    [
        ("a:2000,b:2000", 3, r"3 environments need as many CARLA servers, but --env.server names 2"),
        ("a:2000,a", 1, "names a server twice"),
        ("a:x", 1, "'a:x' is no address of a CARLA server: write HOST:PORT"),
        ("a:70000", 1, "is no address"),
        (":2000", 1, "is no address"),
    ],
)
def test_bad_addresses_are_refused(servers: str, count: int, message: str) -> None:
    with pytest.raises(LandwardError, match=message):
        server_addresses(servers, count)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("delta", 0.0, r"--env.delta must be in \(0, 0.5\] s, got 0"),
        ("delta", 0.6, "--env.delta"),
        ("episode_s", 0.05, "--env.episode-s must be at least one tick, 0.1 s"),
    ],
)
def test_settings_that_make_no_sense_are_refused(field: str, value: float, message: str) -> None:
    cfg = DrivingCfg()
    setattr(cfg, field, value)
    with pytest.raises(LandwardError, match=message):
        CarlaEnv("carla-lane", cfg, 1)


def test_a_worker_must_have_longer_than_its_server() -> None:
    cfg = DrivingCfg()
    cfg.timeouts.step = cfg.timeouts.answer
    with pytest.raises(LandwardError, match="must be longer than --env.timeouts.answer"):
        CarlaEnv("carla-lane", cfg, 1)
