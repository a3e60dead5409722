"""A tiny analytic environment: point masses that track a commanded planar velocity under a speed limit."""

import numpy as np

from landward.constraint import Constraint
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from sims.env import Env, Step

LIMIT = 1.0
VELOCITY = ObservationTerm(
    "velocity",
    "state",
    (2,),
    unit="m/s",
    names=("vx", "vy"),
    scale=2.0,
    offset=(0.1, -0.1),
    clip=(-3.0, 3.0),
    history=3,
)
COMMAND = ObservationTerm("command", "command", (2,), unit="m/s", names=("vx", "vy"))
LAST = ObservationTerm("last_action", "last_action", (2,), history=2)
SPEED = ObservationTerm("speed", "speed", (1,), unit="m/s")
TARGET = ActionTerm(
    "target", "raw", (2,), names=("x", "y"), unit="m/s", scale=0.5, offset=(0.05, 0.0), clip=(-5.0, 5.0)
)


def make_spec(constraints=True):
    return PolicySpec(
        task="point-mass",
        robot="point",
        control_period=0.1,
        observations={"policy": (VELOCITY, COMMAND, LAST), "critic": (VELOCITY, COMMAND, LAST, SPEED)},
        actions=(TARGET,),
        constraints=(Constraint("speed", "speed", LIMIT, "m/s", measure="upper"),) if constraints else (),
    )


class PointMass(Env):
    """v <- v + 0.7 (target - v); reward exp(-|v - command|^2). The best policy is target = command.

    Commands fill a disc of radius 1.5 m/s: 56 % of them are beyond the speed limit of 1 m/s, so the best
    policy without the constraint violates it 56 % of the time. An episode ends by death where |v| > 4 and by
    the clock after `max_episode_steps`. Buffers are reused on purpose.
    """

    device = "cpu"

    def __init__(self, num_envs=64, seed=0, max_episode_steps=20, constraints=True):
        self.spec, self.num_envs, self.max_episode_steps = make_spec(constraints), num_envs, max_episode_steps
        self.velocity, self.command, self.action = (np.zeros((num_envs, 2), np.float32) for _ in range(3))
        self.frames = np.zeros((num_envs, 3, 2), np.float32)
        self.actions = np.zeros((num_envs, 2, 2), np.float32)
        self.episode_steps = np.zeros(num_envs, np.int64)
        self._obs = {
            "policy": np.zeros((num_envs, 12), np.float32),
            "critic": np.zeros((num_envs, 13), np.float32),
        }
        self.poison = None
        self.reset(seed)

    def reset(self, seed=None, env_ids=None):
        if seed is not None:
            self.random = np.random.default_rng(seed)
        ids = np.arange(self.num_envs) if env_ids is None else env_ids
        radius, angle = (
            1.5 * np.sqrt(self.random.random(len(ids))),
            self.random.uniform(-np.pi, np.pi, len(ids)),
        )
        self.command[ids] = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
        self.velocity[ids] = self.random.uniform(-0.5, 0.5, (len(ids), 2))
        self.action[ids] = 0.0
        self.episode_steps[ids] = 0
        self.frames[ids] = self._encoded_velocity()[ids, None]
        self.actions[ids] = 0.0
        return self._observe()

    def step(self, actions):
        self.action[:] = actions
        target = np.clip(actions, *TARGET.clip) * TARGET.scale + np.array(TARGET.offset, np.float32)
        return self._advance(target)

    def step_si(self, targets):
        target = targets["target"]
        self.action[:] = (target - np.array(TARGET.offset, np.float32)) / TARGET.scale
        return self._advance(target)

    def _advance(self, target):
        self.velocity += 0.7 * (target - self.velocity)
        self.episode_steps += 1
        self.frames = np.concatenate([self.frames[:, 1:], self._encoded_velocity()[:, None]], 1)
        self.actions = np.concatenate([self.actions[:, 1:], self.action[:, None]], 1)
        error = ((self.velocity - self.command) ** 2).sum(1)
        speed = np.linalg.norm(self.velocity, axis=1)
        reward = np.exp(-error).astype(np.float32)
        terminated = speed > 4.0
        truncated = (self.episode_steps >= self.max_episode_steps) & ~terminated
        log = {"tracking/error": float(np.sqrt(error.mean())), "speed/mean": float(speed.mean())}
        constraints = {"speed": (speed - LIMIT)[:, None].astype(np.float32)} if self.spec.constraints else {}
        obs, final = self._observe(), None
        ids = np.flatnonzero(terminated | truncated)
        if len(ids):
            final = {name: value.copy() for name, value in obs.items()}
            obs = self.reset(env_ids=ids)
        if self.poison == "reward":
            reward[3] = np.nan
        elif self.poison is not None:
            obs["policy"][3, self.poison] = np.nan
        return Step(obs, reward, terminated, truncated, constraints, final, log)

    def observe(self):
        return self._obs

    def measurements(self):
        return {"velocity": np.clip(self.velocity, *VELOCITY.clip), "command": self.command.copy()}

    def state_dict(self):
        arrays = ("velocity", "command", "action", "frames", "actions", "episode_steps")
        state = {name: getattr(self, name).copy() for name in arrays}
        return {**state, "random": self.random.bit_generator.state}

    def load_state_dict(self, state):
        for name, value in state.items():
            if name != "random":
                setattr(self, name, np.array(value))
        self.random.bit_generator.state = state["random"]
        self._observe()

    def _encoded_velocity(self):
        clipped = np.clip(self.velocity, *VELOCITY.clip)
        return (clipped - np.array(VELOCITY.offset, np.float32)) * np.float32(VELOCITY.scale)

    def _observe(self):
        n = self.num_envs
        flat = [self.frames.reshape(n, -1), self.command, self.actions.reshape(n, -1)]
        self._obs["policy"][:] = np.concatenate(flat, 1)
        speed = np.linalg.norm(self.velocity, axis=1, keepdims=True)
        self._obs["critic"][:] = np.concatenate([*flat, speed], 1)
        return self._obs
