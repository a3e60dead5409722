"""A tiny problem with images whose best policy is known: steer to where the bright blob is."""

import json

import numpy as np

from agents.on_policy.config import ConstraintConfig, EncoderConfig, ModelConfig, PPOConfig, TrainConfig
from agents.on_policy.runner import Runner, config_document
from landward.constraint import Constraint
from landward.runs import RunFolder
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from sims.env import Env, Step

PIXELS = 16
CENTRES = np.linspace(-1.0, 1.0, PIXELS - 2, dtype=np.float32)
"""Where a blob of three columns may be: position of its middle column, -1 left, 1 right."""
LIMIT = 0.5
PICTURE = ObservationTerm(
    "picture", "bird_eye_view", (PIXELS, PIXELS, 2), dtype="uint8", scale=1 / 255, names=("blob", "noise")
)
SIGN = ObservationTerm("sign", "state", (1,))
POSITION = ObservationTerm("position", "state", (1,))
STEER = ActionTerm("steer", "vehicle_control", (1,), scale=2.0, clip=(-1.0, 1.0), limits=((-2.0, 2.0),))


def image_spec(constraints=False):
    return PolicySpec(
        task="blob",
        robot="eye",
        control_period=0.1,
        observations={"view": (PICTURE,), "state": (SIGN,), "privileged": (POSITION,)},
        actions=(STEER,),
        constraints=(Constraint("steer", "steer", LIMIT, "1"),) if constraints else (),
        actor=("view", "state"),
    )


class Blob(Env):
    """Reward 1 - (a - b)^2 for the raw action a, with b = 0.8 x + 0.2 s: position x of the blob, sign s.

    Every step draws x uniformly from CENTRES and s, which is observed too, from {-1, 1}. The best policy is
    a = b with reward 1. Without the picture a = 0.2 s is best: 1 - 0.64 mean(x^2) = 1 - 0.64 * 15/39 = 0.754,
    without either a = 0: 0.714. Episodes last ten steps and end by death where a is off by more than 1.8.
    """

    device = "cpu"

    def __init__(self, num_envs=16, seed=0, constraints=False):
        self.spec, self.num_envs, self.max_episode_steps = image_spec(constraints), num_envs, 10
        self.episode_steps = np.zeros(num_envs, np.int64)
        self.where, self.sign = np.zeros(num_envs, np.int64), np.ones(num_envs, np.float32)
        self.noise = np.zeros((num_envs, PIXELS, PIXELS), np.uint8)
        self.reset(seed)

    def reset(self, seed=None, env_ids=None):
        if seed is not None:
            self.random = np.random.default_rng(seed)
        ids = np.arange(self.num_envs) if env_ids is None else env_ids
        self._draw(ids)
        self.episode_steps[ids] = 0
        return self.observe()

    def step(self, actions):
        return self._advance(np.clip(actions, -1.0, 1.0)[:, 0])

    def step_si(self, targets):
        return self._advance(targets["steer"][:, 0] / 2.0)

    def _advance(self, action):
        error = action - self.best()
        reward = (1.0 - error**2).astype(np.float32)
        values = {"steer": (np.abs(action) - LIMIT)[:, None].astype(np.float32)}
        constraints = values if self.spec.constraints else {}
        self.episode_steps += 1
        terminated = np.abs(error) > 1.8
        truncated = (self.episode_steps >= self.max_episode_steps) & ~terminated
        self._draw(np.arange(self.num_envs))
        obs, final = self.observe(), None
        ids = np.flatnonzero(terminated | truncated)
        if len(ids):
            final, obs = obs, self.reset(env_ids=ids)
        log = {"tracking/error": float(np.abs(error).mean())}
        return Step(obs, reward, terminated, truncated, constraints, final, log)

    def best(self):
        return 0.8 * CENTRES[self.where] + 0.2 * self.sign

    def observe(self):
        sign, position = self.sign[:, None].copy(), CENTRES[self.where][:, None]
        return {"view": self.picture(), "state": sign, "privileged": position}

    def measurements(self):
        return {"picture": self.picture(), "sign": self.sign[:, None].copy()}

    def picture(self):
        image = np.zeros((self.num_envs, *PICTURE.shape), np.uint8)
        columns = self.where[:, None] + np.arange(3)
        image[np.arange(self.num_envs)[:, None], 4:7, columns, 0] = 255
        image[..., 1] = self.noise
        return image

    def state_dict(self):
        arrays = {name: getattr(self, name).copy() for name in ("where", "sign", "noise", "episode_steps")}
        return {**arrays, "random": self.random.bit_generator.state}

    def load_state_dict(self, state):
        for name, value in state.items():
            if name != "random":
                setattr(self, name, np.array(value))
        self.random.bit_generator.state = state["random"]

    def _draw(self, ids):
        self.where[ids] = self.random.integers(0, len(CENTRES), len(ids))
        self.sign[ids] = self.random.choice([-1.0, 1.0], len(ids))
        self.noise[ids] = self.random.integers(0, 256, (len(ids), PIXELS, PIXELS), dtype=np.uint8)


ENCODER = {"channels": (8, 16), "kernels": (4, 3), "strides": (2, 2), "size": 32}


def image_config(**changes):
    """Settings as card C8 has them, on a small scale."""
    config = TrainConfig(
        iterations=4,
        checkpoint_interval=2,
        model=ModelConfig(
            critic_groups=("view", "state", "privileged"),
            hidden_sizes=(32,),
            exploration="beta",
            encoder=EncoderConfig(**ENCODER),
        ),
        ppo=PPOConfig(
            steps_per_iteration=16,
            mini_batches=2,
            schedule="linear",
            learning_rate=3e-3,
            target_kl=0.03,
            adam_eps=1e-5,
            entropy_coef=0.0,
            entropy_coef_final=0.0,
            max_grad_norm=0.5,
            discount=0.5,
        ),
        constraint=ConstraintConfig(ramp_steps=0.0),
    )
    for name, value in changes.items():
        *sections, field = name.split("__")
        target = config
        for section in sections:
            target = getattr(target, section)
        setattr(target, field, value)
    return config


def image_runner(root, config, num_envs=16, **env):
    made = Blob(num_envs, config.seed, **env)
    document = json.loads(json.dumps(config_document(config, num_envs, {}, {})))
    return Runner(made, config, RunFolder.create(root, "blob", config.seed, document, made.spec))
