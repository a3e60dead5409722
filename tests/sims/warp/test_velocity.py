"""The velocity task on the Warp engine: torch tensors from the simulator to the learner."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mujoco_warp")

from landward.array import TorchRandom, to_numpy  # noqa: E402
from robots import get_robot  # noqa: E402
from sims.bridges.rsl_rl import RslRlVecEnv  # noqa: E402
from sims.check import check_env  # noqa: E402
from sims.engines import make_engine  # noqa: E402
from sims.registry import get_task, make_env  # noqa: E402
from sims.velocity.env import VelocityEnv  # noqa: E402
from sims.velocity.height_scan import HeightScan  # noqa: E402

pytestmark = pytest.mark.warp

WARP = {"engine": "warp"}


def actions(n, steps, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(steps, n, 12)).astype(np.float32))


def play(env, moves):
    for move in moves:
        step = env.step(move)
    return step


def test_the_task_keeps_the_contract():
    findings = check_env(make_env("go1-flat", 4, seed=0, overrides=WARP))
    assert not findings, "\n".join(str(finding) for finding in findings)


def test_a_seed_decides_everything():
    moves = actions(3, 15)
    first, again, other = (
        play(make_env("go1-flat", 3, seed=seed, overrides=WARP), moves).obs["critic"] for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_every_tensor_names_its_device():
    """With another default device, a tensor made without naming one would not fit the others."""
    cfg = get_task("go1-flat").make_cfg(False)
    cfg.sensors.delay, cfg.sensors.history, cfg.height_scan = (0.0, 0.02), 2, HeightScan()
    engine = make_engine("warp", get_robot("go1"), cfg.physics, 3)
    torch.set_default_device("meta")
    try:
        env = VelocityEnv("go1-flat", cfg, engine, TorchRandom(0))
        env.set_physics(np.arange(2), friction=np.array([0.5, 0.6]))
        env.set_command(np.array([[0.5, 0.0, 0.0]]), np.array([1]))
        env.push(np.array([0]), np.array([[0.3, 0.0]]))
        env.episode_steps[1] = env.max_episode_steps - 1
        step = play(env, actions(3, 3).numpy())
        env.load_state_dict(env.state_dict())
        env.reset(env_ids=np.array([2]))
    finally:
        torch.set_default_device(None)
    for value in (*step.obs.values(), step.reward, step.terminated, env.episode_steps, *env.state.values()):
        assert value.device.type == "cpu"


def test_a_saved_environment_goes_on_bit_equal_from_a_checkpoint():
    from agents.on_policy import checkpoint

    env = make_env("go1-flat", 3, seed=1, overrides=WARP)
    play(env, actions(3, 5))
    saved = checkpoint.decode(checkpoint.encode(env.state_dict()))
    there = play(env, actions(3, 5, seed=1))
    other = make_env("go1-flat", 3, seed=7, overrides=WARP)
    other.load_state_dict(saved)
    again = play(other, actions(3, 5, seed=1))
    assert torch.equal(there.obs["critic"], again.obs["critic"])
    assert torch.equal(there.reward, again.reward)


def test_the_learner_gets_the_simulators_tensors():
    env = make_env("go1-flat", 3, seed=0, overrides=WARP)
    assert isinstance(env._random, TorchRandom)
    vec = RslRlVecEnv(env)
    with torch.inference_mode():
        moves = actions(3, 1)[0]
        obs, reward, dones, extras = vec.step(moves)
    assert obs["policy"].device.type == reward.device.type == dones.device.type == "cpu"
    assert extras["time_outs"].dtype == torch.bool
    env.reset()  # outside inference mode, as an evaluation between two updates does
    assert not any(value.is_inference() for value in env.state.values())


def test_training_through_the_command_line(tmp_path):
    import tyro

    from agents.cli.train import Train

    words = ["go1-flat", "--engine", "warp", "--num-envs", "8", "--root", str(tmp_path), "--no-export"]
    words += ["--agent.iterations", "2", "--agent.ppo.steps-per-iteration", "8"]
    assert tyro.cli(Train, args=words).run() == 0
    folder = next(tmp_path.glob("go1-flat/*"))
    config = json.loads((folder / "config.json").read_text())
    assert config["changed"]["engine"] == "warp" and config["env"]["device"] == "cpu"
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert [line["steps"] for line in lines] == [64, 128]
    assert all(np.isfinite(line["reward"]) for line in lines)


@pytest.mark.slow
@pytest.mark.skipif(
    "LANDWARD_DEMO_POLICY" not in os.environ, reason="needs LANDWARD_DEMO_POLICY: a policy.onnx"
)
def test_the_demo_policy_walks():
    from landward.onnx_policy import OnnxPolicy
    from sims.evaluate.rollout import TrackingSums, rollout

    path, n = Path(os.environ["LANDWARD_DEMO_POLICY"]), 4
    env = make_env("go1-flat", n, seed=0, play=True, overrides=WARP)
    command = np.tile(np.array([0.6, 0.0, 0.0], np.float32), (n, 1))
    sums = TrackingSums(command, env.spec.control_period, settle=1.0)
    result = rollout(env, OnnxPolicy(path, expected=env.spec, num_envs=n), 3.0, command, record=(sums,))
    assert not result.fell.any()
    error = np.sqrt(sums.squares.sum(0) / sums.steps.sum())
    assert error[0] < 0.15 and error[1] < 0.15
    assert to_numpy(env.state.root_pos_w)[:, 0].min() > 1.0
