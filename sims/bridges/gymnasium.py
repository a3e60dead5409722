"""Gymnasium both ways: an `Env` as a Gymnasium environment, and Gymnasium environments as an `Env`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from landward.array import array_namespace, to_numpy
from landward.errors import EnvContractError, require
from landward.spec import PolicySpec
from sims.bridges.gymnasium_spaces import (
    ACTOR,
    action_space,
    action_term,
    encode_action,
    encode_observation,
    observation_groups,
    observation_space,
    shown_groups,
)
from sims.check_tools import group_shape
from sims.env import Env, Step

gymnasium: Any = require("gymnasium", "sim", "the Gymnasium bridge is made for it")
AUTORESET = gymnasium.vector.AutoresetMode.SAME_STEP


class GymnasiumVectorEnv(gymnasium.vector.VectorEnv):
    """An `Env` as a `gymnasium.vector.VectorEnv` on NumPy arrays.

    Episodes restart in the step that ends them (autoreset mode SAME_STEP): the observations are the next
    episode's, the old ones are in `infos["final_obs"]`, an object array with the mask `infos["_final_obs"]`.
    Constraint values are in
    `infos["constraints"]`, those of ended episodes also in `infos["final_info"]["constraints"]`.

    Args:
        env: the environment; closing this closes it.
        group: the observation group to show, or None for a Dict of all groups. Default: what the policy
            reads, a Dict where that is more than one group, such as an image beside numbers.
    """

    def __init__(self, env: Env, group: str | None = ACTOR) -> None:
        self.env = env
        self.group = shown_groups(env.spec, group)
        self.num_envs = env.num_envs
        self.metadata = {"autoreset_mode": AUTORESET, "render_modes": ["rgb_array"]}
        self.metadata["render_fps"] = round(1.0 / env.spec.control_period)
        self.render_mode = "rgb_array"
        self.single_observation_space = observation_space(env.spec, self.group)
        self.single_action_space = action_space(env.spec)
        self.observation_space = gymnasium.vector.utils.batch_space(
            self.single_observation_space, self.num_envs
        )
        self.action_space = gymnasium.vector.utils.batch_space(self.single_action_space, self.num_envs)
        self._prototype: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Restart every environment, or those of `options["reset_mask"]` ((N,) bool)."""
        super().reset(seed=seed)
        mask = (options or {}).get("reset_mask")
        obs = self.env.reset(seed=seed) if mask is None else self.env.reset(env_ids=np.flatnonzero(mask))
        self._prototype = next(iter(obs.values()))
        return self._show(obs), {}

    def step(self, actions: np.ndarray) -> tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]:
        """Step with actions of `action_space`."""
        raw = np.asarray(actions, np.float32).reshape(self.num_envs, -1)
        if isinstance(self.single_action_space, gymnasium.spaces.Discrete):
            raw = raw - float(self.single_action_space.start)
        step = self.env.step(self._as_env(raw))
        terminated, truncated = (np.array(to_numpy(x), bool) for x in (step.terminated, step.truncated))
        reward = np.array(to_numpy(step.reward), np.float64)
        return self._show(step.obs), reward, terminated, truncated, self._infos(step, terminated | truncated)

    def render(self) -> tuple[np.ndarray, ...]:
        """One picture per environment."""
        return tuple(to_numpy(self.env.render(i)) for i in range(self.num_envs))

    def close_extras(self, **_: Any) -> None:
        """Close the environment."""
        self.env.close()

    def _as_env(self, array: np.ndarray) -> Any:
        if self._prototype is None or isinstance(self._prototype, np.ndarray):
            return array
        return array_namespace(self._prototype).asarray(array, device=self._prototype.device)

    def _show(self, obs: Mapping[str, Any]) -> Any:
        if isinstance(self.group, str):
            return np.array(to_numpy(obs[self.group]))
        return {name: np.array(to_numpy(obs[name])) for name in self.group}

    def _infos(self, step: Step, ended: np.ndarray) -> dict[str, Any]:
        everyone = np.ones(self.num_envs, bool)
        infos: dict[str, Any] = {}
        values = {name: np.array(to_numpy(value)) for name, value in step.constraints.items()}
        if values:
            infos["constraints"], infos["_constraints"] = _masked(values, everyone), everyone
        if ended.any():
            shown = self._show(step.final_obs or step.obs)
            final = np.full(self.num_envs, None, dtype=object)
            for i in np.flatnonzero(ended):
                final[i] = {k: v[i] for k, v in shown.items()} if isinstance(shown, dict) else shown[i]
            infos["final_obs"], infos["_final_obs"] = final, ended.copy()
            kept = {name: np.where(ended[:, None], value, 0.0) for name, value in values.items()}
            infos["final_info"] = (
                {"constraints": _masked(kept, ended), "_constraints": ended.copy()} if kept else {}
            )
            infos["_final_info"] = ended.copy()
        return infos


