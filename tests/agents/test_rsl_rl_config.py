import logging
from types import SimpleNamespace as Namespace

import pytest

from agents.rsl_rl_config import from_rsl_rl
from landward.errors import LandwardError


def runner_cfg(**changes):
    """A runner configuration with the fields of Isaac Lab's RslRlOnPolicyRunnerCfg."""
    model = {
        "class_name": "MLPModel",
        "hidden_dims": [32, 16],
        "activation": "relu",
        "obs_normalization": False,
    }
    fields = {
        "num_steps_per_env": 16,
        "max_iterations": 150,
        "save_interval": 25,
        "init_at_random_ep_len": False,
        "obs_groups": {"actor": ["policy"], "critic": ["policy", "extra"]},
        "actor": Namespace(**model, distribution_cfg=Namespace(init_std=0.8)),
        "critic": Namespace(**model, distribution_cfg=None),
        "algorithm": Namespace(
            num_learning_epochs=5,
            num_mini_batches=8,
            learning_rate=3e-4,
            schedule="fixed",
            desired_kl=0.008,
            clip_param=0.1,
            use_clipped_value_loss=False,
            value_loss_coef=2.0,
            entropy_coef=0.01,
            gamma=0.98,
            lam=0.9,
            max_grad_norm=0.5,
            normalize_advantage_per_mini_batch=True,
        ),
    }
    return Namespace(**{**fields, **changes})


def test_every_setting_arrives() -> None:
    config = from_rsl_rl(runner_cfg(), "lab:Walk")
    assert (config.iterations, config.checkpoint_interval, config.spread_episodes) == (150, 25, False)
    model, ppo = config.model, config.ppo
    assert (model.hidden_sizes, model.activation, model.normalize) == ((32, 16), "relu", False)
    assert (model.init_std, model.critic_groups, model.recurrent) == (0.8, ("policy", "extra"), "none")
    assert (ppo.steps_per_iteration, ppo.epochs, ppo.mini_batches) == (16, 5, 8)
    assert (ppo.learning_rate, ppo.schedule, ppo.desired_kl, ppo.max_grad_norm) == (3e-4, "fixed", 0.008, 0.5)
    assert (ppo.clip, ppo.clip_value, ppo.value_coef) == (0.1, False, 2.0)
    assert (ppo.entropy_coef, ppo.entropy_coef_final) == (0.01, 0.01)
    assert (ppo.discount, ppo.gae_lambda, ppo.normalize_advantage_per_mini_batch) == (0.98, 0.9, True)
    config.validate()


def test_a_recurrent_policy_is_trained_as_such() -> None:
    rnn = {"class_name": "RNNModel", "rnn_type": "gru", "rnn_hidden_dim": 64, "hidden_dims": [8]}
    model = Namespace(**rnn, activation="elu", obs_normalization=True, init_noise_std=0.5)
    config = from_rsl_rl(runner_cfg(actor=model, critic=model), "lab:Walk")
    assert (config.model.recurrent, config.model.recurrent_size, config.model.init_std) == ("gru", 64, 0.5)
    assert (config.constraint.mode, config.ppo.parallel_update) == ("penalty", False)
    config.validate()


def test_what_is_left_out_is_said(caplog) -> None:
    cfg = runner_cfg()
    cfg.algorithm.optimizer, cfg.algorithm.rnd_cfg = "sgd", Namespace()
    with caplog.at_level(logging.WARNING):
        from_rsl_rl(cfg, "lab:Walk")
    assert "lab:Walk trains without optimizer sgd and random network distillation" in caplog.text


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"actor": Namespace(class_name="CNNModel", hidden_dims=[8])}, "the actor of lab:Walk is a CNNModel"),
        ({"actor": None}, "the rsl_rl configuration of lab:Walk has no actor and critic"),
        (
            {"critic": Namespace(class_name="MLPModel", hidden_dims=[8])},
            r"actor MLPModel \[32, 16\] and critic MLPModel \[8\] of lab:Walk differ",
        ),
    ],
)
def test_what_cannot_be_trained_is_refused(changes, message) -> None:
    with pytest.raises(LandwardError, match=message):
        from_rsl_rl(runner_cfg(**changes), "lab:Walk")
