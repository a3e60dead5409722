"""Tiny environments without physics: a sound one to break on purpose, and a walking robot to evaluate."""

from __future__ import annotations

import copy
from types import SimpleNamespace
from typing import Any

import numpy as np

from landward.array import NumpyRandom
from landward.constraint import Constraint
from landward.errors import EnvContractError
from landward.spec import ActionTerm, Noise, ObservationTerm, PolicySpec
from sims.env import Env, Step
from sims.state import RobotState

NOISE = 0.01


def fake_spec(**changes: Any) -> PolicySpec:
    """Two joints; the critic also sees the base velocity."""
    joints = ("left", "right")
    proprioception = (
        ObservationTerm("joint_pos", "joint_position", (2,), unit="rad", names=joints, scale=2.0, offset=0.1),
        ObservationTerm(
            "joint_vel", "joint_velocity", (2,), unit="rad/s", names=joints, noise=Noise("uniform", NOISE)
        ),
        ObservationTerm("last_action", "last_action", (2,)),
    )
    privileged = ObservationTerm("base_lin_vel", "linear_velocity", (3,), unit="m/s", frame="base")
    fields = {
        "task": "fake",
        "robot": "fake",
        "control_period": 0.02,
        "observations": {"policy": proprioception, "critic": (*proprioception, privileged)},
        "actions": (
            ActionTerm(
                "joint_pos_target",
                "joint_position_target",
                (2,),
                names=joints,
                unit="rad",
                scale=0.5,
                offset=0.1,
                clip=(-2.0, 2.0),
            ),
        ),
        "constraints": (Constraint("joint_speed", reads="joint_vel", limit=1.0, unit="rad/s"),),
    }
    return PolicySpec(**{**fields, **changes})


