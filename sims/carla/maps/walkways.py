"""Where people walk: the pavements of a town and the crosswalks between them, as convex polygons."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.lanes import Strip

INSET = 0.3
"""[m] Radius of a walker: its middle stays so far from the edge of a pavement."""
REACH = 4.0
"""[m] A crosswalk leads to a pavement that is at most so far from its end: verges may lie between."""
JOINED = 0.3
"""[m] Corners of two pavements that are nearer than this are one."""
LEAST = 0.5
"""[m] A crosswalk opens on at least so much of a pavement, and a pavement is at least so wide."""
CORNERS = 6
"""At most, of a polygon."""


@dataclass(frozen=True)
class Walkways:
    """Convex polygons; neighbours have an edge in common, with the same two vertices."""

    vertices: NDArray[np.float64]
    """(V, 3) [m], CARLA's frame."""
    polygons: tuple[tuple[int, ...], ...]
    """Indices of vertices, counter-clockwise as seen on CARLA's map, where y points down."""
    crossing: tuple[bool, ...]
    """Whether each is a crosswalk."""


@dataclass(frozen=True)
class _Opening:
    """The part of a pavement's border where a crosswalk ends."""

    walk: int
    side: int
    """0: left border, 1: right border."""
    low: float
    high: float
    """[m] Along the strip."""


class _Walk:
    """A pavement as two borders by their distance along the road."""

    def __init__(self, strip: Strip) -> None:
        self.s = strip.s
        half = (strip.width / 2 - INSET)[:, None]
        across = np.column_stack([strip.right, np.zeros(len(strip.s))])
        self.borders = (strip.centre - across * half, strip.centre + across * half)
        both = np.concatenate(self.borders)[:, :2]
        self.low, self.high = both.min(0) - REACH, both.max(0) + REACH

    def nearest(self, point: NDArray[np.float64], side: int) -> tuple[float, float]:
        """(distance [m], s [m]) of the point of a border that is nearest to a point (2,)."""
        line = self.borders[side][:, :2]
        begin, way = line[:-1], np.diff(line, axis=0)
        squares = np.maximum((way**2).sum(1), 1e-12)
        share = np.clip(((point - begin) * way).sum(1) / squares, 0.0, 1.0)
        distances = np.linalg.norm(begin + way * share[:, None] - point, axis=1)
        best = int(distances.argmin())
        s = self.s[best] + share[best] * (self.s[best + 1] - self.s[best])
        return float(distances[best]), float(s)


def walkways(strips: Iterable[Strip], crosswalks: Iterable[NDArray[np.float64]]) -> Walkways:
    """The polygons of a town.

    Args:
        strips: its lanes; those of the kind sidewalk are walked on.
        crosswalks: (n, 3) outlines; one that does not lead from pavement to pavement is left out.
    """
    wide = LEAST + 2 * INSET
    walks = [_Walk(s) for s in strips if s.kind == "sidewalk" and s.width.min() >= wide and len(s.s) > 1]
    openings = [pair for outline in crosswalks if (pair := _openings(walks, outline)) is not None]
    cuts: dict[int, set[float]] = {}
    for opening in (each for pair in openings for each in pair):
        cuts.setdefault(opening.walk, set()).update((opening.low, opening.high))
    stations = [_stations(walk.s, cuts.get(i, set())) for i, walk in enumerate(walks)]
    vertices, rows = _vertices(walks, stations)
    found: list[tuple[tuple[int, ...], bool]] = []
    for left, right in rows:
        for k in range(len(left) - 1):
            found.append(((left[k], left[k + 1], right[k + 1], right[k]), False))
    for pair in openings:
        ends = [_between(rows[o.walk][o.side], stations[o.walk], o) for o in pair]
        found.append((_ring(vertices, ends[0], ends[1]), True))
    kept = [(ring, cross) for polygon, cross in found if (ring := _turned(vertices, polygon))]
    return Walkways(vertices, tuple(ring for ring, _ in kept), tuple(cross for _, cross in kept))


def _openings(walks: list[_Walk], outline: NDArray[np.float64]) -> tuple[_Opening, _Opening] | None:
    """Where a crosswalk begins and ends: at the two opposite edges that are nearest to pavements."""
    corners = _rectangle(outline[:, :2])
    pairs = []
    for first in (0, 1):
        ends = [_opening(walks, corners[k], corners[(k + 1) % 4]) for k in (first, first + 2)]
        if ends[0] is not None and ends[1] is not None and ends[0][1:] != ends[1][1:]:
            pairs.append((ends[0][0] + ends[1][0], ends[0][1], ends[1][1]))
    return min(pairs, key=lambda pair: pair[0])[1:] if pairs else None


