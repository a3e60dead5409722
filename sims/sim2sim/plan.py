"""What is run in every engine: policy, task, commands and start states, drawn once and written down."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from landward.array import NumpyRandom
from landward.atomic import write_atomic, write_text_atomic
from landward.errors import LandwardError
from landward.velocity_commands import COMMANDS, draw_commands
from robots import get_robot
from sims.engines import get_engine
from sims.evaluate.protocol import fine_physics
from sims.evaluate.rollout import SETTLE, cut_ranges
from sims.registry import get_task
from sims.terrain import FLAT
from sims.terrain_grid import make_terrain
from sims.velocity.cfg import VelocityCfg
from sims.velocity.events import Start, draw_start

PLAN, STARTS = "plan.json", "starts.npz"
FINE, EXPLICIT = "fine", "explicit"
"""NAME@fine is that engine with the fine physics of `landward eval`, NAME@explicit with drives that compute
their torque once a physics step, and NAME@fine+explicit with both."""
NOMINAL = {"friction": 0.8, "payload": 0.0, "strength": 1.0, "latency": 0.0}
"""Physics in every engine. No latency, because engines round it to their physics steps, which differ."""


@dataclass(frozen=True)
class Variant:
    """An engine with its settings, one column of the matrix."""

    label: str
    """What users type and reports show."""
    engine: str
    """A key of `sims.engines.ENGINES`."""
    device: str = "cpu"
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """"section.field" -> value, on top of the task's play configuration."""


@dataclass(frozen=True)
class Plan:
    """Read by every worker; the arrays lie beside it."""

    policy: str
    """The exported file."""
    task: str
    episodes: int
    seconds: float
    seed: int
    variants: tuple[Variant, ...]
    """The first is the reference."""

    def variant(self, label: str) -> Variant:
        """The variant of that label."""
        return next(variant for variant in self.variants if variant.label == label)


@dataclass(frozen=True)
class Episodes:
    """Where N episodes start and what they are told."""

    command: np.ndarray
    """(N, 3) vx, vy [m/s], yaw rate [rad/s]."""
    start: Start
    """World frame, see sims.velocity.events."""


def parse_variants(names: str, device: str, control_period: float) -> tuple[Variant, ...]:
    """Engines from the command line, such as "mujoco,mujoco@fine,warp".

    Engines that do not run on `device` run on the CPU.

    Raises:
        RegistryError: there is no such engine.
        LandwardError: a name twice, an unknown setting behind @, or fewer than two engines.
    """
    found: list[Variant] = []
    for label in (name.strip() for name in names.split(",") if name.strip()):
        name, _, settings = label.partition("@")
        entry = get_engine(name)
        if label in [variant.label for variant in found]:
            raise LandwardError(f"engine {label!r} is named twice; name another one, or {name}@{FINE}")
        place = device if device.partition(":")[0] in entry.devices else entry.devices[0]
        found.append(Variant(label, name, place, _overrides(label, settings, control_period)))
    if len(found) < 2:
        raise LandwardError(
            f"sim-to-sim compares engines, got {names!r}; name at least two, such as mujoco,warp"
        )
    return tuple(found)


def _overrides(label: str, settings: str, control_period: float) -> dict[str, Any]:
    """What the settings behind an engine's @ change."""
    known = {FINE: fine_physics(control_period), EXPLICIT: {"physics.actuator": "dc_motor"}}
    changes: dict[str, Any] = {}
    for setting in settings.split("+") if settings else []:
        if setting not in known:
            raise LandwardError(
                f"engine {label!r} has no setting {setting!r}: {' and '.join(known)} may follow @, with + "
                "between them"
            )
        changes |= known[setting]
    return changes


def check_length(episodes: int, seconds: float) -> None:
    """Refuse episodes in which nothing can be measured.

    Raises:
        LandwardError: names what is wrong.
    """
    if episodes < 1:
        raise LandwardError(f"episodes is {episodes}: at least one has to be run")
    if not SETTLE + 0.1 <= seconds < float("inf"):
        raise LandwardError(
            f"seconds is {seconds:g}: the first {SETTLE:g} s of an episode are left out of the figures, so "
            f"it has to last at least {SETTLE + 0.1:g} s"
        )


def play_configuration(task: str) -> VelocityCfg:
    """The task's configuration for evaluation.

    Raises:
        LandwardError: not a velocity task of ours, which alone can be started in given states.
    """
    cfg = get_task(task).make_cfg(True)
    if not isinstance(cfg, VelocityCfg):
        raise LandwardError(
            f"task {task!r} is no velocity task of Landward's, so its engine cannot be exchanged; sim2sim "
            "runs go1-flat, solo12-flat and their like"
        )
    return cfg


def draw_episodes(cfg: VelocityCfg, episodes: int, seed: int) -> Episodes:
    """Commands as those of `landward eval`, start states as the task draws them; on tiles of middle level.

    One NumPy stream draws them, whatever the arrays of the engines.
    """
    ranges = cut_ranges(COMMANDS, (cfg.commands.vx, cfg.commands.vy, cfg.commands.wz))
    start = draw_start(cfg.resets, get_robot(cfg.robot), episodes, NumpyRandom(seed))
    ground = FLAT if cfg.terrain is None else make_terrain(cfg.terrain)
    tiles = ground.origins[ground.levels // 2]
    start.root_pos[:] += tiles[np.arange(episodes) % len(tiles)]
    return Episodes(draw_commands(ranges, episodes, seed), start)


def save_plan(folder: Path, plan: Plan, episodes: Episodes) -> None:
    """Write both into an existing folder."""
    write_text_atomic(folder / PLAN, json.dumps(asdict(plan), indent=2))
    arrays = {"command": episodes.command, **episodes.start._asdict()}
    write_atomic(folder / STARTS, lambda stream: np.savez(stream, **arrays))


def load_plan(folder: Path) -> tuple[Plan, Episodes]:
    """Read what `save_plan` wrote."""
    data = json.loads((folder / PLAN).read_text(encoding="utf-8"))
    plan = Plan(**{**data, "variants": tuple(Variant(**variant) for variant in data["variants"])})
    with np.load(folder / STARTS) as file:
        start = Start(*(file[name] for name in Start._fields))
        return plan, Episodes(file["command"], start)