class FakeEnv(Env):
    """A sound environment of N two-jointed robots; tests break one method at a time in a subclass."""

    device = "cpu"

    def __init__(
        self, num_envs: int = 3, max_episode_steps: int = 20, spec: PolicySpec | None = None
    ) -> None:
        self.spec = spec or fake_spec()
        self.num_envs = num_envs
        self.max_episode_steps = max_episode_steps
        self.episode_steps = np.zeros(num_envs, np.int64)
        self.random = NumpyRandom(0)
        self.pos, self.vel, self.last = (np.zeros((num_envs, 2), np.float32) for _ in range(3))
        self.measured_vel = np.zeros((num_envs, 2), np.float32)

    def reset(self, seed: int | None = None, env_ids: Any | None = None) -> dict[str, np.ndarray]:
        """Random joint angles, all at rest."""
        if seed is not None:
            self.random = NumpyRandom(seed)
        ids = np.arange(self.num_envs) if env_ids is None else np.asarray(env_ids)
        self.pos[ids] = self.random.uniform(-0.5, 0.5, (len(ids), 2))
        self.vel[ids], self.last[ids], self.episode_steps[ids] = 0.0, 0.0, 0
        self.measure(ids)
        return self.observe()

    def measure(self, ids: np.ndarray) -> None:
        """Draw new sensor noise."""
        self.measured_vel[ids] = self.vel[ids] + self.random.uniform(-NOISE, NOISE, (len(ids), 2))

    def observe(self) -> dict[str, np.ndarray]:
        """Encoded observations."""
        policy = np.concatenate([(self.pos - np.float32(0.1)) * 2, self.measured_vel, self.last], 1)
        base = np.concatenate([self.vel, self.vel[:, :1]], 1)
        return {"policy": policy, "critic": np.concatenate([policy, base], 1)}

    def measurements(self) -> dict[str, np.ndarray]:
        """SI inputs of an exported policy."""
        return {"joint_pos": self.pos.copy(), "joint_vel": self.measured_vel.copy()}

    def step(self, actions: np.ndarray) -> Step:
        """A damped spring towards the targets; a joint beyond 1.2 rad is a fall."""
        if actions.shape != (self.num_envs, 2) or not np.isfinite(actions).all():
            raise EnvContractError("actions of the fake environment are finite and (N, 2)")
        self.last = np.clip(actions, -2.0, 2.0).astype(np.float32)
        self.vel = 0.8 * self.vel + 4.0 * (0.5 * self.last + np.float32(0.1) - self.pos) * np.float32(0.2)
        self.pos = self.pos + np.float32(0.1) * self.vel
        self.episode_steps += 1
        terminated = (np.abs(self.pos) > 1.2).any(1)
        truncated = (self.episode_steps >= self.max_episode_steps) & ~terminated
        self.measure(np.arange(self.num_envs))
        constraints = {"joint_speed": np.abs(self.vel) - 1.0}
        obs, ended = self.observe(), np.flatnonzero(terminated | truncated)
        final = obs if len(ended) else None
        if len(ended):
            obs = self.reset(env_ids=ended)
        return Step(
            obs, -np.abs(self.last).sum(1), terminated, truncated, constraints, final, {"fake/one": 1.0}
        )

    def step_si(self, targets: dict[str, np.ndarray]) -> Step:
        """Invert the action term."""
        return self.step((targets["joint_pos_target"] - np.float32(0.1)) / np.float32(0.5))

    def state_dict(self) -> dict[str, Any]:
        """Copies of everything."""
        names = ("pos", "vel", "last", "measured_vel", "episode_steps")
        return {"random": self.random.state_dict(), **{n: getattr(self, n).copy() for n in names}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """The reverse."""
        state = copy.deepcopy(state)
        self.random.load_state_dict(state.pop("random"))
        for name, value in state.items():
            setattr(self, name, value)


FEET = ("FL_foot", "FR_foot", "RL_foot", "RR_foot")
JOINTS = tuple(
    f"{leg}_{joint}_joint" for leg in ("FL", "FR", "RL", "RR") for joint in ("hip", "thigh", "calf")
)


def walker_spec() -> PolicySpec:
    """A quadruped's velocity task."""
    policy = (
        ObservationTerm("base_ang_vel", "angular_velocity", (3,), unit="rad/s", frame="base"),
        ObservationTerm("command", "command", (3,), names=("vx", "vy", "wz")),
        ObservationTerm("joint_pos", "joint_position", (12,), unit="rad", names=JOINTS),
        ObservationTerm("last_action", "last_action", (12,)),
    )
    return PolicySpec(
        task="fake-walk",
        robot="fake",
        control_period=0.02,
        observations={"policy": policy},
        actions=(
            ActionTerm(
                "joint_pos_target", "joint_position_target", (12,), names=JOINTS, unit="rad", scale=0.25
            ),
        ),
        constraints=(
            Constraint("torque", reads="joint_torque", limit=20.0, unit="N m"),
            Constraint("upright", reads="tilt", limit=1.0, unit="1", kind="hard"),
        ),
    )


class FakeWalker(Env):
    """A quadruped made of formulas: its velocity follows the first three joint targets, its feet trot by the
    clock.

    It falls when pushed at 1 m/s or more on ground with friction above 1.2; low friction slows it down.
    """

    device = "cpu"
    command_ranges = ((-0.5, 1.0), (-0.3, 0.3), (-0.8, 0.8))
    total_mass = 12.0
    terrain_kinds = ("flat", "uneven")
    targets = {"rmse_vx": 0.12, "falls": 0.0, "swing_height": 0.05, "standing_drift": 0.01}

    def __init__(self, num_envs: int = 2, seed: int = 0, max_episode_steps: int = 500) -> None:
        self.spec = walker_spec()
        self.num_envs, self.max_episode_steps = num_envs, max_episode_steps
        self.episode_steps = np.zeros(num_envs, np.int64)
        self.robot = SimpleNamespace(
            name="fake",
            foot_names=FEET,
            diagonal_indices=((0, 3), (1, 2)),
            joint_names=JOINTS,
            effort_limit=(24.0,) * 12,
        )
        self.command = np.zeros((num_envs, 3), np.float32)
        self.friction, self.strength = np.full(num_envs, 0.8), np.ones(num_envs)
        self.payload, self.latency = np.zeros(num_envs), np.zeros(num_envs)
        self.terrain = ["flat"] * num_envs
        self.velocity, self.phase = np.zeros((num_envs, 3)), np.zeros(num_envs)
        self.position, self.target = np.zeros((num_envs, 3)), np.zeros((num_envs, 12))
        self.kicked = np.zeros(num_envs, bool)

    def reset(self, seed: int | None = None, env_ids: Any | None = None) -> dict[str, np.ndarray]:
        """Stand at the origin."""
        ids = np.arange(self.num_envs) if env_ids is None else np.asarray(env_ids)
        for array in (self.velocity, self.phase, self.position, self.target, self.kicked, self.episode_steps):
            array[ids] = 0
        return self.observe()

    def set_command(self, command: np.ndarray, env_ids: Any | None = None) -> None:
        """Hold a command."""
        self.command[slice(None) if env_ids is None else env_ids] = command

    def set_physics(self, env_ids: Any, **values: np.ndarray) -> None:
        """Set friction, payload, strength, latency."""
        for name, value in values.items():
            getattr(self, name)[env_ids] = value

    def assign_terrain(self, kinds: list[str]) -> None:
        """Uneven ground slows it down."""
        self.terrain = list(kinds)

    def push(self, env_ids: Any, dv: np.ndarray) -> None:
        """A kick."""
        self.velocity[env_ids, :2] += dv
        self.kicked[env_ids] = (np.linalg.norm(dv, axis=1) > 0.99) & (self.friction[env_ids] > 1.2)

    @property
    def contact(self) -> np.ndarray:
        """A trot with a duty factor of 0.5 when moving, else all feet down."""
        first = np.sin(self.phase) >= 0
        moving = (np.abs(self.command) > 0.05).any(1)
        return np.stack([first, ~first, ~first, first], 1) | ~moving[:, None]

    @property
    def state(self) -> RobotState:
        """The named state."""
        n, height = self.num_envs, 0.06 * np.abs(np.sin(self.phase))[:, None]
        position = self.position + [0.0, 0.0, 0.3]
        quat = np.concatenate(
            [np.cos(self.position[:, 2:] / 2), np.zeros((n, 2)), np.sin(self.position[:, 2:] / 2)], 1
        )
        return RobotState(
            {
                "root_pos_w": position * [1, 1, 0] + [0, 0, 0.3],
                "root_quat_w": quat,
                "root_lin_vel_b": self.velocity * [1, 1, 0],
                "root_ang_vel_b": self.velocity * [0, 0, 1],
                "projected_gravity_b": np.tile([0.0, 0.0, -1.0], (n, 1)),
                "joint_pos": self.target.copy(),
                "joint_vel": 2.0 * np.cos(self.phase)[:, None] * np.ones(12),
                "joint_torque": 8.0 + 20.0 * self.velocity[:, :1] * np.ones(12),
                "foot_contact": self.contact,
                "foot_height": np.where(self.contact, 0.0, height),
                "command": self.command,
            }
        )

    def observe(self) -> dict[str, np.ndarray]:
        """The actor's group."""
        parts = [self.state.root_ang_vel_b, self.command, self.target, self.target * 4]
        return {"policy": np.concatenate(parts, 1).astype(np.float32)}

    def measurements(self) -> dict[str, np.ndarray]:
        """SI inputs."""
        parts = {"base_ang_vel": self.state.root_ang_vel_b, "command": self.command, "joint_pos": self.target}
        return {name: value.astype(np.float32) for name, value in parts.items()}

    def step(self, actions: np.ndarray) -> Step:
        """Raw actions to targets."""
        return self.step_si({"joint_pos_target": 0.25 * actions})

    def step_si(self, targets: dict[str, np.ndarray]) -> Step:
        """The velocity follows the first three targets."""
        self.target = np.array(targets["joint_pos_target"], np.float64)
        grip = np.minimum(self.friction / 0.8, 1.0) * np.where(np.array(self.terrain) == "uneven", 0.8, 1.0)
        self.velocity += 0.3 * (self.target[:, :3] * grip[:, None] - self.velocity)
        self.position += 0.02 * self.velocity
        self.phase += 2 * np.pi * 0.02 * 2.5
        self.episode_steps += 1
        terminated, self.kicked = self.kicked.copy(), np.zeros(self.num_envs, bool)
        truncated = (self.episode_steps >= self.max_episode_steps) & ~terminated
        torque = np.abs(self.state.joint_torque) - 20.0
        values = {
            "torque": torque.astype(np.float32),
            "upright": np.full((self.num_envs, 1), -1.0, np.float32),
        }
        obs, ended = self.observe(), np.flatnonzero(terminated | truncated)
        final = obs if len(ended) else None
        if len(ended):
            obs = self.reset(env_ids=ended)
        return Step(obs, np.zeros(self.num_envs, np.float32), terminated, truncated, values, final)

    def render(self, env_id: int = 0, size: tuple[int, int] = (640, 480)) -> np.ndarray:
        """A picture whose brightness follows the position."""
        shade = int(40 + 50 * abs(self.position[env_id, 0])) % 200
        return np.full((size[1], size[0], 3), shade, np.uint8)

    def render_model(self) -> tuple[Any, Any]:
        """A trunk with a thigh, in MuJoCo."""
        import mujoco

        if not hasattr(self, "_model"):
            self._model = mujoco.MjModel.from_xml_string(WALKER_XML)
            self._data = mujoco.MjData(self._model)
        self._data.qpos[:3] = self.state.root_pos_w[0]
        self._data.qpos[3:7] = self.state.root_quat_w[0]
        mujoco.mj_forward(self._model, self._data)
        return self._model, self._data


WALKER_XML = """<mujoco>
  <asset><mesh name="wedge" vertex="0 0 0  .2 0 0  0 .1 0  0 0 .1"/></asset>
  <worldbody>
    <geom name="floor" type="plane" size="20 20 .1" rgba=".8 .8 .8 1"/>
    <body name="trunk" pos="0 0 .3">
      <freejoint/><geom type="box" size=".25 .1 .06" rgba=".2 .3 .8 1"/>
      <geom type="mesh" mesh="wedge" pos=".2 0 .05"/>
      <body name="FL" pos=".2 .12 0"><joint axis="0 1 0"/>
        <geom type="capsule" size=".02" fromto="0 0 0 0 0 -.25"/></body>
      <body name="FR" pos=".2 -.12 0"><joint axis="0 1 0"/>
        <geom type="cylinder" size=".02 .1" pos="0 0 -.1"/></body>
      <body name="RL" pos="-.2 .12 0"><joint axis="0 1 0"/>
        <geom type="sphere" size=".03" pos="0 0 -.2"/></body>
      <body name="RR" pos="-.2 -.12 0"><joint axis="0 1 0"/>
        <geom type="ellipsoid" size=".02 .03 .1" pos="0 0 -.1"/></body>
    </body>
  </worldbody>
</mujoco>"""


class WalkingPolicy:
    """Asks the fake walker for what the command says; `gain` below 1 walks too slowly."""

    def __init__(self, num_envs: int, gain: float = 1.0) -> None:
        self.spec, self.num_envs, self.gain = walker_spec(), num_envs, gain
        self.resets: list[Any] = []

    def reset(self, env_ids: Any | None = None) -> None:
        """Remember who was reset."""
        self.resets.append(None if env_ids is None else np.asarray(env_ids).tolist())

    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The command as joint targets."""
        target = np.zeros((self.num_envs, 12), np.float32)
        target[:, :3] = self.gain * inputs["command"]
        return {"joint_pos_target": target}
