"""`landward check-env`."""

import json

import pytest

from landward.errors import LandwardError, RegistryError
from sims.cli.check_env import CheckEnv, make
from tests.sims.fakes import FakeEnv


def silent_death(num_envs):
    class Silent(FakeEnv):
        def step(self, actions):
            step = super().step(actions)
            step.final_obs = None
            return step

    return Silent(num_envs)


def broken_factory():
    raise ValueError("no licence")


def test_a_sound_environment_exits_with_0(capsys):
    assert CheckEnv("tests.sims.fakes:FakeEnv").run() == 0
    assert "keeps the environment contract" in capsys.readouterr().out


def test_a_broken_one_exits_with_1_and_says_the_remedy(capsys):
    name = f"{__name__}:silent_death"
    assert CheckEnv(name, num_envs=2, json=True).run() == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] is False
    assert "bootstrap" in report["findings"][0]["remedy"]
    assert CheckEnv(name).run() == 1
    assert "final_obs is None" in capsys.readouterr().out


def test_what_cannot_be_found_is_named():
    with pytest.raises(RegistryError, match="no module 'no_such_module'"):
        make("no_such_module:Env", 1, 0)
    with pytest.raises(RegistryError, match="no callable 'Nothing'"):
        make("tests.sims.fakes:Nothing", 1, 0)
    with pytest.raises(RegistryError):
        make("no-such-task", 1, 0)
    with pytest.raises(LandwardError, match="ValueError: no licence"):
        make(f"{__name__}:broken_factory", 1, 0)


def test_an_engine_is_for_tasks_only():
    with pytest.raises(RegistryError, match="makes its own environment: leave out --engine"):
        CheckEnv("tests.sims.fakes:FakeEnv", engine="warp").run()
