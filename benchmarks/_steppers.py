"""What the throughput benchmark steps: ours, bare MuJoCo in three ways, envpool. Not a benchmark."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from landward.provenance import cpu_count
from sims.registry import make_env

TASK = "go1-flat"
ENVPOOL_TASK = "Go1JoystickFlatTerrain-v1"
"""The Go1 task of MuJoCo Playground, in C++: 50 Hz control, five physics steps of 4 ms."""
TARGET_NOISE = 0.15
"""Standard deviation of the random joint targets about the default pose [rad]: the robots stumble, five of a
thousand steps end in a fall."""
Rows = dict[str, NDArray[np.float64]]
Floats = NDArray[np.floating[Any]]


class Speed(NamedTuple):
    """Control steps per second of all environments."""

    wall: float
    cpu: float
    """Per second of processor time, all threads together: hardly changes with the load of the machine."""


class Stopwatch:
    """Times a `with` block."""

    def __enter__(self) -> Stopwatch:
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self._wall, self._cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu

    def speed(self, steps: int) -> Speed:
        """Speed at which so many environment steps were done in the block."""
        return Speed(steps / self._wall, steps / self._cpu)


class Ours:
    """The environment under random actions, its episodes spread over their length."""

    def __init__(self, num_envs: int, seed: int = 0) -> None:
        self.num_envs, self.env = num_envs, cast(Any, make_env(TASK, num_envs, seed=seed))
        self._random = np.random.default_rng(seed)
        self.env.reset()
        self.env.episode_steps = self._random.integers(0, self.env.max_episode_steps, num_envs)
        self.ended, self.steps = 0, 0

    def draw(self, steps: int) -> Floats:
        """(T, N, J) raw actions."""
        shape = (steps, self.num_envs, len(self.env.robot.joint_names))
        noise = TARGET_NOISE / self.env.cfg.action_scale
        return (noise * self._random.standard_normal(shape)).astype(np.float32)

    def targets(self, actions: Floats) -> Floats:
        """(T, N, J) joint targets of raw actions [rad]."""
        default, scale = np.array(self.env.robot.default_joint_pos), self.env.cfg.action_scale
        return default + scale * actions.astype(np.float64)

    def rows(self) -> Rows:
        """The physics state by component, (N, ...) each."""
        return self.env.engine.state_dict()["rows"]

    def run(self, actions: Floats) -> Speed:
        """Speed of those actions."""
        ends = []
        with Stopwatch() as watch:
            for action in actions:
                step = self.env.step(action)
                ends.append(step.terminated | step.truncated)
        self.ended += int(np.sum(ends))
        self.steps += self.num_envs * len(actions)
        return watch.speed(self.num_envs * len(actions))


class BareBatch:
    """`mujoco.batch.Batch`: one call a control step."""

    def __init__(self, model: Any, num_envs: int, substeps: int, threads: int) -> None:
        from mujoco.batch import Batch

        self._batch = Batch(model, nsim=num_envs, nthread=threads)
        self._substeps = substeps

    def load(self, rows: Rows) -> None:
        """Take over the physics state of the environment."""
        for name, value in rows.items():
            self._batch.bind(name)[:] = value

    def run(self, targets: Floats) -> None:
        """Control steps with (T, N, J) joint targets."""
        control = self._batch.bind("ctrl")
        for target in targets:
            control[:] = target
            self._batch.step(nstep=self._substeps)

    def qpos(self) -> Floats:
        """(N, nq) positions."""
        return np.array(self._batch.bind("qpos"))


class BareRollout:
    """`mujoco.rollout` with its thread pool and all its arrays allocated before: one call a control step."""

    def __init__(self, model: Any, num_envs: int, substeps: int, threads: int) -> None:
        import mujoco
        from mujoco.rollout import Rollout

        self._model, self._models, self._substeps = model, [model] * num_envs, substeps
        self._data = [mujoco.MjData(model) for _ in range(threads)]
        self._rollout = Rollout(nthread=threads)
        full = mujoco.mj_stateSize(model, mujoco.mjtState.mjSTATE_FULLPHYSICS.value)
        self._states = np.zeros((num_envs, substeps, full))
        self._sensors = np.zeros((num_envs, substeps, model.nsensordata))
        self._initial = np.zeros((num_envs, full))

    def load(self, rows: Rows) -> None:
        """Take over the physics state of the environment."""
        self._initial[:] = full_states(self._model, rows)

    def run(self, targets: Floats) -> None:
        """Control steps with (T, N, J) joint targets."""
        for target in targets:
            control = np.repeat(target[:, None], self._substeps, axis=1)
            self._rollout.rollout(
                self._models,
                self._data,
                self._initial,
                control,
                nstep=self._substeps,
                skip_checks=True,
                state=self._states,
                sensordata=self._sensors,
            )
            self._initial[:] = self._states[:, -1]

    def qpos(self) -> Floats:
        """(N, nq) positions."""
        return self._initial[:, 1 : 1 + self._model.nq].copy()


class BareThreads:
    """`mj_step` in threads, which run at once because it releases the lock of the interpreter.

    Each thread takes one robot after the other through all its control steps: its state stays in the cache.
    """

    def __init__(self, model: Any, num_envs: int, substeps: int, threads: int) -> None:
        import mujoco

        self._mujoco, self._model, self._substeps = mujoco, model, substeps
        self._pool = ThreadPoolExecutor(threads)
        self._parts = np.array_split(np.arange(num_envs), threads)
        self._data = [mujoco.MjData(model) for _ in range(threads)]
        self._kind = mujoco.mjtState.mjSTATE_FULLPHYSICS.value
        self._states = np.zeros((num_envs, mujoco.mj_stateSize(model, self._kind)))

    def load(self, rows: Rows) -> None:
        """Take over the physics state of the environment."""
        self._states[:] = full_states(self._model, rows)

    def run(self, targets: Floats) -> None:
        """Control steps with (T, N, J) joint targets."""
        list(self._pool.map(lambda data, part: self._part(data, part, targets), self._data, self._parts))

    def _part(self, data: Any, part: NDArray[np.int64], targets: Floats) -> None:
        step, model, control, substeps = self._mujoco.mj_step, self._model, data.ctrl, self._substeps
        for robot in part:
            self._mujoco.mj_setState(model, data, self._states[robot], self._kind)
            for target in targets[:, robot]:
                control[:] = target
                step(model, data, substeps)
            self._mujoco.mj_getState(model, data, self._states[robot], self._kind)

    def qpos(self) -> Floats:
        """(N, nq) positions."""
        return self._states[:, 1 : 1 + self._model.nq].copy()


BARE = {"Batch.step": BareBatch, "rollout": BareRollout, "mj_step, threads": BareThreads}


def full_states(model: Any, rows: Rows) -> Floats:
    """(N, S) states as mjSTATE_FULLPHYSICS orders them, from the named components."""
    import mujoco

    data, kind = mujoco.MjData(model), mujoco.mjtState.mjSTATE_FULLPHYSICS.value
    states = np.zeros((len(rows["qpos"]), mujoco.mj_stateSize(model, kind)))
    for i, state in enumerate(states):
        data.time = rows["time"][i]
        data.qpos[:], data.qvel[:] = rows["qpos"][i], rows["qvel"][i]
        if "history" in rows:
            data.history[:] = rows["history"][i]
        mujoco.mj_getState(model, data, state, kind)
    return states


def contacts(model: Any, qpos: Floats) -> float:
    """Contacts of a robot, mean over at most 128 of them."""
    import mujoco

    data, counts = mujoco.MjData(model), []
    for row in qpos[:128]:
        data.qpos[:] = row
        mujoco.mj_fwdPosition(model, data)
        counts.append(data.ncon)
    return float(np.mean(counts))


class Envpool:
    """envpool's Go1 under random actions of the same size in joint angle; a step waits for all robots."""

    def __init__(self, num_envs: int, timestep: float | None = None, seed: int = 0) -> None:
        import envpool  # pyright: ignore[reportMissingImports]

        changes: dict[str, Any] = {} if timestep is None else {"sim_dt": timestep}
        self.env: Any = envpool.make(
            ENVPOOL_TASK,
            env_type="gymnasium",
            num_envs=num_envs,
            num_threads=cpu_count(),
            seed=seed,
            **changes,
        )
        config = self.env.spec.config
        self.substeps = round(config.ctrl_dt / config.sim_dt)
        self._noise = TARGET_NOISE / config.action_scale
        self.num_envs, self._random = num_envs, np.random.default_rng(seed)
        self.env.reset()
        self.ended, self.steps = 0, 0

    def draw(self, steps: int) -> Floats:
        """(T, N, 12) actions."""
        return np.clip(self._noise * self._random.standard_normal((steps, self.num_envs, 12)), -1.0, 1.0)

    def run(self, actions: Floats) -> Speed:
        """Speed of those actions."""
        ends = []
        with Stopwatch() as watch:
            for action in actions:
                _, _, terminated, truncated, _ = self.env.step(action)
                ends.append(terminated | truncated)
        self.ended += int(np.sum(ends))
        self.steps += self.num_envs * len(actions)
        return watch.speed(self.num_envs * len(actions))
