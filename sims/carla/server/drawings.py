"""What clients draw into the world with `world.debug`: a System; RGB cameras see it, as on a full server."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.arguments import WireError, items, number, text, vector, whole
from sims.carla.server.geometry import rotation_matrix
from sims.carla.server.scene.view import NEAR, View
from sims.carla.server.system import System

if TYPE_CHECKING:
    from sims.carla.server.world import World

MOST = 4096
"""Drawings; the oldest give way."""
THICKEST = 64
"""[px]"""
NO_LINES = np.zeros((0, 2, 3))
CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
EDGES = [(i, i | bit) for i in range(8) for bit in (1, 2, 4) if not i & bit]
"""Of a box: corners that differ in one coordinate."""
POINT, LINE, ARROW, BOX, STRING, HUD_POINT, HUD_LINE, HUD_ARROW, HUD_BOX = range(9)
"""Kinds of primitives (PROTOCOL: primitive index); text and what is drawn on the screen no camera sees."""


@dataclass(frozen=True)
class Drawing:
    """One shape."""

    colour: tuple[int, int, int]
    """Red, green, blue."""
    until: float
    """[s] World time from which it is gone."""
    lines: NDArray[np.float64] = field(default_factory=lambda: NO_LINES)
    """(n, 2, 3) [m] Beginnings and ends in the world."""
    width: float = 0.0
    """[m]"""
    is_text: bool = False


class Drawings(System):
    """Keeps what is drawn for as long as it is wanted."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.shapes: deque[Drawing] = deque(maxlen=MOST)

    def draw(self, shape: Any) -> None:
        """Take a DebugShape.

        Raises:
            WireError: it is none.
        """
        self.shapes.append(drawing(shape, self.world.elapsed))

    def clear(self, is_text: bool) -> None:
        """Remove all texts, or all other shapes."""
        self._keep([shape for shape in self.shapes if shape.is_text != is_text])

    def step(self, dt: float) -> None:
        """Remove what has been there for long enough."""
        if any(shape.until <= self.world.elapsed for shape in self.shapes):
            self._keep([shape for shape in self.shapes if shape.until > self.world.elapsed])

    def paint(self, view: View, pixels: NDArray[np.uint8]) -> None:
        """Draw over a picture; what stands in front does not hide it.

        Args:
            view: from where the picture was taken.
            pixels: (height, width, 4) blue, green, red, alpha.
        """
        seen = [shape for shape in self.shapes if len(shape.lines)]
        if not seen:
            return
        import cv2  # an extra; only who draws needs it

        lines = np.concatenate([shape.lines for shape in seen])
        owners = np.repeat(np.arange(len(seen)), [len(shape.lines) for shape in seen])
        ends, depths, kept = project(view, lines)
        for (a, b), depth, owner in zip(ends, depths, owners[kept], strict=True):
            shape = seen[owner]
            width = int(min(max(shape.width * view.focal / depth, 1.0), THICKEST))
            cv2.line(pixels, a.tolist(), b.tolist(), (*shape.colour[::-1], 255), width)

    def _keep(self, shapes: list[Drawing]) -> None:
        self.shapes = deque(shapes, maxlen=MOST)


def project(
    view: View, lines: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.intp]]:
    """Lines as a camera sees them.

    Args:
        view: of the camera.
        lines: (n, 2, 3) in the world.

    Returns:
        (m, 2, 2) ends [px], column first, (m,) depths of their nearer ends [m], and which of the lines they
        are; those behind the camera or beside the picture are left out.
    """
    local = (lines - np.array(view.pose[:3])) @ view.axes.T
    kept = np.flatnonzero((local[..., 0] > NEAR).any(axis=1))
    near, far = local[kept, 0], local[kept, 1]
    # Whatever end is behind the camera is moved along the line to where it can be seen.
    for one, other in ((near, far), (far, near)):
        behind = one[:, 0] < NEAR
        share = (NEAR - one[behind, 0]) / (other[behind, 0] - one[behind, 0])
        one[behind] += share[:, None] * (other[behind] - one[behind])
    points = np.stack([near, far], axis=1)
    column = view.width / 2.0 + view.focal * points[..., 1] / points[..., 0]
    row = view.height / 2.0 - view.focal * points[..., 2] / points[..., 0]
    beside = (
        (column.max(1) < 0) | (column.min(1) > view.width) | (row.max(1) < 0) | (row.min(1) > view.height)
    )
    ends = np.clip(np.stack([column, row], axis=-1)[~beside], -30_000, 30_000)  # cv2 has 16 bits
    return ends.astype(np.int32), points[~beside, :, 0].min(1), kept[~beside]


def drawing(sent: Any, now: float) -> Drawing:
    """Read a DebugShape.

    Args:
        sent: [primitive, colour, life time, whether its lines persist].
        now: the world's time [s].

    Raises:
        WireError: it is none.
    """
    primitive, colour, life = items(sent, 3)[:3]
    kind, body = items(primitive, 2)[:2]
    red, green, blue = (min(max(whole(each), 0), 255) for each in items(colour, 3)[:3])
    lasts = number(life)
    lines, width = shape_of(whole(kind), items(body, 1))
    until = now + lasts if lasts > 0.0 else np.inf
    return Drawing((red, green, blue), until, lines, width, kind == STRING)


def shape_of(kind: int, body: list[Any]) -> tuple[NDArray[np.float64], float]:
    """(lines (n, 2, 3), width [m]) of a primitive; no lines where no camera sees it.

    Raises:
        WireError: it is no primitive.
    """
    if kind in (POINT, HUD_POINT):
        place, width = np.array(vector(body[0])), number(items(body, 2)[1])
        lines = np.array([[place, place]])
    elif kind in (LINE, HUD_LINE):
        lines, width = _line(body)
    elif kind in (ARROW, HUD_ARROW):
        lines, width = _line(items(body[0], 3))
        lines = np.concatenate([lines, _head(lines[0], number(items(body, 2)[1]))])
    elif kind in (BOX, HUD_BOX):
        lines, width = _box(items(body, 3))
    elif kind == STRING:
        vector(body[0])
        text(items(body, 2)[1])
        return NO_LINES, 0.0
    else:
        raise WireError(f"{kind} is no shape that can be drawn")
    return (NO_LINES if kind >= HUD_POINT else lines), abs(width)


def _line(body: list[Any]) -> tuple[NDArray[np.float64], float]:
    begin, end, width = items(body, 3)[:3]
    return np.array([[vector(begin), vector(end)]]), number(width)


def _head(line: NDArray[np.float64], size: float) -> NDArray[np.float64]:
    """(2, 2, 3) both strokes of an arrow's head, flat where the arrow is flat."""
    begin, tip = line
    way = tip - begin
    along = way / max(float(np.linalg.norm(way)), 1e-9)
    across = np.array([-along[1], along[0], 0.0])
    if np.linalg.norm(across) < 1e-6:
        across = np.array([1.0, 0.0, 0.0])
    return np.array([[tip, tip - size * (along + side * 0.5 * across)] for side in (-1.0, 1.0)])


def _box(body: list[Any]) -> tuple[NDArray[np.float64], float]:
    """The twelve edges of a box that is turned about its middle."""
    box, rotation, width = body[:3]
    middle, extent = items(box, 2)[:2]
    turn = rotation_matrix(*vector(rotation))
    corners = np.array(vector(middle)) + (CORNERS * vector(extent)) @ turn.T
    return corners[np.array(EDGES)], number(width)
