"""Write the tables of the guide from the code that they describe, so that both say the same.

A page holds `<!-- table: NAME ARGUMENT -->`, the table, `<!-- /table -->`. Run from the repository's root
after a change of a robot, a task or a figure: python -P docs/tables.py
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from agents.recipes import agent_config
from landward.constraint import Constraint
from landward.spec import ObservationTerm
from robots import Robot, Safety, get_robot
from sims.carla.server.methods.catalogue import counts, methods
from sims.evaluate.figures import FIGURES, show_value
from sims.registry import get_task
from sims.velocity import rewards
from sims.velocity.cfg import RandomisationCfg, VelocityCfg
from sims.velocity.observations import velocity_spec

DOCS = Path(__file__).resolve().parent
CALLS = DOCS / "carla_calls.json"
MARKER = re.compile(r"(<!-- table: (\w+) ?([\w-]*) -->\n).*?(<!-- /table -->)", re.DOTALL)
TASKS = ("go1-flat", "go1-rough", "solo12-flat", "solo12-rough")
DRIVING = ("carla-route", "carla-route-cat", "carla-lane", "carla-junction")
ROBOT_ROWS = (
    ("joint_names", "joints, in policy order", ""),
    ("default_joint_pos", "standing pose, the zero of the action", "rad"),
    ("joint_limits", "position limits", "rad"),
    ("stiffness", "proportional gain", "N m/rad"),
    ("damping", "derivative gain", "N m s/rad"),
    ("effort_limit", "largest torque", "N m"),
    ("velocity_limit", "no-load speed", "rad/s"),
    ("saturation_effort", "stall torque", "N m"),
    ("armature", "rotor inertia at the joint", "kg m²"),
    ("joint_damping", "viscous friction", "N m s/rad"),
    ("joint_friction", "dry friction", "N m"),
    ("latency", "command to torque", "s"),
    ("feet", "feet", ""),
    ("bodies", "contact shapes other than feet", ""),
    ("standing_height", "base origin above the ground in the standing pose", "m"),
)
SAFETY_ROWS = (
    ("tilt", "largest tilt of the body", "rad"),
    ("target_rate", "fastest change of a joint's target", "rad/s"),
    ("velocity", "largest joint speed", "rad/s"),
    ("effort", "largest joint torque", "N m"),
    ("position_margin", "measured position beyond the joint's limits", "rad"),
    ("damping", "gain of the safe state, damping", "N m s/rad"),
    ("stand_speed", "joint speed while standing up", "rad/s"),
    ("sensor_age", "oldest measurement that a command may rest on", "s"),
    ("sensor_rate", "measurements of joints and IMU", "Hz"),
)
REWARD_SETTINGS = (
    ("sigma", "width of both tracking terms"),
    ("air_time_zero", "swing duration that is worth nothing [s]"),
    ("swing_height_full", "swing peak that earns the full term [m]"),
    ("swing_height_zero", "share of the full swing that is worth nothing"),
    ("shaping_start", "factor on the shaping terms at the first step, growing to 1"),
    ("shaping_steps", "over this many environment steps"),
)
RANDOMISED = (
    ("friction", "sliding friction of the feet"),
    ("payload", "mass added to the base [kg]"),
    ("strength", "factor on gains and effort limits"),
    ("gains", "factor on each joint's stiffness and damping"),
    ("armature", "factor on rotor inertias"),
    ("latency", "command delay [s]"),
)


def robot(name: str) -> list[str]:
    """Numbers of a robot and where each is from."""
    declared = get_robot(name)
    rows = [
        (title, _value(declared, field, unit), declared.sources.get(field, ""))
        for field, title, unit in ROBOT_ROWS
    ]
    return _table(("what", "value", "source"), rows)


def safety(name: str) -> list[str]:
    """What the monitor enforces on a robot and where each number is from."""
    declared = get_robot(name)
    period = ("time between two commands", f"{declared.control_period:g} s", "rate of its tasks")
    rows = [
        (title, _value(declared.safety, field, unit), declared.sources[f"safety.{field}"])
        for field, title, unit in SAFETY_ROWS
    ]
    return _table(("what", "value", "source"), [*rows, period])


def observations(name: str) -> list[str]:
    """What actor and critic of a task see."""
    cfg = _cfg(name)
    spec = velocity_spec(name, get_robot(cfg.robot), cfg)
    critic = {term.name: term for term in spec.group("critic")}
    actor = {term.name: term for term in spec.group("policy")}
    rows = []
    for term in (actor | {k: v for k, v in critic.items() if k not in actor}).values():
        seen = "both" if term.name in actor and term.name in critic else "actor"
        noise = f"±{term.noise.scale:g}" if term.noise else ""
        unit = term.unit if isinstance(term.unit, str) else ", ".join(term.unit)
        rows.append(
            (
                f"`{term.name}`",
                "critic" if term.name not in actor else seen,
                str(term.size),
                unit,
                noise,
                _affine(term),
            )
        )
    return _table(("term", "seen by", "numbers", "unit", "noise (actor)", "scale"), rows)


def reward(name: str) -> list[str]:
    """Reward terms, their formulas and the weights of all tasks."""
    del name
    cfgs = {task: _cfg(task).rewards for task in TASKS}
    rows = []
    for term in (*rewards.TASK_TERMS, *rewards.SHAPING_TERMS):
        weights = [getattr(cfg, term.__name__) for cfg in cfgs.values()]
        if any(weights):
            formula = (inspect.getdoc(term) or "").partition(" (")[0].rstrip(".").replace("|", "\\|")
            rows.append((f"`{term.__name__}`", formula, *(f"{w:g}" if w else "" for w in weights)))
    return _table(("term", "value per second", *TASKS), rows)


def reward_settings(name: str) -> list[str]:
    """The other numbers in the reward formulas, all tasks."""
    del name
    cfgs = [_cfg(task).rewards for task in TASKS]
    rows = [
        (f"`{field}`", title, *(_number(getattr(c, field)) for c in cfgs)) for field, title in REWARD_SETTINGS
    ]
    return _table(("setting", "meaning", *TASKS), rows)


def ends(name: str) -> list[str]:
    """What ends an episode, all tasks."""
    del name
    cfgs = [_cfg(task) for task in TASKS]
    conditions = [(c.terminations, get_robot(c.robot).fall_height, c) for c in cfgs]
    contact = [t.body_contact for t, _, _ in conditions]
    rows = [
        ("fall: base tilted by more than", *(f"{math.degrees(t.tilt):.0f}°" for t, _, _ in conditions)),
        (
            "fall: base origin above the ground lower than",
            *(f"{h:g} m" if t.height else "" for t, h, _ in conditions),
        ),
        (
            "fall: a watched link (base, thighs) presses with more than",
            *("" if c is None else f"{c:g} N" for c in contact),
        ),
        ("fall: physics diverged", *("yes" for _ in cfgs)),
        ("time-out", *(f"{c.episode_s:g} s" for c in cfgs)),
        (
            "time-out: 0.5 m from the end of the ground",
            *("yes" if c.terrain is not None else "" for c in cfgs),
        ),
    ]
    return _table(("", *TASKS), rows)


def recipes(name: str) -> list[str]:
    """The main settings of all tasks' recipes."""
    del name
    agents = [agent_config(task) for task in TASKS]
    rows = [
        (
            "end",
            *(
                f"{a.total_steps:,.0f} steps" if a.total_steps else f"{a.iterations:,} iterations"
                for a in agents
            ),
        ),
        ("`model.hidden_sizes`", *(", ".join(map(str, a.model.hidden_sizes)) for a in agents)),
        (
            "`ppo.learning_rate`, `ppo.desired_kl`",
            *(f"{a.ppo.learning_rate:g}, {a.ppo.desired_kl:g}" for a in agents),
        ),
        ("`ppo.epochs`", *(str(a.ppo.epochs) for a in agents)),
        ("`ppo.mirror`", *("yes" if a.ppo.mirror else "no" for a in agents)),
        ("`constraint.start_after_steps`", *(f"{a.constraint.start_after_steps:,.0f}" for a in agents)),
        ("`constraint.ramp_steps`", *(f"{a.constraint.ramp_steps:,.0f}" for a in agents)),
    ]
    return _table(("", *TASKS), rows)


