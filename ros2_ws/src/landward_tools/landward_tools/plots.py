"""A recording as one page of curves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from landward.errors import require
from landward.plot_style import BAD, COMMANDED, INK, MEASURED, STYLE
from landward_ros import names
from landward_tools import measures
from landward_tools.bag import Bag, Statuses

_LEVELS = (COMMANDED, "#f9a825", BAD)
"""Colours of OK, warning and error."""
_LETTER = 0.009
"""Width of a letter as a share of the axis."""
LABELS = ("forward\n[m/s]", "sideways\n[m/s]", "turn\n[rad/s]")


def plot(bag: Path, path: Path, namespace: str = "") -> None:
    """Draw commanded and measured velocity, the latency of the commands, and the states over time.

    Args:
        bag: the recording.
        path: picture to write; its suffix says the format (.svg, .png, .pdf).
        namespace: of the robot.

    Raises:
        BagError: the recording is missing, cut off or damaged.
        MissingDependencyError: matplotlib is not installed.
    """
    why = "the report's plots are drawn with it"
    figure_module, matplotlib = (require(name, "sim", why) for name in ("matplotlib.figure", "matplotlib"))
    opened = Bag(bag, namespace)
    with matplotlib.rc_context(STYLE):
        figure = figure_module.Figure(figsize=(9.6, 7.6), layout="constrained")
        grid = figure.add_gridspec(5, 1, height_ratios=(1, 1, 1, 0.8, 1))
        axes = [figure.add_subplot(grid[0])]
        axes += [figure.add_subplot(grid[row], sharex=axes[0]) for row in (1, 2, 3)]
        start = _velocities(axes[:3], opened)
        _states(axes[3], opened, start)
        _latency(figure.add_subplot(grid[4]), opened)
        figure.savefig(path)


def _velocities(axes: list[Any], bag: Bag) -> int:
    measured, commands = bag.velocity(), bag.commands()
    times = [series.received for series in (measured, commands) if len(series.received)]
    start = int(min((series[0] for series in times), default=0))
    for i, ax in enumerate(axes):
        if len(measured.received):
            seconds = (measured.received - start) / 1e9
            ax.plot(seconds, measured.values[:, i], color=MEASURED, lw=0.8, label="measured")
        if len(commands.received):
            seconds = (commands.received - start) / 1e9
            ax.step(seconds, commands.values[:, i], color=INK, lw=1.4, where="post", label="commanded")
        ax.set_ylabel(LABELS[i])
    if times:
        axes[0].legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=2)
    return start


def _states(ax: Any, bag: Bag, start: int) -> None:
    for row, (name, label) in enumerate(((names.POLICY_STATUS, "policy"), (names.SAFETY_STATUS, "monitor"))):
        _state_bars(ax, row, bag.statuses(name), start)
        ax.text(-0.01, row, label, transform=ax.get_yaxis_transform(), ha="right", va="center")
    ax.set(ylim=(1.6, -0.6), yticks=[], xlabel="time [s]")
    ax.grid(axis="y", visible=False)


def _state_bars(ax: Any, row: int, statuses: Statuses, start: int) -> None:
    """One bar for each stretch of one state, with its name where there is room for it."""
    spans = stretches(statuses)
    total = (spans[-1][1] - spans[0][0]) / 1e9 if spans else 0.0
    for begin, end, label, level in spans:
        left, width = (begin - start) / 1e9, (end - begin) / 1e9
        ax.barh(row, width, left=left, height=0.7, color=_LEVELS[min(level, 2)], alpha=0.6, edgecolor="white")
        if width > _LETTER * total * len(label):
            ax.text(left, row, f" {label}", ha="left", va="center", fontsize=8, clip_on=True)


def stretches(statuses: Statuses) -> list[tuple[int, int, str, int]]:
    """(begin [ns], end [ns], name, level) of each stretch of one state; its name ends at a colon or comma."""
    names_ = [re.split("[:,;]", text)[0] for text in statuses.message]
    states = list(zip(names_, statuses.level.tolist(), strict=True))
    changes = [i for i, state in enumerate(states) if i == 0 or state != states[i - 1]]
    times = statuses.received.tolist()
    # The last stretch ends with the last message; without messages there is none.
    return [
        (times[i], times[end], *states[i])
        for i, end in zip(changes, [*changes[1:], len(states) - 1], strict=False)
    ]


def _latency(ax: Any, bag: Bag) -> None:
    values = 1e3 * measures.latencies(bag.joints(names.ROBOT_COMMAND))
    ax.set(xlabel="sensor stamp to robot command [ms]", ylabel="commands")
    if not len(values):
        return
    ax.hist(
        values, bins=np.linspace(0.0, float(max(values.max(), 1e-3)) * 1.02, 80), color=MEASURED, log=True
    )
    for share, style in ((50, "-"), (99, "--")):
        value = float(np.percentile(values, share))
        ax.axvline(value, color=INK, lw=1.2, ls=style, label=f"p{share} {value:.2f} ms")
    ax.legend(frameon=False, fontsize=8)
