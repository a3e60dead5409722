"""Paint on the road: lane marks, stop lines and crosswalks as triangles of the label RoadLines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.lanes import Mark, Strip
from sims.carla.maps.meshes import Mesh, Part, merged, ribbon
from sims.carla.maps.signals import Signal

ROAD_LINES = 24
"""CityObjectLabel."""
WHITE, YELLOW = (235, 235, 230), (225, 180, 50)
ABOVE = 0.02
"""[m] Above the road, so that it is in front of it in every picture."""
DASHES, FAST_DASHES, FAST = (3.0, 6.0), (6.0, 12.0), 80.0
"""[m] Length and gap of dashes, also above the speed FAST [km/h] (German RMS guideline of 1993)."""
APART = 0.1
"""[m] From the middle of a double line to each of the two."""
STOP_LINE, STOP_GAP = 0.4, 0.2
"""[m] Depth of a stop line and its distance from the junction."""
ZEBRA = 0.5
"""[m] Width of the stripes of crosswalks, and of the gaps between them."""


def paint(
    strips: Iterable[Strip], signals: Iterable[Signal], crosswalks: Iterable[NDArray[np.float64]]
) -> list[Mesh]:
    """All paint, one mesh a colour."""
    parts: dict[bool, list[Part]] = {False: [], True: []}
    for strip in strips:
        for marks, side in ((strip.outer, np.sign(-strip.lane)), (strip.inner, np.sign(strip.lane))):
            for mark, until in zip(marks, [*(m.s for m in marks[1:]), np.inf], strict=False):
                parts[mark.colour == "yellow"].extend(_line(strip, float(side), mark, until))
    for signal in signals:
        parts[False].extend(_stop_lines(signal))
    for crosswalk in crosswalks:
        parts[False].extend(_zebra(crosswalk))
    return [
        merged(parts[yellow], ROAD_LINES, YELLOW if yellow else WHITE)
        for yellow in (False, True)
        if parts[yellow]
    ]


def _line(strip: Strip, side: float, mark: Mark, until: float) -> Iterator[Part]:
    """The quads of one mark; `side` -1 is the border to the left of growing s."""
    kinds = [word for word in mark.kind.split() if word in ("solid", "broken")]
    offsets = [0.0] if len(kinds) == 1 else [-APART, APART]
    low, high = max(mark.s, strip.s[0]), min(until, strip.s[-1])
    for kind, offset in zip(kinds, offsets, strict=False):
        for start, end in _pieces(kind, low, high, strip.speed > FAST):
            s = _stations(strip, start, end)
            points = np.column_stack([np.interp(s, strip.s, column) for column in strip.border(side).T])
            right = np.column_stack([np.interp(s, strip.s, column) for column in strip.right.T])
            across = np.column_stack([right, np.zeros(len(s))])
            middle = points + across * offset + (0.0, 0.0, ABOVE)
            yield ribbon(middle - across * mark.width / 2, middle + across * mark.width / 2)


def _pieces(kind: str, low: float, high: float, fast: bool) -> Iterator[tuple[float, float]]:
    if kind == "solid":
        if high > low:
            yield low, high
        return
    dash, gap = FAST_DASHES if fast else DASHES
    for start in np.arange(low + gap / 2, high - dash / 2, dash + gap):
        yield float(start), float(min(start + dash, high))


def _stations(strip: Strip, start: float, end: float) -> NDArray[np.float64]:
    """Ends of the quads: the points of the strip between, as dense as it is."""
    inside = strip.s[(strip.s > start + 1e-6) & (strip.s < end - 1e-6)]
    return np.concatenate([[start], inside, [end]])


def _stop_lines(signal: Signal) -> Iterator[Part]:
    """Bars before lights and stop signs, blocks before yield signs."""
    if signal.kind not in ("light", "stop", "yield"):
        return
    for x, y, z, yaw, width in signal.stops:
        heading = np.radians(yaw)
        ahead = np.array([np.cos(heading), np.sin(heading), 0.0])
        right = np.array([-np.sin(heading), np.cos(heading), 0.0])
        front = np.array([x, y, z + ABOVE]) - ahead * STOP_GAP
        back = front - ahead * STOP_LINE
        edges = np.linspace(-0.5, 0.5, 2 if signal.kind != "yield" else 10) * width * 0.94
        for left, far in list(zip(edges, edges[1:], strict=False))[::2]:
            yield ribbon(
                np.stack([back + right * left, front + right * left]),
                np.stack([back + right * far, front + right * far]),
            )


def _zebra(corners: NDArray[np.float64]) -> Iterator[Part]:
    """Stripes over a crosswalk of four corners; another shape is filled."""
    raised = corners + (0.0, 0.0, ABOVE)
    if len(raised) != 4:
        fan = np.array([(0, i, i + 1) for i in range(1, len(raised) - 1)], np.int32).reshape(-1, 3)
        yield raised, fan
        return
    a, b, c, d = raised
    if np.linalg.norm(b - a) < np.linalg.norm(c - b):
        a, b, c, d = b, c, d, a
    count = max(1, int((np.linalg.norm(b - a) / ZEBRA + 1) // 2))
    edges = np.linspace(0.0, 1.0, 2 * count)
    for start, end in zip(edges[::2], edges[1::2], strict=True):
        yield (
            ribbon(
                np.stack([a + (b - a) * start, d + (c - d) * start]),
                np.stack([a + (b - a) * end, d + (c - d) * end]),
            )
        )