def _masked(values: Mapping[str, np.ndarray], mask: np.ndarray) -> dict[str, np.ndarray]:
    """Gymnasium's layout of vector infos: every key beside `_key`, which rows hold it."""
    return {**values, **{f"_{name}": mask.copy() for name in values}}


class GymnasiumEnv(gymnasium.Env):
    """An `Env` with one environment as a plain `gymnasium.Env`, for libraries that are not vectorised.

    Args:
        env: with num_envs == 1.
        group: as in `GymnasiumVectorEnv`.
    """

    def __init__(self, env: Env, group: str | None = ACTOR) -> None:
        if env.num_envs != 1:
            raise EnvContractError(
                f"GymnasiumEnv wraps one environment, this batch has {env.num_envs}: make it with num_envs=1 "
                "or use GymnasiumVectorEnv"
            )
        self.vector = GymnasiumVectorEnv(env, group)
        self.metadata = {"render_modes": ["rgb_array"], "render_fps": self.vector.metadata["render_fps"]}
        self.render_mode = "rgb_array"
        self.observation_space = self.vector.single_observation_space
        self.action_space = self.vector.single_action_space

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode."""
        super().reset(seed=seed)
        obs, _ = self.vector.reset(seed=seed)
        return self._first(obs), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """One step; after an end the returned observation is the final one, as Gymnasium wants it."""
        obs, reward, terminated, truncated, infos = self.vector.step(np.asarray(action)[None])
        last = infos["final_obs"][0] if terminated[0] or truncated[0] else self._first(obs)
        constraints = {k: v[0] for k, v in infos.get("constraints", {}).items() if not k.startswith("_")}
        return last, float(reward[0]), bool(terminated[0]), bool(truncated[0]), {"constraints": constraints}

    def render(self) -> np.ndarray:
        """A picture."""
        return self.vector.render()[0]

    def close(self) -> None:
        """Close the environment."""
        self.vector.close()

    def _first(self, obs: Any) -> Any:
        return {k: v[0] for k, v in obs.items()} if isinstance(obs, dict) else obs[0]


class FromGymnasium(Env):
    """Gymnasium environments in a batch behind the `Env` contract.

    Observation spaces Box, Discrete (one-hot) and flat Dict of these, action spaces Box and Discrete. A Box
    action with finite bounds is scaled so that raw actions of -1..1 span it. The clock is this class's own:
    where Gymnasium made the environment, its TimeLimit is taken off and its limit kept. Gymnasium
    environments cannot save their state.

    Args:
        make: an id known to Gymnasium, a callable that makes one environment, or one callable per
            environment.
        num_envs: size of the batch; taken from `make` where it is a sequence.
        max_episode_steps: the time limit; default the registered one.
        control_period: [s]; default the environment's `dt` or `tau`, else 1 / render_fps.
        **options: passed on to `gymnasium.make`.

    Raises:
        EnvContractError: a space that cannot be translated, or no time limit known.
    """

    device = "cpu"

    def __init__(
        self,
        make: str | Callable[[], Any] | Sequence[Callable[[], Any]],
        num_envs: int = 1,
        max_episode_steps: int | None = None,
        control_period: float | None = None,
        **options: Any,
    ) -> None:
        name, limit = "", max_episode_steps
        if isinstance(make, str):
            name = make
            limit = limit or gymnasium.spec(name).max_episode_steps
            options.setdefault("render_mode", "rgb_array")
            makers = [lambda: gymnasium.make(make, max_episode_steps=-1, **options)] * num_envs
        else:
            makers = list(make) if isinstance(make, Sequence) else [make] * num_envs
        self.envs = [maker() for maker in makers]
        self.num_envs = len(self.envs)
        first = self.envs[0]
        limit = limit or getattr(first.spec, "max_episode_steps", None)
        name = name or getattr(first.spec, "id", None) or type(first.unwrapped).__name__
        if not limit:
            raise EnvContractError(f"{name} has no time limit: pass max_episode_steps")
        self.max_episode_steps = int(limit)
        self.episode_steps = np.zeros(self.num_envs, np.int64)
        self._action = action_term(first.action_space, name)
        self.spec = PolicySpec(
            task=name,
            robot=type(first.unwrapped).__name__,
            control_period=control_period or _control_period(first),
            observations=(groups := observation_groups(first.observation_space, name)),
            actions=(self._action,),
            actor=tuple(groups),
        )
        self.infos: list[dict[str, Any]] = [{} for _ in self.envs]
        """What each environment reported last."""
        self._obs = {
            group: np.zeros(*group_shape(terms, self.num_envs)) for group, terms in self.spec.groups.items()
        }

    def reset(self, seed: int | None = None, env_ids: Any | None = None) -> dict[str, np.ndarray]:
        """Start new episodes; environment i gets seed + i, as in Gymnasium's vector environments."""
        for i in range(self.num_envs) if env_ids is None else np.asarray(env_ids).tolist():
            obs, self.infos[i] = self.envs[i].reset(seed=None if seed is None else seed + i)
            self._write(self._obs, i, obs)
            self.episode_steps[i] = 0
        return self.observe()

    def step(self, actions: np.ndarray) -> Step:
        """Step with raw actions (N, A); see the spec's action term for their scale."""
        actions = np.asarray(actions, np.float32)
        size = self._action.size
        if actions.shape != (self.num_envs, size):
            raise EnvContractError(
                f"actions of {self.spec.task} are ({self.num_envs}, {size}), got {actions.shape}"
            )
        self._refuse_non_finite(actions)
        clipped = np.clip(actions, *self._action.clip) if self._action.clip is not None else actions
        scale, offset = (np.asarray(x, np.float32) for x in (self._action.scale, self._action.offset))
        return self._step(clipped * scale + offset)

    def step_si(self, targets: Mapping[str, np.ndarray]) -> Step:
        """Step with the action term's own units."""
        if set(targets) != {self._action.name}:
            raise EnvContractError(
                f"step_si of {self.spec.task} wants {self._action.name!r}, got {sorted(targets)}"
            )
        target = np.asarray(targets[self._action.name], np.float32).reshape(self.num_envs, -1)
        self._refuse_non_finite(target)
        return self._step(target)

    def _refuse_non_finite(self, actions: np.ndarray) -> None:
        bad = ~np.isfinite(actions).all(1)
        if bad.any():
            raise EnvContractError(
                f"the action of environment {int(np.argmax(bad))} of {self.spec.task} is not finite"
            )

    def _step(self, targets: np.ndarray) -> Step:
        reward = np.zeros(self.num_envs, np.float32)
        terminated, truncated = np.zeros(self.num_envs, bool), np.zeros(self.num_envs, bool)
        final = {name: np.copy(value) for name, value in self._obs.items()}
        self.episode_steps += 1
        for i, env in enumerate(self.envs):
            obs, reward[i], died, cut, self.infos[i] = env.step(encode_action(env.action_space, targets[i]))
            terminated[i] = died
            truncated[i] = (cut or self.episode_steps[i] >= self.max_episode_steps) and not died
            self._write(final, i, obs)
        ended = np.flatnonzero(terminated | truncated)
        self._obs = {name: np.copy(value) for name, value in final.items()}
        if len(ended):
            kept = {int(i): self.infos[i] for i in ended}
            self.reset(env_ids=ended)
            for i, info in kept.items():
                self.infos[i] = {**self.infos[i], "final_info": info}
        return Step(self.observe(), reward, terminated, truncated, {}, final if len(ended) else None)

    def observe(self) -> dict[str, np.ndarray]:
        """The latest observations."""
        return {name: np.copy(value) for name, value in self._obs.items()}

    def measurements(self) -> dict[str, np.ndarray]:
        """The actor's terms; Gymnasium observations are taken to be SI already."""
        measured = {}
        for name, terms in self.spec.groups.items():
            group, start = self._obs[name], 0
            for term in terms:
                shape = (self.num_envs, *term.shape)
                columns = (
                    group if group.shape == shape else group[:, start : start + term.size].reshape(shape)
                )
                measured[term.name] = np.copy(columns)
                start += term.size
        return measured

    def render(self, env_id: int = 0, size: tuple[int, int] = (640, 480)) -> np.ndarray:
        """The environment's own picture; Gymnasium decides its size."""
        return np.asarray(self.envs[env_id].render())

    def close(self) -> None:
        """Close all environments."""
        for env in self.envs:
            env.close()

    def _write(self, groups: dict[str, np.ndarray], row: int, obs: Any) -> None:
        for name, value in encode_observation(self.envs[row].observation_space, obs).items():
            groups[name][row] = value


def _control_period(env: Any) -> float:
    """[s] from the environment's `dt` or `tau`, else from its frame rate, else 1."""
    for name in ("dt", "tau"):
        if isinstance(value := getattr(env.unwrapped, name, None), int | float) and value > 0:
            return float(value)
    fps = env.metadata.get("render_fps")
    return 1.0 / fps if fps else 1.0
