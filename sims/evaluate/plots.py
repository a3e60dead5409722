"""The plots of an evaluation, as SVG text to embed in the report."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from landward.errors import require
from landward.plot_style import BAD, COMMANDED, GOOD, INK, MEASURED, STYLE
from sims.evaluate.figures import limit_text
from sims.evaluate.matrix import UNITS, Matrix, Row
from sims.evaluate.protocol import Evaluation, Evidence

AXES_SHOWN = (
    ("forward velocity [m/s]", "vx"),
    ("sideways velocity [m/s]", "vy"),
    ("yaw rate [rad/s]", "yaw rate"),
)


def all_plots(evaluation: Evaluation) -> dict[str, str]:
    """Every plot by name, as SVG; those without data are left out."""
    evidence, plots = evaluation.evidence, {}
    plots["scatter"] = scatter(evidence)
    plots["tour"] = tour_curves(evidence)
    plots["gait"] = gait_diagram(evidence)
    plots["torque"] = torque_histogram(evidence)
    if evaluation.matrix is not None:
        plots["matrix"] = matrix_bars(evaluation.matrix)
    return {name: svg for name, svg in plots.items() if svg}


def blank_figure(
    width: float, height: float, columns: int = 1, rows: int = 1, **options: Any
) -> tuple[Any, Any, Any]:
    """A figure that is on no screen and in no global list: (context, figure, axes)."""
    figure_module = require("matplotlib.figure", "sim", "the report's plots are drawn with it")
    style = require("matplotlib", "sim", "the report's plots are drawn with it").rc_context(STYLE)
    style.__enter__()
    figure = figure_module.Figure(figsize=(width, height), layout="constrained")
    return style, figure, figure.subplots(rows, columns, **options)


def svg_text(style: Any, figure: Any) -> str:
    """The figure as an <svg> element without the XML prologue."""
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    style.__exit__(None, None, None)
    text = buffer.getvalue()
    return text[text.index("<svg") :]


def scatter(evidence: Evidence) -> str:
    """Commanded against mean measured velocity of each episode, with the 5..95 % range over the steps."""
    alive, velocity = evidence.traces.array("alive"), evidence.traces.array("velocity")
    command = evidence.walking.command
    style, figure, axes = blank_figure(9.6, 3.1, 3)
    lived = alive.any(0)
    masked = np.where(alive[:, lived, None], velocity[:, lived], np.nan)
    middle = np.nanmean(masked, axis=0) if lived.any() else np.zeros((0, 3))
    spread = np.nanpercentile(masked, [5, 95], axis=0) if lived.any() else np.zeros((2, 0, 3))
    for i, (label, _) in enumerate(AXES_SHOWN):
        ax, wanted = axes[i], command[lived, i]
        ends = [command[:, i].min(), command[:, i].max()]
        ax.plot(ends, ends, color=COMMANDED, lw=1.2, label="exact")
        ax.vlines(wanted, spread[0, :, i], spread[1, :, i], color=MEASURED, alpha=0.25, lw=1.5)
        ax.plot(wanted, middle[:, i], "o", ms=3.5, color=MEASURED, label="mean of an episode")
        if not lived.all():
            fallen = command[~lived, i]
            ax.plot(fallen, fallen, "x", color=BAD, label="fell at once")
        ax.set(xlabel=f"commanded {label}", ylabel="measured")
    axes[0].legend(frameon=False, fontsize=8)
    return svg_text(style, figure)


def tour_curves(evidence: Evidence) -> str:
    """Command and measured velocity over the scripted walk."""
    tour = evidence.tour
    if not len(tour.command):
        return ""
    time = np.arange(len(tour.command)) * evidence.period
    style, figure, axes = blank_figure(9.6, 4.6, rows=3, sharex=True)
    for i, (label, _) in enumerate(AXES_SHOWN):
        axes[i].plot(time, tour.velocity[:, i], color=MEASURED, lw=1.0, label="measured")
        axes[i].step(time, tour.command[:, i], color=INK, lw=1.4, where="post", label="commanded")
        axes[i].set_ylabel(label.replace(" [", "\n["))
    axes[0].legend(frameon=False, fontsize=8, loc="upper right", ncols=2)
    axes[2].set_xlabel("time [s]")
    axes[2].set_xlim(0, time[-1])
    return svg_text(style, figure)


def gait_diagram(evidence: Evidence, seconds: float = 2.0) -> str:
    """When each foot is on the ground: standing, then walking forward."""
    contact, period = evidence.tour.contact, evidence.period
    if not len(contact):
        return ""
    moving = np.flatnonzero(np.abs(evidence.tour.command[:, 0]) > 0)
    middle = int(moving[0] + round(1.5 / period)) if len(moving) else 0
    span = contact[middle : middle + round(seconds / period)]
    style, figure, ax = blank_figure(9.6, 0.5 + 0.32 * contact.shape[1])
    for row in range(len(evidence.foot_names)):
        down = np.concatenate([[False], span[:, row], [False]]).astype(int)
        start, stop = np.flatnonzero(np.diff(down) == 1), np.flatnonzero(np.diff(down) == -1)
        bars = [(a * period, (b - a) * period) for a, b in zip(start, stop, strict=True)]
        ax.broken_barh(bars, (row - 0.36, 0.72), facecolors=INK)
    ax.set(
        xlim=(0, seconds),
        xlabel="time [s]; dark: foot on the ground",
        ylim=(len(evidence.foot_names) - 0.5, -0.5),
    )
    ax.set_yticks(range(len(evidence.foot_names)), evidence.foot_names)
    ax.grid(axis="y", visible=False)
    return svg_text(style, figure)


def torque_histogram(evidence: Evidence) -> str:
    """Torques of all joints while walking, against the limit that training set and the drive's own."""
    torque = np.abs(evidence.traces.array("torque"))[evidence.traces.array("alive")].ravel()
    if not len(torque):
        return ""
    hard = max(evidence.effort_limit, default=0.0)
    top = max(float(torque.max()), hard) * 1.05
    style, figure, ax = blank_figure(9.6, 2.6)
    ax.hist(torque, bins=np.linspace(0, top, 90), color=MEASURED, log=True)
    for constraint in evidence.constraints:
        if constraint.reads == "joint_torque":
            ax.axvline(
                np.max(constraint.limit), color=BAD, lw=1.4, label=f"constraint, {limit_text(constraint)}"
            )
    ax.axvline(hard, color=INK, lw=1.4, ls="--", label=f"strongest drive, {hard:g} N m")
    ax.set(xlabel="|joint torque| [N m]", ylabel="samples", xlim=(0, top))
    ax.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), borderaxespad=0, ncols=2)
    return svg_text(style, figure)