def driving_recipes(name: str) -> list[str]:
    """The main settings of the driving tasks' recipes."""
    del name
    agents = [agent_config(task) for task in DRIVING]
    envs = [get_task(task).num_envs for task in DRIVING]
    rows = [
        ("end", *(f"{a.total_steps:,.0f} steps" for a in agents)),
        ("`--num-envs`", *map(str, envs)),
        (
            "samples of an update, in mini-batches of",
            *(
                f"{(n := count * a.ppo.steps_per_iteration):,}, {n // a.ppo.mini_batches}"
                for a, count in zip(agents, envs, strict=True)
            ),
        ),
        ("`ppo.epochs`, `ppo.target_kl`", *(f"{a.ppo.epochs}, {a.ppo.target_kl:g}" for a in agents)),
        (
            "`ppo.learning_rate`, `ppo.schedule`",
            *(f"{a.ppo.learning_rate:g}, {a.ppo.schedule}" for a in agents),
        ),
        ("`ppo.clip`, `ppo.entropy_coef`", *(f"{a.ppo.clip:g}, {a.ppo.entropy_coef:g}" for a in agents)),
        ("`ppo.discount`, `ppo.gae_lambda`", *(f"{a.ppo.discount:g}, {a.ppo.gae_lambda:g}" for a in agents)),
        (
            "`constraint.start_after_steps`",
            *(
                f"{a.constraint.start_after_steps:,.0f}" if task.endswith("-cat") else ""
                for a, task in zip(agents, DRIVING, strict=True)
            ),
        ),
    ]
    return _table(("", *DRIVING), rows)


def constraints(name: str) -> list[str]:
    """Constraints of a task."""
    rows = [
        (f"`{c.name}`", _holds(c), c.kind, f"{1.0 if c.kind == 'hard' else c.p_max:g}", _gate(c))
        for c in _cfg(name).constraints
    ]
    return _table(("constraint", "violated unless", "kind", "p_max", "only when"), rows)


