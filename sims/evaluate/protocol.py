"""The whole evaluation: nominal, standing, robustness matrix, targets and a tour, all through the file."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from landward.policy import Policy
from landward.provenance import collect
from landward.runs import find_policy
from landward.velocity_commands import draw_commands
from sims.engines import engine_overrides
from sims.env import Env
from sims.evaluate.bootstrap import Estimate
from sims.evaluate.figures import Verdict, judge
from sims.evaluate.matrix import Matrix, run_matrix, run_terrain
from sims.evaluate.rollout import Rollout, Traces, command_box, require_velocity_env, rollout
from sims.evaluate.settings import Physics, Settings
from sims.evaluate.summary import standing_figures, walking_figures
from sims.evaluate.tour import Tour, run_tour
from sims.offscreen import choose_renderer
from sims.terrain_grid import TerrainCfg

FINE_STEP = 0.002
"""[s] Physics step of the fine simulation."""
MILD_TERRAIN = TerrainCfg(
    kinds=dict.fromkeys(("flat", "slope_up", "slope_down", "uneven"), 1),
    levels=1,
    difficulty=(0.25, 0.25),
    tile=24.0,
    start_level=0,
)
"""Ground on which a policy that was trained on the plane is tried too: slopes of 10 %, bumps of 1 cm. Nobody
walks off a tile of this size in 10 s, so each row of the result is one kind of ground."""
MILD_GROUND = "slopes of 10 % and bumps of 1 cm instead of the task's plane, under fine physics"
TASK_GROUND = "the task's own ground at its middle level, under training physics"
OPTIONAL = ("set_physics", "push")
"""What the robustness matrix needs of the environment."""


class MakeEnv(Protocol):
    """`sims.registry.make_env`, or a stand-in."""

    def __call__(self, name: str, num_envs: int, seed: int, play: bool, overrides: Mapping[str, Any]) -> Env:
        """Make a task's environment."""
        ...


MakePolicy = Callable[[Path, Any, int], Policy]
"""(file, spec that is expected or None, number of environments) -> a policy."""


@dataclass
class Evaluation:
    """Everything that was measured."""

    task: str
    policy: str
    """The file."""
    policy_hash: str
    settings: Settings
    metrics: dict[str, Estimate]
    """The figures that count, under `settings.physics`; those of the matrix too."""
    by_physics: dict[str, dict[str, Estimate]]
    """Nominal and standing figures under each physics."""
    verdicts: tuple[Verdict, ...]
    matrix: Matrix | None
    provenance: dict[str, Any]
    evidence: Evidence
    warnings: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether every target is met."""
        return all(verdict.passed for verdict in self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready; NaN does not occur."""
        settings = {**vars(self.settings), "axes": {k: list(v) for k, v in self.settings.axes.items()}}
        return {
            "task": self.task,
            "policy": {"file": self.policy, "hash": self.policy_hash},
            "passed": self.passed,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
            "metrics": {name: e.to_dict() for name, e in self.metrics.items()},
            "by_physics": {p: {n: e.to_dict() for n, e in m.items()} for p, m in self.by_physics.items()},
            "matrix": self.matrix.to_dict() if self.matrix else None,
            "settings": settings,
            "warnings": self.warnings,
            "provenance": self.provenance,
        }

    def to_json(self) -> str:
        """As written to evaluation.json."""
        return json.dumps(self.to_dict(), indent=2, allow_nan=False)


@dataclass
class Evidence:
    """Arrays behind the plots; not part of the JSON."""

    walking: Rollout
    traces: Traces
    tour: Tour
    constraints: tuple[Any, ...]
    """The spec's constraints."""
    foot_names: tuple[str, ...]
    effort_limit: tuple[float, ...]
    """[N m] per joint."""
    period: float
    """Control period [s]."""


