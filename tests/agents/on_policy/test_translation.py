import dataclasses

import pytest

from agents.on_policy.config import EncoderConfig
from agents.on_policy.translation import rsl_rl_config
from landward.errors import LandwardError
from landward.spec import ObservationTerm
from tests.agents.builders import tiny_config
from tests.agents.fakes import make_spec
from tests.agents.images import PICTURE, POSITION, STEER, image_config, image_spec


def test_images_go_to_models_that_read_them():
    made = rsl_rl_config(image_config(), image_spec(), 4)
    assert made["obs_groups"]["critic"] == ["view", "state", "privileged"]
    for which in ("actor", "critic"):
        assert made[which]["class_name"] == "agents.on_policy.encoder:ImageModel"
        assert made[which]["images"] == {"view": PICTURE}
        assert made[which]["encoder"]["channels"] == (8, 16)
    # a critic of flat groups alone has no encoder
    flat = rsl_rl_config(image_config(model__critic_groups=("state", "privileged")), image_spec(), 4)
    assert flat["critic"]["class_name"] == "MLPModel" and "share_cnn_encoders" not in flat["algorithm"]


def test_beta_takes_the_bounds_of_the_actions():
    assert rsl_rl_config(image_config(), image_spec(), 4)["actor"]["distribution_cfg"] == {
        "class_name": "agents.on_policy.beta:BetaPolicy",
        "low": [-1.0],
        "high": [1.0],
        "init_concentration": 2.0,
    }
    # no clip: limits of -2 to 2 rad at 2 rad a unit
    free = dataclasses.replace(image_spec(), actions=(dataclasses.replace(STEER, clip=None, scale=4.0),))
    assert rsl_rl_config(image_config(), free, 4)["actor"]["distribution_cfg"]["high"] == [0.5]


def test_the_schedule_ends_with_the_run():
    made = rsl_rl_config(image_config(iterations=10, total_steps=500.0), image_spec(), 4)["algorithm"]
    assert (made["schedule"], made["schedule_steps"]) == ("linear", 500.0)
    assert (made["target_kl"], made["adam_eps"]) == (0.03, 1e-5)


def spec_with(**groups):
    return dataclasses.replace(image_spec(), observations={**image_spec().groups, **groups})


@pytest.mark.parametrize(
    ("config", "spec", "message"),
    [
        ({"model__encoder__share": True}, image_spec(), r"share.*--agent\.ppo\.no-parallel-update"),
        (
            {"model__encoder__share": True, "model__critic_groups": ("state",)},
            image_spec(),
            "actor reads view, the critic none",
        ),
        (
            {"model__recurrent": "gru", "ppo__parallel_update": False},
            image_spec(),
            "gru does not go with the image 'view' of blob",
        ),
        ({}, spec_with(view=(PICTURE, POSITION)), "'view' of blob holds the image 'picture' beside"),
        ({}, spec_with(view=(dataclasses.replace(PICTURE, history=2),)), "history of 2 frames"),
        ({}, spec_with(view=(ObservationTerm("scan", "lidar", (9, 3)),)), "lidar of shape .9, 3."),
        (
            {},
            dataclasses.replace(image_spec(), actions=(dataclasses.replace(STEER, clip=None, limits=()),)),
            "beta needs bounded actions: 'steer' of blob",
        ),
    ],
)
def test_settings_that_do_not_fit_the_task_are_refused(config, spec, message):
    with pytest.raises(LandwardError, match=message):
        rsl_rl_config(image_config(**config), spec, 4)


def test_encoders_are_of_no_matter_without_images():
    made = rsl_rl_config(tiny_config(model__encoder=EncoderConfig(share=True)), make_spec(), 4)
    assert made["actor"]["class_name"] == "MLPModel" and "share_cnn_encoders" not in made["algorithm"]
