"""Optical flow: how far what each pixel shows has moved in the picture since the one before.

Signs and scale follow CARLA, which sends Unreal's screen velocity: where a point is now less where it was,
in halves of the picture's width and height, x to the right and y up, each from -2 to 2
(https://carla.readthedocs.io/en/latest/ref_sensors/#optical-flow-camera;
https://github.com/carla-simulator/carla/issues/4795 measured the signs).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.scene.labels import BICYCLE, MOTORCYCLE, RIDER, SKY
from sims.carla.server.scene.view import FAR, View
from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload
from sims.carla.server.sensors.camera import HEAD, Camera

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors

LARGEST = 2.0
"""[half pictures] What is faster has this flow."""
BLOCK = 1 << 18
"""[px] Worked out at a time, which bounds the memory."""
NEAREST = 1e-3
"""Least depth of a point before as a share of its depth now. What was behind the camera has none that is
larger; so it comes in at the largest flow."""
Move = tuple[NDArray[np.float64], NDArray[np.float64]]
"""(3, 3) A and (3,) b [m]: what is now at the depth d on the ray r (forward, right, up; forward is 1) was
in the direction A r + b / d of the camera before."""


@dataclass(frozen=True)
class Moment:
    """Where camera and actors are when a picture is taken."""

    view: View
    ids: NDArray[np.int64]
    """(n,) Of the actors."""
    labels: NDArray[np.uint8]
    """(n,)"""
    centres: NDArray[np.float64]
    """(n, 3) [m] Of their boxes."""
    turns: NDArray[np.float64]
    """(n, 3, 3) Columns are the boxes' axes."""


@dataclass(frozen=True)
class Movers:
    """The actors that have moved between two pictures."""

    moves: list[Move]
    keys: NDArray[np.int64]
    """(m,) What their pixels say in the picture of instances, ascending: label, then object id."""
    owners: NDArray[np.intp]
    """(m,) Index of the move of each key."""

    def find(self, instance: NDArray[np.uint8]) -> tuple[NDArray[np.intp], ...]:
        """Rows, columns and moves of the pixels that show one, in an (h, w, 4) picture of instances."""
        labels = np.zeros(256, np.bool_)
        labels[self.keys >> 16] = True
        row, column = np.nonzero(labels[instance[..., 2]])
        blue, green, red = instance[row, column, :3].astype(np.int64).T
        key = red << 16 | blue << 8 | green
        place = np.minimum(np.searchsorted(self.keys, key), len(self.keys) - 1)
        some = self.keys[place] == key if len(key) else np.zeros(0, np.bool_)
        return row[some], column[some], self.owners[place[some]]