def _rectangle(outline: NDArray[np.float64]) -> NDArray[np.float64]:
    """(4, 2) corners of the rectangle around an outline, along its longest edge."""
    edges = np.roll(outline, -1, axis=0) - outline
    longest = edges[np.linalg.norm(edges, axis=1).argmax()]
    along = longest / max(float(np.linalg.norm(longest)), 1e-9)
    frame = np.array([along, [-along[1], along[0]]])
    local = outline @ frame.T
    (a, b), (c, d) = local.min(0), local.max(0)
    return np.array([[a, b], [c, b], [c, d], [a, d]]) @ frame


def _opening(
    walks: list[_Walk], one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[float, _Opening] | None:
    """(distance [m], opening) of the pavement that is nearest to an edge of a crosswalk."""
    middle = (one + other) / 2
    near = [
        (walk.nearest(middle, side)[0], i, side)
        for i, walk in enumerate(walks)
        if (middle >= walk.low).all() and (middle <= walk.high).all()
        for side in (0, 1)
    ]
    if not near or min(near)[0] > REACH:
        return None
    distance, i, side = min(near)
    walk = walks[i]
    low, high = sorted(walk.nearest(corner, side)[1] for corner in (one, other))
    if high - low < LEAST:
        centre = min(max((low + high) / 2, walk.s[0] + LEAST / 2), walk.s[-1] - LEAST / 2)
        low, high = max(centre - LEAST / 2, walk.s[0]), min(centre + LEAST / 2, walk.s[-1])
    return distance, _Opening(i, side, low, high)


def _stations(s: NDArray[np.float64], cuts: set[float]) -> NDArray[np.float64]:
    """Where a pavement is cut into polygons: stations that are nearly at a cut give way to it."""
    wanted = np.array(sorted(cuts))
    inner = s[1:-1]
    if len(wanted):
        inner = inner[np.abs(inner[:, None] - wanted).min(1) > LEAST / 5]
    return np.unique(np.concatenate([s[:1], inner, wanted, s[-1:]]))


def _vertices(
    walks: list[_Walk], stations: list[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], list[tuple[list[int], list[int]]]]:
    """All corners, and of each pavement the indices along its left and its right border."""
    vertices: list[NDArray[np.float64]] = []
    ends: dict[tuple[int, int], list[int]] = {}

    def index(point: NDArray[np.float64], is_end: bool) -> int:
        if is_end:
            cell = tuple(np.floor(point[:2] / JOINED).astype(int))
            around = [(cell[0] + i, cell[1] + j) for i in (-1, 0, 1) for j in (-1, 0, 1)]
            for other in (each for place in around for each in ends.get(place, ())):
                if np.linalg.norm(vertices[other] - point) < JOINED:
                    return other
            ends.setdefault((cell[0], cell[1]), []).append(len(vertices))
        vertices.append(point)
        return len(vertices) - 1

    rows = []
    for walk, places in zip(walks, stations, strict=True):
        sides = []
        for border in walk.borders:
            points = np.column_stack([np.interp(places, walk.s, column) for column in border.T])
            last = len(points) - 1
            sides.append([index(point, k in (0, last)) for k, point in enumerate(points)])
        rows.append((sides[0], sides[1]))
    return np.array(vertices).reshape(-1, 3), rows


def _between(row: list[int], stations: NDArray[np.float64], opening: _Opening) -> list[int]:
    """The corners of a pavement's border that an opening spans."""
    inside = (stations >= opening.low - 1e-6) & (stations <= opening.high + 1e-6)
    return [row[k] for k in np.flatnonzero(inside)]


def _ring(vertices: NDArray[np.float64], one: list[int], other: list[int]) -> tuple[int, ...]:
    """A crosswalk from one opening to another, without crossing itself."""
    if len(one) + len(other) > CORNERS:
        one, other = one[:2], other[:2]
    if np.linalg.norm(vertices[one[-1]] - vertices[other[0]]) > np.linalg.norm(
        vertices[one[-1]] - vertices[other[-1]]
    ):
        other = other[::-1]
    return tuple(dict.fromkeys([*one, *other]))


def _turned(vertices: NDArray[np.float64], ring: tuple[int, ...]) -> tuple[int, ...]:
    """A polygon in the right sense; () where it has no area."""
    ring = tuple(dict.fromkeys(ring))
    x, y = vertices[list(ring), :2].T
    area = float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2
    if len(ring) < 3 or abs(area) < 1e-3:
        return ()
    return ring if area < 0.0 else ring[::-1]