def matrix_bars(matrix: Matrix) -> str:
    """Falls and velocity errors per level of each axis, with intervals."""
    groups = [[row for row in matrix.levels if row.axis == axis] for axis in matrix.axes]
    if matrix.terrain:
        groups.append(list(matrix.terrain))
    widths = [len(group) + 0.6 for group in groups]
    style, figure, axes = blank_figure(
        9.6, 4.2, len(groups), 2, width_ratios=widths, sharey="row", squeeze=False
    )
    for column, group in enumerate(groups):
        _fall_bars(axes[0][column], group)
        _error_dots(axes[1][column], group)
        unit = UNITS.get(group[0].axis, "")
        axes[1][column].set_xlabel(f"{group[0].axis} [{unit}]" if unit not in ("", "1") else group[0].axis)
    axes[0][0].set_ylabel("falls [%]")
    axes[1][0].set_ylabel("RMSE [m/s, rad/s]")
    handles, labels = axes[1][0].get_legend_handles_labels()
    figure.legend(handles, labels, frameon=False, fontsize=8, ncols=3, loc="outside lower right")
    axes[1][0].set_ylim(bottom=0)
    return svg_text(style, figure)


def _fall_bars(ax: Any, group: list[Row]) -> None:
    for x, row in enumerate(group):
        value, low, high = (100 * v for v in (row.falls.value, row.falls.low, row.falls.high))
        ax.bar(x, value, width=0.6, color=COMMANDED)
        ax.errorbar(x, value, [[value - low], [high - value]], color=INK, lw=1.2, capsize=3)
    ax.set_xticks(range(len(group)), [row.level.replace("_", "\n") for row in group])
    ax.set_xlim(-0.6, len(group) - 0.4)
    ax.grid(axis="x", visible=False)


def _error_dots(ax: Any, group: list[Row]) -> None:
    for i, (name, label) in enumerate((("rmse_vx", "vx"), ("rmse_vy", "vy"), ("rmse_wz", "yaw rate"))):
        values = np.array([[row.rmse[name].value, row.rmse[name].low, row.rmse[name].high] for row in group])
        spread = np.abs(values[:, 1:] - values[:, :1]).T
        x = np.arange(len(group)) + 0.16 * (i - 1)
        ax.errorbar(
            x,
            values[:, 0],
            spread,
            fmt="os^"[i],
            ms=4,
            capsize=2,
            color=(MEASURED, GOOD, INK)[i],
            label=label,
        )
    ax.set_xticks(range(len(group)), [row.level.replace("_", "\n") for row in group])
    ax.set_xlim(-0.6, len(group) - 0.4)
    ax.grid(axis="x", visible=False)
