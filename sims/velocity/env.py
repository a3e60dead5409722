"""The velocity task as a batched environment: commands, rewards, constraints and episodes on any engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from landward.action import decode
from landward.array import Random, constant, convert, copy, place
from landward.errors import EnvContractError
from landward.pipeline import ObservationPipeline
from robots import Robot
from sims.engine import Engine
from sims.env import Env, Step
from sims.physics import PhysicsParameters
from sims.state import RobotState
from sims.velocity import observations, quantities, rewards
from sims.velocity.cfg import VelocityCfg
from sims.velocity.commands import VelocityCommand
from sims.velocity.curriculum import TerrainLevels
from sims.velocity.events import Start, draw_physics, draw_start, fallen, push
from sims.velocity.gait import GaitTracker

Array = Any
GROUPS = ("policy", "critic")
MARGIN = 0.5
"""An episode is cut (no fall) when the base comes this close to the end of the ground [m]."""


class VelocityEnv(Env):
    """Legged robots that track commanded velocities."""

    def __init__(self, task: str, cfg: VelocityCfg, engine: Engine, random: Random) -> None:
        """Wrap an engine and start the first episodes.

        Args:
            task: name for the spec.
            cfg: the task.
            engine: N robots of the kind that `cfg.robot` names.
            random: the environment's only source of randomness, on the engine's device.
        """
        self.cfg, self.engine, self.robot, self._random = cfg, engine, engine.robot, random
        self.num_envs, self.device = engine.num_envs, engine.device
        self.spec = observations.velocity_spec(task, engine.robot, cfg)
        self.max_episode_steps = round(cfg.episode_s / cfg.physics.control_period)
        self._period, self._xp, n = cfg.physics.control_period, random.xp, engine.num_envs
        self._where = place(random.xp, random.device)
        self._all = self._xp.arange(n, **self._where)
        self.episode_steps = self._xp.zeros((n,), dtype=self._xp.int64, **self._where)
        self.commands = VelocityCommand(cfg.commands, n, self._period, random)
        self.levels: TerrainLevels | None = None
        self._pipelines = {
            group: ObservationPipeline(self.spec.group(group), n, self._period, random) for group in GROUPS
        }
        self._task_terms = rewards.active_terms(rewards.TASK_TERMS, cfg.rewards)
        self._shaping_terms = rewards.active_terms(rewards.SHAPING_TERMS, cfg.rewards)
        self._quantities = quantities.needed(cfg.constraints)
        self._names = element_names(engine.robot)
        self.total_steps = 0
        """Environment steps since the start of training; schedules run on it."""
        self._make_buffers()
        self._restart()

    def _make_buffers(self) -> None:
        xp, n, joints = self._xp, self.num_envs, len(self.robot.joint_names)
        default = constant(self.robot.default_joint_pos, xp, self.device)
        self._default = xp.broadcast_to(default, (n, joints))
        self._action = xp.zeros((n, joints), dtype=xp.float32, **self._where)
        self._previous_action = xp.zeros_like(self._action)
        self._start_pos = xp.zeros((n, 2), dtype=xp.float32, **self._where)
        self._commanded = xp.zeros((n,), dtype=xp.float32, **self._where)
        feet = xp.zeros((n, len(self.robot.feet)), dtype=xp.bool, **self._where)
        self._gait = GaitTracker(feet, self._period, self.robot.diagonal_indices)

    @property
    def state(self) -> RobotState:
        """The named robot state, the task's entries included."""
        return self.engine.state

    @property
    def total_mass(self) -> float:
        """Mass of the unloaded robot [kg]."""
        return self.engine.total_mass

    @property
    def command_ranges(self) -> tuple[tuple[float, float], ...]:
        """Ranges of vx, vy [m/s] and wz [rad/s] that the task trains."""
        return self.cfg.commands.vx, self.cfg.commands.vy, self.cfg.commands.wz

    @property
    def targets(self) -> dict[str, float]:
        """What a trained policy must reach in evaluation: metric -> limit."""
        return self.cfg.targets

    @property
    def element_names(self) -> Mapping[str, tuple[str, ...]]:
        """State entry -> names of its elements, for constraints that pick some."""
        return self._names

    def reset(self, seed: int | None = None, env_ids: Array | None = None) -> dict[str, Array]:
        """See Env."""
        if seed is not None:
            if env_ids is not None:
                raise EnvContractError("reset(seed=...) restarts every random stream: leave env_ids out")
            self._random.reseed(seed)
            self._restart()
        else:
            self._reset(self._all if env_ids is None else self._given(env_ids))
        return self.observe()

    def _given(self, value: Array, dtype: Any = None) -> Array:
        """What a caller handed in, NumPy or torch, as an array of this environment's kind and device."""
        return convert(value, self._xp, self.device, dtype)

    def start_at(self, start: Start) -> dict[str, Array]:
        """Start a new episode in every environment, in given states (world frame) instead of drawn ones.

        Commands that are held stay; everything else that `reset` draws is drawn.
        """
        self._begin(self._all, Start(*(constant(value, self._xp, self.device) for value in start)))
        return self.observe()

    def _restart(self) -> None:
        """Begin as if newly made: schedules, curriculum (assigned tiles stay), physics and commands."""
        self.total_steps = 0
        self.commands.held[:] = False
        assigned = self.levels is not None and self.levels.frozen
        if self.cfg.terrain is not None and not assigned:
            start_level = self.cfg.terrain.start_level
            self.levels = TerrainLevels(self.engine.terrain, self.num_envs, self._random, start_level)
        self._randomise_physics()
        self._reset(self._all)

    def _randomise_physics(self) -> None:
        if self.cfg.randomisation.enabled:
            drawn = draw_physics(self.cfg.randomisation, self.robot, self.num_envs, self._random)
            self.engine.set_parameters(self._all, drawn)
        self._physics = observations.physics_vector(self.engine.parameters())

    def _reset(self, ids: Array) -> None:
        start = draw_start(self.cfg.resets, self.robot, len(ids), self._random)
        if self.levels is not None:
            start.root_pos[:] += self.levels.origins(ids)
        self._begin(ids, start)

    def _begin(self, ids: Array, start: Start) -> None:
        self.engine.reset(ids, *start)
        self.episode_steps[ids] = 0
        self._action[ids] = 0
        self._commanded[ids] = 0
        self._start_pos[ids] = self.state.root_pos_w[ids, :2]
        self.commands.draw(ids)
        self._gait.reset(ids)
        self._previous_action[ids] = 0
        self._publish()
        rows = {name: value[ids] for name, value in observations.read(self.state).items()}
        for pipeline in self._pipelines.values():
            pipeline.reset(ids, rows)

    def _publish(self) -> None:
        """Put the task's own entries into the named state."""
        xp, s, gait, command = self._xp, self.state, self._gait, self.commands.value
        s["command"], s["action"], s["previous_action"] = command, self._action, self._previous_action
        s["default_joint_pos"], s["physics"] = self._default, self._physics
        s["moving"] = xp.max(xp.abs(command), axis=-1) > self.cfg.moving
        for name in GaitTracker.NAMES:
            s[name] = getattr(gait, name)
        s["trotting"] = gait.trotting(s.foot_contact)
        s["base_height"] = s.root_pos_w[:, 2] - self.engine.terrain.height_at(s.root_pos_w[:, :2])
        if self.cfg.height_scan is not None:
            s["height_scan"] = self.cfg.height_scan.measure(self.engine.terrain, s.root_pos_w, s.root_quat_w)

    def step(self, actions: Array) -> Step:
        """See Env."""
        actions = self._checked(actions)
        return self._advance(actions, decode(self.spec.actions[0], actions))

    def step_si(self, targets: Mapping[str, Array]) -> Step:
        """See Env. The raw action that the terms read is recovered from the targets."""
        term = self.spec.actions[0]
        target = self._checked(targets[term.name])
        return self._advance((target - self._default) / term.scale, target)

    def _checked(self, actions: Array) -> Array:
        xp, shape = self._xp, (self.num_envs, len(self.robot.joint_names))
        if tuple(actions.shape) != shape:
            raise EnvContractError(
                f"actions have shape {tuple(actions.shape)}, the environment needs {shape}"
            )
        actions = copy(self._given(actions, xp.float32))  # a reset clears rows of it
        if not bool(xp.all(xp.isfinite(actions))):
            bad = xp.nonzero(~xp.all(xp.isfinite(actions), axis=-1))[0]
            raise EnvContractError(
                f"the action of environment {int(bad[0])} is NaN or infinite: the policy diverged"
            )
        return actions

    def _advance(self, action: Array, target: Array) -> Step:
        self._previous_action, self._action = self._action, action
        self.engine.step(target)
        self.episode_steps += 1
        self.total_steps += self.num_envs
        s, cfg = self.state, self.cfg
        self._gait.update(s.foot_contact, s.foot_height)
        self._publish()
        for name, quantity in self._quantities:
            s[name] = quantity(s, self._period)
        constraints = {c.name: c.value(s, self._names) for c in cfg.constraints}
        terminated = fallen(s, cfg.terminations, self.robot, self.engine.diverged)
        late = self.episode_steps >= self.max_episode_steps
        truncated = (late | self.engine.terrain.outside(s.root_pos_w[:, :2], MARGIN)) & ~terminated
        factor = rewards.shaping_factor(cfg.rewards, self.total_steps)
        reward = rewards.total(s, cfg.rewards, self._task_terms, self._shaping_terms, factor) * self._period
        log = self._log(terminated)
        self._end_step()
        final_obs = self._finish(self._xp.nonzero(terminated | truncated)[0])
        return Step(self.observe(), reward, terminated, truncated, constraints, final_obs, log)

    def _end_step(self) -> None:
        """Commands and kicks for the next step; the policy sees both at once."""
        self._commanded = self._commanded + self._command_speed() * self._period
        self.commands.step()
        if self.cfg.randomisation.enabled and self.cfg.randomisation.push > 0:
            push(self.engine, self.cfg.randomisation, self._period, self._random)
        raw = observations.read(self.state)
        for pipeline in self._pipelines.values():
            pipeline.encode(pipeline.measure(raw))

    def _command_speed(self) -> Array:
        """(N,) commanded horizontal speed [m/s]."""
        return self._xp.sqrt(self._xp.sum(self.commands.value[:, :2] ** 2, axis=-1))

    def _finish(self, ids: Array) -> dict[str, Array] | None:
        """Start new episodes in `ids`; returns the observations before that."""
        if len(ids) == 0:
            return None
        final_obs = self.observe()
        if self.levels is not None:
            moved = self.state.root_pos_w[ids, :2] - self._start_pos[ids]
            walked = self._xp.sqrt(self._xp.sum(moved**2, axis=-1))
            # Measured by the whole episode, else falling early would be no reason to move down.
            left = (self.max_episode_steps - self.episode_steps[ids]) * self._period
            commanded = self._commanded[ids] + left * self._command_speed()[ids]
            self.levels.update(ids, walked, self._xp.astype(commanded, self._xp.float32))
        self._reset(ids)
        return final_obs

    def _log(self, terminated: Array) -> dict[str, float]:
        xp, s = self._xp, self.state
        f32 = xp.float32
        error = s.command - xp.concat([s.root_lin_vel_b[:, :2], s.root_ang_vel_b[:, 2:]], axis=-1)
        means = [
            xp.sqrt(xp.mean(error[:, :2] ** 2)),
            xp.sqrt(xp.mean(error[:, 2] ** 2)),
            xp.mean(xp.astype(terminated, f32)),
            xp.mean(xp.astype(s.trotting & s.moving, f32)),
            xp.mean(xp.astype(s.moving, f32)),
        ]
        velocity, yaw_rate, falls, trot, moving = xp.stack(means).tolist()  # a GPU is asked only once
        log = {
            "tracking/velocity_rms": velocity,
            "tracking/yaw_rate_rms": yaw_rate,
            "episode/falls_per_10_s": falls * 10.0 / self._period,
            "gait/trot_share": trot / max(moving, 1e-6),
        }
        if self.levels is not None:
            log["terrain/level"] = self.levels.mean_level
        return log

    def observe(self) -> dict[str, Array]:
        """See Env."""
        return {group: pipeline.obs for group, pipeline in self._pipelines.items()}

    def measurements(self) -> dict[str, Array]:
        """See Env."""
        pipeline = self._pipelines["policy"]
        terms = pipeline.split(pipeline.si)
        hidden = {term.name for term in self.spec.group("policy") if term.kind == "last_action"}
        return {name: value for name, value in terms.items() if name not in hidden}

    def set_command(self, command: Array, env_ids: Array | None = None) -> None:
        """Command (n, 3) vx, vy [m/s], wz [rad/s] until told otherwise; seen from the next step on."""
        self.commands.hold(self._all if env_ids is None else self._given(env_ids), command)

    @property
    def terrain_kinds(self) -> tuple[str, ...]:
        """Kinds of tile of the ground, for `assign_terrain`; one kind alone on the plane."""
        return tuple(dict.fromkeys(self.engine.terrain.kinds))

    def assign_terrain(self, kinds: Sequence[str], level: int | None = None) -> None:
        """Fix the tile of each environment from its next reset on.

        Args:
            kinds: N names of `terrain_kinds`.
            level: difficulty level; the middle one where None.

        Raises:
            EnvContractError: the ground is a plane, or has no such kind.
        """
        known = self.engine.terrain.kinds
        unknown = sorted(set(kinds) - set(known))
        if self.levels is None or unknown:
            raise EnvContractError(
                f"no tiles of kind {', '.join(unknown or kinds[:1])}: the ground has {known}"
            )
        columns = [known.index(kind) for kind in kinds]
        self.levels.assign(columns, self.engine.terrain.levels // 2 if level is None else level)

    def set_physics(self, env_ids: Array, **parameters: Array) -> None:
        """Per-environment physics by the names of PhysicsParameters, e.g. friction=(n,), latency=(n,) [s]."""
        given = {name: self._given(value) for name, value in parameters.items()}
        self.engine.set_parameters(self._given(env_ids), PhysicsParameters(**given))
        self._physics = observations.physics_vector(self.engine.parameters())

    def push(self, env_ids: Array, velocity: Array) -> None:
        """Kick bases by (n, 2) world-frame velocity [m/s]."""
        self.engine.push(self._given(env_ids), self._given(velocity))

    def keep_diverged(self, path: Path) -> None:
        """Save states whose physics diverges from now on in the folder `path`, made when there is one."""
        self.engine.keep_diverged(path)

    def state_dict(self) -> dict[str, Any]:
        """See Env."""
        return {
            "engine": self.engine.state_dict(),
            "random": self._random.state_dict(),
            "commands": self.commands.state_dict(),
            "gait": self._gait.state_dict(),
            "pipelines": {group: pipeline.state_dict() for group, pipeline in self._pipelines.items()},
            "levels": self.levels.state_dict() if self.levels else None,
            "total_steps": self.total_steps,
            "arrays": {name: copy(getattr(self, name)) for name in _ARRAYS},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """See Env."""
        self.engine.load_state_dict(state["engine"])
        self._random.load_state_dict(state["random"])
        self.commands.load_state_dict(state["commands"])
        self._gait.load_state_dict(state["gait"])
        for group, pipeline in self._pipelines.items():
            pipeline.load_state_dict(state["pipelines"][group])
        if self.levels:
            self.levels.load_state_dict(state["levels"])
        self.total_steps = int(state["total_steps"])
        for name in _ARRAYS:
            setattr(self, name, copy(self._given(state["arrays"][name])))
        self._physics = observations.physics_vector(self.engine.parameters())
        self._publish()

    def render(self, env_id: int = 0, size: tuple[int, int] = (640, 480)) -> Array:
        """See Env."""
        return self.engine.render(env_id, size)

    def render_model(self) -> tuple[Any, Any]:
        """(MjModel, MjData) of the first environment, for live viewers."""
        return self.engine.render_model()

    def close(self) -> None:
        """See Env."""
        self.engine.close()


_ARRAYS = ("episode_steps", "_action", "_previous_action", "_commanded", "_start_pos")


def element_names(robot: Robot) -> dict[str, tuple[str, ...]]:
    """State entry -> names of its elements."""
    joints = (
        "joint_pos",
        "joint_vel",
        "joint_acc",
        "joint_torque",
        "action",
        "previous_action",
        "action_rate",
    )
    feet = ("foot_force", "foot_height", "foot_contact", "air_time", "last_air_time", "landing_air_time")
    return {
        **dict.fromkeys((*joints, "default_joint_pos"), robot.joint_names),
        **dict.fromkeys(feet, robot.foot_names),
        "body_force": robot.watched,
    }
