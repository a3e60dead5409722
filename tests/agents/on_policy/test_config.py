import dataclasses
import json

import pytest

from agents.on_policy import settings
from agents.on_policy.config import ModelConfig, TrainConfig, config_from_dict, rsl_rl_config
from landward.constraint import Constraint
from landward.errors import LandwardError, RegistryError
from tests.agents.builders import tiny_config
from tests.agents.fakes import make_spec


def test_settings_survive_config_json():
    config = tiny_config(seed=9, constraint__mode="penalty", model__hidden_sizes=(7, 5))
    assert config_from_dict(json.loads(json.dumps(dataclasses.asdict(config)))) == config


def test_an_unknown_setting_is_named():
    with pytest.raises(LandwardError, match="PPOConfig has no setting 'klip'"):
        config_from_dict({"ppo": {"klip": 0.2}})


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (TrainConfig(), "no end"),
        (TrainConfig(iterations=1, checkpoint_interval=0), "checkpoint_interval"),
        (
            TrainConfig(iterations=1, model=ModelConfig(exploration="gsde", hidden_sizes=(8,))),
            "two hidden layers",
        ),
    ],
)
def test_settings_that_cannot_work_are_refused(config, message):
    with pytest.raises(LandwardError, match=message):
        config.validate()


def test_the_shorter_limit_decides():
    config = tiny_config(iterations=10, total_steps=1000.0)
    assert config.steps_of_run(num_envs=16) == 1000.0  # 10 * 8 * 16 = 1280
    assert tiny_config(iterations=0, minutes=1.0).steps_of_run(16) == 0.0


def test_groups_and_constraints_come_from_the_spec():
    made = rsl_rl_config(tiny_config(), make_spec(), 16)
    assert made["obs_groups"] == {"actor": ["policy"], "critic": ["critic"]}
    assert made["algorithm"]["constraint_mode"] == "cat"
    assert made["algorithm"]["entropy_steps"] == 4 * 8 * 16
    assert rsl_rl_config(tiny_config(), make_spec(False), 16)["algorithm"]["constraint_mode"] == "none"
    blind = rsl_rl_config(tiny_config(model__critic_groups=("privileged",)), make_spec(), 16)
    assert blind["obs_groups"]["critic"] == ["policy"]


@dataclasses.dataclass
class Weights:
    track: float = 1.0
    range: tuple[float, float] = (0.0, 1.0)


@dataclasses.dataclass
class Task:
    weights: Weights = dataclasses.field(default_factory=Weights)
    constraints: tuple[Constraint, ...] = (Constraint("speed", "speed", 1.0, "m/s"),)
    scan: object = None


def test_only_what_differs_is_kept_and_comes_back():
    given = Task(Weights(track=2.0, range=(0.0, 2.0)), (Constraint("speed", "speed", 3.0, "m/s"),))
    found = settings.differences(Task(), given)
    assert set(found) == {"weights.track", "weights.range", "constraints"}
    fresh = Task()
    settings.apply(fresh, json.loads(json.dumps(found)))
    assert fresh == given
    assert settings.differences(Task(), Task()) == {}


def test_a_setting_without_json_is_named():
    with pytest.raises(LandwardError, match="scan is a object"):
        settings.differences(Task(), Task(scan=object()))


def test_a_setting_that_is_gone_is_named():
    with pytest.raises(RegistryError, match="weights.gone"):
        settings.apply(Task(), {"weights.gone": 1.0})
