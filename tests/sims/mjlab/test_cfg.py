from dataclasses import dataclass, field

import pytest

from landward.errors import LandwardError, RegistryError
from sims.mjlab import tasks
from sims.mjlab.cfg import MjlabCfg, override


@dataclass
class Group:
    enable_corruption: bool = True
    scale: float = 0.5


@dataclass
class Cfg:
    episode_length_s: float = 20.0
    seed: int | None = None
    observations: dict = field(default_factory=lambda: {"actor": Group()})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "episode_length_s=10",
            lambda cfg: cfg.episode_length_s == 10.0 and isinstance(cfg.episode_length_s, float),
        ),
        (
            "observations.actor.enable_corruption=False",
            lambda cfg: cfg.observations["actor"].enable_corruption is False,
        ),
        ("observations.actor=None", lambda cfg: cfg.observations["actor"] is None),
        ("seed=word", lambda cfg: cfg.seed == "word"),
    ],
)
def test_an_entry_is_changed(text, value):
    cfg = Cfg()
    override(cfg, text)
    assert value(cfg)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("episode_length_s", "write PATH=VALUE"),
        ("=3", "write PATH=VALUE"),
        ("episodes=3", "'episodes' is not one of episode_length_s, observations, seed"),
        ("observations.critic.scale=1", "'critic' is not one of actor"),
        ("seed.deeper=1", "'deeper' is not one of nothing, it is a value"),
    ],
)
def test_what_does_not_fit_is_named(text, message):
    with pytest.raises(RegistryError, match=message):
        override(Cfg(), text)


def test_without_mjlab_the_remedy_is_said(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "mjlab.tasks", None)
    monkeypatch.setitem(sys.modules, "mjlab", None)
    with pytest.raises(LandwardError, match="make setup-mjlab"):
        tasks.make_env("mjlab:Mjlab-Cartpole-Balance", MjlabCfg(), 2, 1)
