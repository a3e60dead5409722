"""A robot in the Rerun viewer: its pose, joints, velocities and states over time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landward.errors import require
from landward_ros import names
from landward_tools.bag import Bag

TIMELINE = "time"
AXES = ("forward", "sideways", "turn")
BODY = (0.3, 0.12, 0.06)
"""Half sizes [m] of the box that stands for the body, whatever the robot."""
_LEVELS = ("INFO", "WARN", "ERROR", "ERROR")
_WHY = "the viewer is Rerun"


class Scene:
    """Draws arrays of samples; times are seconds since the beginning, (N,).

    Args:
        joints: names, one tab of curves each.
        output: an .rrd file to write, or None to open the viewer.

    Raises:
        MissingDependencyError: rerun-sdk is not installed.
    """

    def __init__(self, joints: Sequence[str], output: Path | None) -> None:
        self._rerun: Any = require("rerun", "view", _WHY)
        blueprint: Any = require("rerun.blueprint", "view", _WHY)
        self._shown: dict[str, str | None] = {}
        self.stream: Any = self._rerun.RecordingStream("landward")
        if output is not None:
            self.stream.save(output, default_blueprint=_layout(blueprint, joints))
        else:
            self.stream.spawn(default_blueprint=_layout(blueprint, joints))
        self.stream.log("world", self._rerun.ViewCoordinates.RIGHT_HAND_Z_UP, static=True)
        self.stream.log("world/base/body", self._rerun.Boxes3D(half_sizes=[BODY]), static=True)

    def joints(self, names_: Sequence[str], quantity: str, seconds: np.ndarray, values: np.ndarray) -> None:
        """Curves of a quantity (position, target, velocity, effort), values (N, J); NaN is left out."""
        for column, name in enumerate(names_):
            self._curve(f"joint/{name}/{quantity}", seconds, values[:, column])

    def velocity(self, kind: str, seconds: np.ndarray, values: np.ndarray) -> None:
        """Curves of the commanded or measured velocity, values (N, 3): vx, vy [m/s], yaw rate [rad/s]."""
        for column, axis in enumerate(AXES):
            self._curve(f"velocity/{axis}/{kind}", seconds, values[:, column])

    def pose(self, seconds: np.ndarray, values: np.ndarray) -> None:
        """The body in the odometry's frame, values (N, 7): x, y, z [m], quaternion w, x, y, z."""
        if len(seconds):
            quaternion = values[:, [4, 5, 6, 3]]
            columns = self._rerun.Transform3D.columns(translation=values[:, :3], quaternion=quaternion)
            self.stream.send_columns("world/base", indexes=[self._times(seconds)], columns=columns)

    def path(self, values: np.ndarray) -> None:
        """The whole way of the body, values (N, >=3): x, y, z [m]."""
        if len(values):
            strip = self._rerun.LineStrips3D([values[:, :3]])
            self.stream.log("world/path", strip, static=True)

    def states(self, who: str, seconds: np.ndarray, texts: Sequence[str], levels: Sequence[int]) -> None:
        """Lines of text where a state changed."""
        before = [self._shown.get(who), *texts]
        changed = [i for i, text in enumerate(texts) if text != before[i]]
        self._shown[who] = before[-1]
        if changed:
            columns = self._rerun.TextLog.columns(
                text=[texts[i] for i in changed],
                level=[_LEVELS[min(int(levels[i]), len(_LEVELS) - 1)] for i in changed],
            )
            self.stream.send_columns(f"state/{who}", indexes=[self._times(seconds[changed])], columns=columns)

    def _curve(self, path: str, seconds: np.ndarray, values: np.ndarray) -> None:
        known = np.isfinite(values)
        if known.any():
            columns = self._rerun.Scalars.columns(scalars=values[known])
            self.stream.send_columns(path, indexes=[self._times(seconds[known])], columns=columns)

    def _times(self, seconds: np.ndarray) -> Any:
        return self._rerun.TimeColumn(TIMELINE, duration=seconds)


def show(bag: Bag, output: Path | None, make: Callable[[Sequence[str], Path | None], Any] = Scene) -> None:
    """Draw a whole recording.

    Args:
        bag: the recording.
        output: an .rrd file to write, or None to open the viewer.
        make: makes the scene from joint names and the output.

    Raises:
        BagError: the recording is damaged.
        MissingDependencyError: rerun-sdk is not installed.
    """
    measured, sent = bag.joints(names.JOINT_STATES), bag.joints(names.ROBOT_COMMAND)
    commanded, velocity, pose = bag.commands(), bag.velocity(), bag.pose()
    statuses = {who: bag.statuses(topic) for who, topic in STATUSES.items()}
    series = (measured, sent, commanded, velocity, *statuses.values())
    start = min((int(one.received[0]) for one in series if len(one.received)), default=0)

    def seconds(one: Any) -> np.ndarray:
        return (one.received - start) / 1e9

    scene = make(measured.names or sent.names, output)
    for quantity in ("position", "velocity", "effort"):
        scene.joints(measured.names, quantity, seconds(measured), getattr(measured, quantity))
    scene.joints(sent.names, "target", seconds(sent), sent.position)
    scene.velocity("commanded", seconds(commanded), commanded.values)
    scene.velocity("measured", seconds(velocity), velocity.values)
    scene.pose(seconds(pose), pose.values)
    scene.path(pose.values)
    for who, one in statuses.items():
        scene.states(who, seconds(one), one.message, one.level.tolist())


STATUSES = {"policy": names.POLICY_STATUS, "monitor": names.SAFETY_STATUS}
"""Whose state -> its topic."""


def _layout(blueprint: Any, joints: Sequence[str]) -> Any:
    curves = [blueprint.TimeSeriesView(origin=f"velocity/{axis}", name=axis) for axis in AXES]
    tabs = [blueprint.TimeSeriesView(origin=f"joint/{name}", name=name) for name in joints]
    right = [*curves, *([blueprint.Tabs(*tabs)] if tabs else [])]
    left = [blueprint.Spatial3DView(origin="world"), blueprint.TextLogView(origin="state", name="states")]
    return blueprint.Horizontal(
        blueprint.Vertical(*left, row_shares=[3, 1]), blueprint.Vertical(*right), column_shares=[1, 1]
    )