def evaluate(
    policy: Path | str,
    task: str | None = None,
    settings: Settings | None = None,
    progress: Callable[[str, int, int], None] | None = None,
    make_env: MakeEnv | None = None,
    make_policy: MakePolicy | None = None,
    **changes: Any,
) -> Evaluation:
    """Evaluate an exported policy.

    Args:
        policy: the file, or a run folder with policy.onnx in it.
        task: in which task; default the one that the policy was trained for.
        settings: what to run.
        progress: called with (what runs, steps done, steps in all).
        make_env: default `sims.registry.make_env`.
        make_policy: default `landward.onnx_policy.OnnxPolicy`.
        **changes: fields of `settings` to change.

    Raises:
        LandwardError: settings that make no sense.
        SimulationError: levels of the matrix that physics does not allow.
        SpecMismatchError: the policy does not fit the task; the message lists the differences.
        EnvContractError: not a velocity-tracking task.
        RunError: no such file.
    """
    settings = replace(settings or Settings(), **changes)
    settings.validate()
    progress = progress or (lambda what, done, total: None)
    make_env, make_policy = make_env or _registered_env, make_policy or _exported_policy
    path = find_policy(policy)
    first = make_policy(path, None, 1)
    task = task or first.spec.task
    stage = _Stages(path, task, settings, make_env, make_policy, progress)
    if settings.matrix:
        stage.try_levels()
    # The physics that counts comes last, so that its arrays are the ones that are plotted.
    by_physics: dict[str, dict[str, Estimate]] = {}
    by_physics["training"], evidence, targets = stage.nominal("training")
    if settings.physics == "fine":
        by_physics["fine"], evidence, targets = stage.nominal("fine")
    metrics = dict(by_physics[settings.physics])
    matrix, warnings = stage.matrix() if settings.matrix else (None, [])
    if matrix is not None:
        metrics["matrix_falls"] = matrix.overall.falls
        metrics |= {f"matrix_{name}": estimate for name, estimate in matrix.overall.rmse.items()}
    tour, problem = stage.tour()
    return Evaluation(
        task=task,
        policy=str(path),
        policy_hash=getattr(first, "graph_hash", ""),
        settings=settings,
        metrics=metrics,
        by_physics=by_physics,
        verdicts=judge(metrics, targets),
        matrix=matrix,
        provenance=collect(settings.seed, {"policy": getattr(first, "provenance", {})}),
        evidence=replace(evidence, tour=tour),
        warnings=warnings + ([problem] if problem else []),
    )