def commands(name: str) -> list[str]:
    """Command ranges of all tasks."""
    del name
    rows = []
    for task in TASKS:
        c = _cfg(task).commands
        still = f"; {c.resample_standing_s:g} s while standing" if c.resample_standing_s else ""
        rows.append(
            (
                task,
                *(_range(r) for r in (c.vx, c.vy, c.wz)),
                f"{100 * c.standing:g} %",
                f"{c.dead_zone:g}",
                f"{c.resample_s:g} s{still}",
            )
        )
    header = ("task", "vx [m/s]", "vy [m/s]", "wz [rad/s]", "exactly zero", "dead zone", "held on average")
    return _table(header, rows)


def randomisation(name: str) -> list[str]:
    """What differs between environments, all tasks."""
    del name
    cfgs = {task: _cfg(task).randomisation for task in TASKS}
    rows = [
        (title, *(_range(getattr(c, field)) for c in cfgs.values()))
        for field, title in RANDOMISED
        if any(getattr(c, field) is not None for c in cfgs.values())
    ]
    return _table(
        ("drawn once for each environment", *TASKS), [*rows, ("push, each axis", *map(_push, cfgs.values()))]
    )


def targets(name: str) -> list[str]:
    """What a trained policy of a task must reach."""
    rows = [
        (
            f"`{m}`",
            FIGURES[m].label,
            f"{'at least' if FIGURES[m].at_least else 'at most'} {show_value(m, limit)}",
        )
        for m, limit in _cfg(name).targets.items()
    ]
    return _table(("figure", "name in the report", "target"), rows)


def carla_calls(module: str) -> list[str]:
    """The RPC methods of a module of the driving server, and which programs of its tests call them."""
    return _table(("method", "answered", "what it does here", "called by"), methods(module, CALLS))


def carla_count(name: str) -> list[str]:
    """How many methods the driving server answers."""
    del name
    return _table(("", "methods", "called by the test programs"), counts(CALLS))


TABLES: dict[str, Callable[[str], list[str]]] = {
    f.__name__: f
    for f in (
        robot,
        safety,
        observations,
        reward,
        reward_settings,
        constraints,
        commands,
        randomisation,
        ends,
        recipes,
        driving_recipes,
        targets,
        carla_calls,
        carla_count,
    )
}


def fill(text: str) -> str:
    """A page with its tables written anew."""

    def table(match: re.Match[str]) -> str:
        start, kind, argument, end = match.groups()
        return start + "\n" + "\n".join(TABLES[kind](argument)) + "\n\n" + end

    return MARKER.sub(table, text)


def main() -> None:
    """Rewrite every page that has tables."""
    for page in sorted(DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if (filled := fill(text)) != text:
            page.write_text(filled, encoding="utf-8")
            print(f"rewrote {page.relative_to(DOCS)}")


def _cfg(task: str) -> VelocityCfg:
    return get_task(task).make_cfg(False)


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(line)} |" for line in lines]


def _value(declared: Robot | Safety, field: str, unit: str) -> str:
    value = getattr(declared, field)
    if field == "joint_names":
        return ", ".join(value)
    if field == "bodies":
        return f"{len(value)} primitives"
    if field == "feet":
        return f"{len(value)} spheres of {value[0].size[0]:g} m"
    if field == "latency":
        return f"{_range(value)} {unit}"
    return _per_joint(value, unit) if isinstance(value, tuple) else f"{value:g} {unit}"


def _per_joint(values: tuple[Any, ...], unit: str) -> str:
    """One value where all are equal, one a joint of a leg where legs are equal, else one a joint."""
    texts = [_range(v) if isinstance(v, tuple) else f"{v:g}" for v in values]
    if len(set(texts)) == 1:
        return f"{texts[0]} {unit}"
    leg = len(texts) // 4
    if texts == texts[:leg] * 4:
        return f"{', '.join(texts[:leg])} {unit} (each leg)"
    return f"{', '.join(texts)} {unit}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000.0 else f"{value:g}"


def _range(pair: Sequence[float] | None) -> str:
    return "" if pair is None else f"{pair[0]:g} to {pair[1]:g}"


def _push(cfg: RandomisationCfg) -> str:
    return f"up to {cfg.push:g} m/s, every {cfg.push_s:g} s on average"


def _affine(term: ObservationTerm) -> str:
    offset = "x" if term.offset == 0.0 else "(x - default)"
    scale = term.scale if isinstance(term.scale, tuple) else (term.scale,)
    return offset if scale == (1.0,) else f"{offset} × {', '.join(f'{s:g}' for s in scale)}"


def _holds(c: Constraint) -> str:
    read = f"{c.reads} - {c.reference}" if c.reference else c.reads
    read += f" of {', '.join(c.elements)}" if c.elements else ""
    sign = {"abs": "\\|{}\\| ≤ {}", "upper": "{} ≤ {}", "lower": "{} ≥ {}"}[c.measure]
    return sign.format(read, f"{c.limit:g} {c.unit}".removesuffix(" 1"))


def _gate(c: Constraint) -> str:
    return f"`{c.when}`" if c.when else ""


if __name__ == "__main__":
    main()
