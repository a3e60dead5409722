"""The plots of an evaluation of driving, as SVG text to embed in the report."""

from __future__ import annotations

from typing import Any

import numpy as np

from landward.plot_style import BAD, COMMANDED, GOOD, INK, MEASURED
from sims.carla.drive.infractions import PENALTY
from sims.carla.evaluate.figures import FIGURES
from sims.carla.evaluate.protocol import Entry, Evaluation
from sims.evaluate.plots import blank_figure, svg_text

COLOURS = (MEASURED, GOOD, COMMANDED, BAD, "#6a4fa3", "#e69500")
"""One for each policy, from the first again where there are more."""


def all_plots(evaluation: Evaluation) -> dict[str, str]:
    """Every plot by name, as SVG."""
    return {
        "scores": scores(evaluation.entries),
        "infractions": infractions(evaluation.entries),
        "routes": routes(evaluation.entries),
        "speed": speeds(evaluation.entries),
    }


def colour(index: int) -> str:
    """Of a policy."""
    return COLOURS[index % len(COLOURS)]


def scores(entries: list[Entry]) -> str:
    """Driving score, completion and infraction score of every policy, with intervals."""
    style, figure, axes = blank_figure(9.6, 0.9 + 0.34 * len(entries), 3, sharey=True)
    for ax, (name, factor, top) in zip(
        axes,
        (("driving_score", 1.0, 100.0), ("route_completion", 1.0, 100.0), ("infraction_score", 1.0, 1.0)),
        strict=True,
    ):
        for row, entry in enumerate(entries):
            estimate = entry.figures[name]
            value, low, high = (factor * v for v in (estimate.value, estimate.low, estimate.high))
            ax.barh(row, value, height=0.55, color=colour(row))
            ax.errorbar(value, row, xerr=[[value - low], [high - value]], color=INK, lw=1.2, capsize=3)
        ax.set(xlim=(0, 1.04 * top), title=FIGURES[name].label, ylim=(len(entries) - 0.5, -0.5))
        ax.grid(axis="y", visible=False)
    axes[0].set_yticks(range(len(entries)), [_short(entry.label) for entry in entries])
    return svg_text(style, figure)


def infractions(entries: list[Entry]) -> str:
    """Infractions and early ends per kilometre."""
    names = [name for name in FIGURES if name.startswith("per_km.")]
    style, figure, ax = blank_figure(9.6, 3.0)
    width = 0.8 / len(entries)
    for row, entry in enumerate(entries):
        values = [np.nan_to_num(entry.figures[name].value) for name in names]
        places = np.arange(len(names)) + (row - 0.5 * (len(entries) - 1)) * width
        ax.bar(places, values, width=0.9 * width, color=colour(row), label=_short(entry.label))
    ax.axvline(len(PENALTY) - 0.5, color=COMMANDED, lw=1.0, ls=":")
    ax.set_xticks(range(len(names)), [FIGURES[name].label.replace(" a ", " a\n") for name in names])
    ax.set(ylabel="per kilometre", ylim=(0, None))
    ax.grid(axis="x", visible=False)
    ax.legend(frameon=False, fontsize=8)
    return svg_text(style, figure)


def routes(entries: list[Entry]) -> str:
    """The driving score on every route, a dot a policy."""
    names = list(dict.fromkeys(result.route for entry in entries for result in entry.results))
    style, figure, ax = blank_figure(9.6, 2.8)
    for row, entry in enumerate(entries):
        places = [names.index(result.route) for result in entry.results]
        shift = (row - 0.5 * (len(entries) - 1)) * 0.6 / len(entries)
        values = [result.score for result in entry.results]
        ax.plot(np.array(places) + shift, values, "o", ms=5, color=colour(row), label=_short(entry.label))
    ax.set_xticks(range(len(names)), [name.partition(":")[2] or name for name in names], rotation=40)
    ax.set(ylabel="driving score", xlabel="route (start-goal)", ylim=(-4, 104))
    ax.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(entries))
    return svg_text(style, figure)


def speeds(entries: list[Entry]) -> str:
    """Speed over the way along the first route, and its limit."""
    first = entries[0].results[0]
    style, figure, ax = blank_figure(9.6, 2.6)
    for row, entry in enumerate(entries):
        _speed(ax, entry, first.route, row)
    trace = np.array(first.trace)
    ax.step(trace[:, 1] * first.length, 3.6 * trace[:, 3], color=INK, lw=1.0, ls="--", label="limit")
    ax.set(xlabel=f"way along route {first.route} [m]", ylabel="speed [km/h]", ylim=(0, None))
    ax.legend(frameon=False, fontsize=8, loc="lower right", bbox_to_anchor=(1, 1), ncols=len(entries) + 1)
    return svg_text(style, figure)


def _speed(ax: Any, entry: Entry, route: str, row: int) -> None:
    result = next(result for result in entry.results if result.route == route)
    trace = np.array(result.trace)
    ax.plot(
        trace[:, 1] * result.length, 3.6 * trace[:, 2], color=colour(row), lw=1.3, label=_short(entry.label)
    )


def _short(label: str) -> str:
    return label if len(label) < 26 else f"{label[:12]}…{label[-12:]}"