class OpticalFlowCamera(Camera):
    """sensor.camera.optical_flow: exact from depth, the camera's two poses and those of the actors."""

    kind, outputs, pixel = 8, ("depth", "instance"), 8

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.before: Moment | None = None
        """The last picture."""
        self.message = bytearray(self.head + bytes(self.pixel * self.width * self.height))

    def missed(self) -> None:
        """Begin anew: the next flow is zero."""
        self.before = None

    def measure(self, dt: float) -> Iterable[Payload]:
        """The flow of each pixel; zeros in the first picture."""
        self.sensors.studio.take(self)
        actors = self.sensors.studio.scene.actors
        now = Moment(self.shot, actors.ids, actors.labels, actors.centres, actors.turns)
        flow = np.frombuffer(self.message, "<f4", offset=HEAD.size).reshape(self.height, self.width, 2)
        if self.before is None:
            flow[:] = 0.0
        else:
            move, movers = scenery_move(now.view, self.before.view), moved(now, self.before)
            rows = max(1, BLOCK // self.width)
            for top in range(0, self.height, rows):
                self._fill(flow, slice(top, top + rows), move, movers)
        self.before = now
        return (memoryview(self.message),)

    def _fill(self, flow: NDArray[np.float32], rows: slice, move: Move, movers: Movers) -> None:
        """Work out some rows."""
        depth, instance = self.pixels("depth")[rows], self.pixels("instance")[rows]
        right, up = slopes(self.shot)
        up, near, part = up[rows], nearness(depth, instance), flow[rows]
        part[:] = apparent(self.shot, move, right, up, near)
        row, column, which = movers.find(instance)
        for index in np.unique(which):
            r, c = row[which == index], column[which == index]
            part[r, c] = apparent(self.shot, movers.moves[index], right[0, c], up[r, 0], near[r, c])


def moved(now: Moment, before: Moment) -> Movers:
    """Who has moved; what was not there before counts as having stood still."""
    _, here, there = np.intersect1d(now.ids, before.ids, return_indices=True)
    centres, turns = before.centres[there], before.turns[there]
    differs = (now.centres[here] != centres).any(axis=1) | (now.turns[here] != turns).any(axis=(1, 2))
    moves, keys, owners = [], [], []
    for index, old in zip(here[differs], there[differs], strict=True):
        label, identity = int(now.labels[index]), int(now.ids[index]) & 0xFFFF
        for shown in (label, RIDER) if label in (MOTORCYCLE, BICYCLE) else (label,):
            keys.append(shown << 16 | identity)
            owners.append(len(moves))
        moves.append(actor_move(now, before, int(index), int(old)))
    order = np.argsort(np.array(keys, np.int64), kind="stable")
    return Movers(moves, np.array(keys, np.int64)[order], np.array(owners, np.intp)[order])


def scenery_move(now: View, before: View) -> Move:
    """Of what stands still; exactly none where the camera does too."""
    turn = np.eye(3) if now.pose[3:] == before.pose[3:] else before.axes @ now.axes.T
    return turn, before.axes @ (np.array(now.pose[:3]) - before.pose[:3])


def actor_move(now: Moment, before: Moment, index: int, old: int) -> Move:
    """Of an actor, by its indices now and before: it has kept its shape."""
    back = before.turns[old] @ now.turns[index].T
    eye = back @ (np.array(now.view.pose[:3]) - now.centres[index]) + before.centres[old]
    axes = before.view.axes
    return axes @ back @ now.view.axes.T, axes @ (eye - before.view.pose[:3])


def slopes(view: View) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(1, w) right and (h, 1) up of the rays through the middles of the pixels, where forward is 1."""
    right = (np.arange(view.width, dtype=np.float64) + 0.5 - view.width / 2.0) / view.focal
    up = (view.height / 2.0 - np.arange(view.height, dtype=np.float64) - 0.5) / view.focal
    return right[None], up[:, None]


def nearness(depth: NDArray[np.uint8], instance: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(h, w) [1/m] one by the depth; 0 for the sky. From (h, w, 4) pictures of depth and of instances."""
    blue, green, red = (depth[..., i].astype(np.float64) for i in range(3))
    code = red + 256.0 * green + 65536.0 * blue
    return np.where(instance[..., 2] == SKY, 0.0, ((1 << 24) - 1) / FAR / np.maximum(code, 1.0))


def apparent(
    view: View, move: Move, right: NDArray[np.float64], up: NDArray[np.float64], near: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(..., 2) flow of pixels, x to the right and y up [half pictures].

    Args:
        view: the camera, whose lens has not changed.
        move: of what they show.
        right: (...) of their rays, see `slopes`.
        up: (...) likewise.
        near: (...) [1/m] see `nearness`.
    """
    turn, shift = move
    ahead, across, above = (
        turn[i, 0] + turn[i, 1] * right + turn[i, 2] * up + shift[i] * near for i in range(3)
    )
    ahead = np.maximum(ahead, NEAREST)
    wide, tall = view.slopes
    flow = np.stack([(right - across / ahead) / wide, (up - above / ahead) / tall], axis=-1)
    return np.clip(flow, -LARGEST, LARGEST)
