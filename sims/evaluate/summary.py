"""From recorded rollouts to named figures with confidence intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from sims.evaluate import bootstrap, metrics
from sims.evaluate.bootstrap import Estimate
from sims.evaluate.matrix import TRACKED
from sims.evaluate.rollout import Rollout, Traces


def walking_figures(result: Rollout, traces: Traces, robot: Any, mass: float) -> dict[str, Estimate]:
    """Tracking, falls, economy, gait and violations of walking episodes.

    Args:
        result: of the rollout.
        traces: recorded from it.
        robot: for the names of its feet and its diagonal pairs.
        mass: of the robot [kg].
    """
    alive, velocity, contact = (traces.array(name) for name in ("alive", "velocity", "contact"))
    squares, steps = metrics.squared_errors(velocity, result.command, alive)
    figures = {
        f"rmse_{name}": bootstrap.root_mean_square(squares[:, i], steps, unit)
        for i, (name, unit) in enumerate(TRACKED)
    }
    figures["falls"] = bootstrap.proportion(result.fell)
    walking = metrics.moving(result.command)
    cost = metrics.cost_of_transport(traces.array("torque"), traces.array("joint_vel"), velocity, alive, mass)
    figures["cost_of_transport"] = bootstrap.mean(np.where(walking, cost, np.nan))
    peaks, episodes = metrics.swing_peaks(
        contact[:, walking], traces.array("height")[:, walking], alive[:, walking]
    )
    count = np.bincount(episodes, minlength=int(walking.sum()))
    total = np.bincount(episodes, weights=peaks, minlength=int(walking.sum()))
    figures["swing_height"] = bootstrap.ratio(total, count, unit="m")
    figures["swing_height_p10"] = bootstrap.percentile(peaks, episodes, 10.0, "m")
    if len(robot.diagonal_indices) == 2:
        trot = metrics.trot_share(contact, alive, robot.diagonal_indices)
        figures["trot_share"] = bootstrap.mean(np.where(walking, trot, np.nan))
    duty = np.where(walking[:, None], metrics.duty_factors(contact, alive), np.nan)
    for i, foot in enumerate(robot.foot_names):
        figures[f"duty.{foot}"] = bootstrap.mean(duty[:, i])
    for name, violated in result.violations.items():
        figures[f"violations.{name}"] = bootstrap.ratio(violated, result.counted)
    return figures


def standing_figures(result: Rollout, traces: Traces) -> dict[str, Estimate]:
    """How still the robot stands at zero command."""
    alive, velocity = traces.array("alive"), traces.array("velocity")
    moved = metrics.displacement(traces.array("position"), alive)
    return {
        "standing_feet_down": bootstrap.mean(metrics.all_feet_down(traces.array("contact"), alive)),
        "standing_drift": bootstrap.mean(metrics.drift_speed(velocity, alive), "m/s"),
        "standing_displacement": bootstrap.mean(moved, "m"),
        "standing_falls": bootstrap.proportion(result.fell),
    }
