"""The plots of a comparison, as SVG text to embed in the report."""

from __future__ import annotations

import numpy as np

from landward.plot_style import BAD, COMMANDED, GOOD, INK, MEASURED
from sims.evaluate.matrix import TRACKED
from sims.evaluate.plots import blank_figure, svg_text
from sims.sim2sim.compare import Comparison

COLOURS = (MEASURED, "#e07a2f", GOOD, "#8e5ea2", BAD, INK)
"""Of the engines, in order."""
QUANTITIES = (
    ("base_position", "base apart [m]"),
    ("base_orientation", "bases turned apart [rad]"),
    ("joint_pos", "joint angles apart [rad]"),
)
TERMS_SHOWN = 6
"""Curves in one panel of the plot of terms."""
LEAST = 1e-2
"""Tolerances at the lower edge of that plot."""


def all_plots(comparison: Comparison) -> dict[str, str]:
    """Every plot by name; those without data are left out."""
    plots = {"errors": error_bars(comparison)}
    if comparison.divergence:
        plots |= {"divergence": divergence_curves(comparison), "terms": term_curves(comparison)}
    return plots


def error_bars(comparison: Comparison) -> str:
    """Tracking errors of every engine, with intervals."""
    style, figure, axes = blank_figure(9.6, 2.9, 3)
    labels = [column.label for column in comparison.columns]
    for axis, (name, unit) in zip(axes, TRACKED, strict=True):
        for x, column in enumerate(comparison.columns):
            e = column.figures[f"rmse_{name}"]
            axis.bar(x, e.value, width=0.6, color=COLOURS[x % len(COLOURS)])
            spread = [[e.value - e.low], [e.high - e.value]]
            axis.errorbar(x, e.value, spread, color=INK, lw=1.2, capsize=3)
        axis.set_xticks(range(len(labels)), labels, rotation=20, ha="right")
        axis.set_ylabel(f"RMSE {name} [{unit}]")
        axis.grid(axis="x", visible=False)
    return svg_text(style, figure)


def divergence_curves(comparison: Comparison) -> str:
    """How far trajectories are apart over the first second."""
    style, figure, axes = blank_figure(9.6, 3.0, 3)
    order = [column.label for column in comparison.columns]
    for axis, (name, label) in zip(axes, QUANTITIES, strict=True):
        for engine, several in comparison.divergence.items():
            time = np.arange(len(several[name])) * comparison.period
            axis.plot(time, several[name], color=COLOURS[order.index(engine) % len(COLOURS)], label=engine)
        axis.set(xlabel="time [s]", ylabel=label, ylim=(0, None))
    axes[0].legend(frameon=False, fontsize=8)
    return svg_text(style, figure)


def term_curves(comparison: Comparison) -> str:
    """Differences of the observations, in tolerances, over the first second, a panel an engine."""
    count = len(comparison.differences)
    style, figure, axes = blank_figure(9.6, 2.8 * count, rows=count, squeeze=False, sharex=True)
    for axis, (engine, several) in zip(axes[:, 0], comparison.differences.items(), strict=True):
        for index, d in enumerate(several[:TERMS_SHOWN]):
            time = np.arange(len(d.rms)) * comparison.period
            ratio = np.maximum(d.ratio, LEAST)
            line = "-" if d.seen else ":"
            axis.plot(time, ratio, line, color=COLOURS[index % len(COLOURS)], label=d.term)
        axis.axhline(1.0, color=COMMANDED, lw=1.2)
        axis.set(yscale="log", ylim=(LEAST, None), ylabel=f"{engine}\ndifference / tolerance")
        axis.legend(frameon=False, fontsize=8, ncols=3, loc="lower right")
    axes[-1, 0].set_xlabel("time [s]; dotted: in the simulator only")
    return svg_text(style, figure)
