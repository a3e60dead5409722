import dataclasses
import json

import pytest

from agents.on_policy import settings
from agents.on_policy.config import EncoderConfig, ModelConfig, TrainConfig, config_from_dict
from agents.on_policy.translation import rsl_rl_config
from landward.constraint import Constraint
from landward.errors import LandwardError, RunError
from sims.registry import get_task
from tests.agents.builders import tiny_config
from tests.agents.fakes import make_spec


def test_settings_survive_config_json():
    config = tiny_config(seed=9, constraint__mode="penalty", model__hidden_sizes=(7, 5))
    config.model.encoder.channels = (3, 9, 27)
    assert config_from_dict(json.loads(json.dumps(dataclasses.asdict(config)))) == config


def test_an_unknown_setting_is_named():
    with pytest.raises(LandwardError, match="PPOConfig has no setting 'klip'"):
        config_from_dict({"ppo": {"klip": 0.2}})


def recurrent(mirror=False, mode="penalty", parallel_update=False):
    return tiny_config(
        model__recurrent="lstm",
        ppo__mirror=mirror,
        ppo__parallel_update=parallel_update,
        constraint__mode=mode,
    )


def encoder(**changes):
    return tiny_config(model__encoder=EncoderConfig(**changes))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (TrainConfig(), "no end"),
        (TrainConfig(iterations=1, checkpoint_interval=0), "checkpoint_interval"),
        (TrainConfig(iterations=1, model=ModelConfig(init_concentration=1.0)), "init_concentration"),
        (
            TrainConfig(iterations=1, model=ModelConfig(exploration="gsde", hidden_sizes=(8,))),
            "two hidden layers",
        ),
        (tiny_config(iterations=0, minutes=1.0, ppo__schedule="linear"), "linear needs to know the end"),
        (encoder(kernels=(3,)), "3 channels, 1 kernels, 3 strides"),
        (encoder(channels=(), kernels=(), strides=()), "0 channels"),
        (encoder(strides=(1, 0, 1)), r"model\.encoder\.strides must be at least 1, got 0"),
        (recurrent(mirror=True), r"ppo\.mirror.*--agent\.ppo\.no-mirror"),
        (recurrent(mode="cat"), r"constraint\.mode cat.*--agent\.constraint\.mode penalty"),
        (recurrent(parallel_update=True), r"parallel_update.*--agent\.ppo\.no-parallel-update"),
    ],
)
def test_settings_that_cannot_work_are_refused(config, message):
    with pytest.raises(LandwardError, match=message):
        config.validate()


def test_a_recurrent_model_with_what_it_goes_with_is_accepted():
    recurrent().validate()


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
    scales: dict[str, float | tuple[float, ...]] = dataclasses.field(default_factory=dict)
    more: Weights | None = None
    scan: object = None


def other_task():
    limits = (Constraint("speed", "speed", (3.0, 4.0), "m/s", elements=("x", "y")),)
    return Task(Weights(track=2.0, range=(0.0, 2.0)), limits, {"a": 1.0, "b": (1.0, 2.0)}, Weights(3.0))


def test_differences_are_named():
    found = settings.differences(Task(), other_task())
    assert set(found) == {"weights.track", "weights.range", "constraints", "scales", "more"}
    assert found["weights.track"] == 2.0
    assert settings.differences(Task(), Task()) == {}


@pytest.mark.parametrize("given", [Task(), other_task()])
def test_a_whole_configuration_comes_back_whatever_the_registered_one_is(given):
    data = json.loads(json.dumps(settings.document(given)))
    assert settings.rebuild(Task(), data) == given
    assert settings.rebuild(other_task(), data) == given


@pytest.mark.parametrize("task", ["go1-flat", "go1-rough", "solo12-flat", "solo12-rough"])
def test_the_registered_tasks_come_back(task):
    cfg = get_task(task).make_cfg(False)
    other = get_task("go1-flat").make_cfg(False)
    assert settings.rebuild(other, json.loads(json.dumps(settings.document(cfg)))) == cfg


def test_a_setting_without_json_is_named():
    with pytest.raises(LandwardError, match="scan is a object"):
        settings.differences(Task(), Task(scan=object()))


def test_a_setting_that_would_come_back_as_another_is_named():
    with pytest.raises(LandwardError, match="scan does not come back"):
        settings.document(Task(scan=Weights()))


def test_a_setting_that_is_gone_or_does_not_fit_is_named():
    with pytest.raises(RunError, match="weights.'gone'"):
        settings.rebuild(Task(), {"weights": {"gone": 1.0}})
    with pytest.raises(RunError, match="weights.range"):
        settings.rebuild(Task(), {"weights": {"range": [1.0, 2.0, 3.0]}})
    with pytest.raises(RunError, match="setting weights is 3"):
        settings.rebuild(Task(), {"weights": 3})


def test_a_setting_newer_than_the_run_takes_todays_value_with_a_warning(caplog):
    data = settings.document(Task())
    del data["weights"]["track"]
    assert settings.rebuild(Task(Weights(track=5.0)), data).weights.track == 5.0
    assert "weights.track" in caplog.text