@dataclass
class _Stages:
    """The parts of an evaluation, each on a fresh environment."""

    path: Path
    task: str
    settings: Settings
    make_env: MakeEnv
    make_policy: MakePolicy
    progress: Callable[[str, int, int], None]
    delay_line: dict[str, Any] = field(default_factory=dict)
    """Overrides that the longest latency of the matrix needs."""

    def _open(
        self, num_envs: int, physics: Physics, ground: Mapping[str, Any] | None = None
    ) -> tuple[Any, Policy]:
        overrides = {} if physics == "training" else fine_physics(self._control_period())
        overrides |= {**engine_overrides(self.settings.engine, self.settings.device), **(ground or {})}
        env = self.make_env(
            self.task, num_envs=num_envs, seed=self.settings.seed, play=True, overrides=overrides
        )
        require_velocity_env(env, self.task)
        return env, self.make_policy(self.path, env.spec, num_envs)

    def _control_period(self) -> float:
        return self.make_policy(self.path, None, 1).spec.control_period

    def _track(self, what: str) -> Callable[[int, int], None]:
        return lambda done, total: self.progress(what, done, total)

    def nominal(self, physics: Physics) -> tuple[dict[str, Estimate], Evidence, Mapping[str, Any]]:
        """Walking and standing figures, the arrays behind them and the task's targets."""
        s = self.settings
        env, policy = self._open(s.episodes, physics)
        with env:
            period = env.spec.control_period
            command = draw_commands(command_box(env), s.episodes, s.seed)
            traces, still = Traces(period), Traces(period)
            what = f"walking, {physics} physics"
            walking = rollout(
                env, policy, s.seconds, command, s.seed, record=(traces,), progress=self._track(what)
            )
            figures = walking_figures(walking, traces, env.robot, env.total_mass)
            what = f"standing, {physics} physics"
            standing = rollout(
                env, policy, s.seconds, 0 * command, s.seed, record=(still,), progress=self._track(what)
            )
            figures |= standing_figures(standing, still)
            evidence = Evidence(
                walking,
                traces,
                Tour.empty(),
                env.spec.constraints,
                tuple(env.robot.foot_names),
                tuple(env.robot.effort_limit),
                period,
            )
            return figures, evidence, dict(getattr(env, "targets", None) or {})

    def try_levels(self) -> None:
        """Put the extremes of every axis into one robot, so that an impossible one is known at once.

        Raises:
            SimulationError: the engine refuses one.
        """
        axes = {name: levels for name, levels in self.settings.axes.items() if name != "push"}
        env, _ = self._open(1, "training")
        with env:
            self.delay_line = longer_delay_line(env, max(axes.get("latency", (0.0,))))
            if not hasattr(env, "set_physics"):
                return
            axes = {name: levels for name, levels in axes.items() if name != "latency" or not self.delay_line}
            for pick in (min, max):
                extremes = {name: np.asarray([pick(levels)], np.float32) for name, levels in axes.items()}
                if extremes:
                    env.set_physics(np.arange(1), **extremes)

    def matrix(self) -> tuple[Matrix | None, list[str]]:
        """The robustness matrix and the kinds of terrain, or why there is none."""
        s = self.settings
        n = s.episodes_per_cell * math.prod(len(levels) for levels in s.axes.values())
        env, policy = self._open(n, "training", self.delay_line)
        with env:
            absent = [name for name in OPTIONAL if not hasattr(env, name)]
            if absent:
                return None, [f"no robustness matrix: {type(env).__name__} has no {', '.join(absent)}"]
            command = draw_commands(command_box(env), n, s.seed + 1)
            what = f"robustness matrix, {n} episodes"
            matrix = run_matrix(
                env, policy, s.axes, s.episodes_per_cell, s.seconds, command, s.seed, self._track(what)
            )
            kinds = tuple(getattr(env, "terrain_kinds", ()))
            on_plane = getattr(getattr(env, "cfg", None), "terrain", "none") is None
        if on_plane:
            kinds = tuple(MILD_TERRAIN.kinds)
        if len(kinds) < 2:
            return matrix, []
        # The long steps that will do on a plane let feet sink into a height field, where they get caught:
        # falls that no robot has.
        ground: tuple[Physics, dict[str, Any]] = (
            ("fine", {"terrain": MILD_TERRAIN}) if on_plane else ("training", {})
        )
        env, policy = self._open(s.episodes, *ground)
        with env:
            command = draw_commands(command_box(env), s.episodes, s.seed)
            rows = run_terrain(env, policy, kinds, s.seconds, command, s.seed, self._track("terrain"))
            return replace(matrix, terrain=rows, ground=MILD_GROUND if on_plane else TASK_GROUND), []

    def tour(self) -> tuple[Tour, str]:
        """The scripted walk, filmed when wanted; a message where there could be no film."""
        env, policy = self._open(1, self.settings.physics)
        with env:
            return run_tour(
                env, policy, command_box(env), self.settings.seed, self.settings.video, self._track("tour")
            )


def fine_physics(control_period: float) -> dict[str, Any]:
    """Overrides of a task that make it a fine simulation with that control period [s]."""
    return {
        "physics.timestep": FINE_STEP,
        "physics.substeps": round(control_period / FINE_STEP),
        "physics.cone": "elliptic",
        "physics.iterations": 50,
        "physics.ls_iterations": 50,
    }


def longer_delay_line(env: Any, latency: float) -> dict[str, float]:
    """The override that makes a task's delay line hold a latency [s]; none where it does already."""
    physics = getattr(getattr(env, "cfg", None), "physics", None)
    held = getattr(physics, "max_latency", latency)
    # A microsecond more, because levels are handed over as float32, which may round up.
    return {"physics.max_latency": latency + 1e-6} if latency > held else {}


def _registered_env(name: str, num_envs: int, seed: int, play: bool, overrides: Mapping[str, Any]) -> Env:
    from sims.registry import make_env

    choose_renderer()
    return make_env(name, num_envs=num_envs, seed=seed, play=play, overrides=overrides)


def _exported_policy(path: Path, expected: Any, num_envs: int) -> Policy:
    from landward.onnx_policy import OnnxPolicy

    return OnnxPolicy(path, expected=expected, num_envs=num_envs)
