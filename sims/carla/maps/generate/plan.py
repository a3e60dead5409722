"""Reference lines in plan view: lines and arcs, joined without gap or kink.

The frame is OpenDRIVE's: x east, y north, headings counter-clockwise [rad]. Lines and arcs alone are enough
for the towns, and every reader of OpenDRIVE places them exactly.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

TINY = 1e-9


@dataclass(frozen=True)
class Pose:
    """A point with a direction."""

    x: float
    """[m]"""
    y: float
    """[m]"""
    heading: float
    """[rad]"""

    def ahead(self, distance: float) -> Pose:
        """The pose `distance` [m] further straight on."""
        return replace(
            self,
            x=self.x + distance * math.cos(self.heading),
            y=self.y + distance * math.sin(self.heading),
        )

    def left(self, distance: float) -> Pose:
        """The pose `distance` [m] to the left."""
        turned = replace(self, heading=self.heading + math.pi / 2).ahead(distance)
        return replace(turned, heading=self.heading)

    def reversed(self) -> Pose:
        """The same point, looking back."""
        return replace(self, heading=wrap(self.heading + math.pi))


@dataclass(frozen=True)
class Piece:
    """A line, or an arc where the curvature is not 0."""

    length: float
    """[m]"""
    curvature: float = 0.0
    """[1/m] Positive bends to the left."""


def wrap(angle: float) -> float:
    """An angle [rad] in (-pi, pi]."""
    return math.pi - (math.pi - angle) % (2 * math.pi)


def advance(pose: Pose, piece: Piece) -> Pose:
    """Where a piece that starts at `pose` ends."""
    if piece.curvature == 0.0:
        return pose.ahead(piece.length)
    half = piece.length * piece.curvature / 2
    chord = 2 * math.sin(half) / piece.curvature
    toward = replace(pose, heading=pose.heading + half).ahead(chord)
    return replace(toward, heading=wrap(pose.heading + 2 * half))


def end_of(start: Pose, pieces: tuple[Piece, ...]) -> Pose:
    """Where a chain of pieces ends."""
    for piece in pieces:
        start = advance(start, piece)
    return start


def along(start: Pose, pieces: tuple[Piece, ...], s: float) -> Pose:
    """The pose `s` [m] from the start of a chain of pieces."""
    for piece in pieces[:-1]:
        if s <= piece.length:
            return advance(start, replace(piece, length=s))
        start, s = advance(start, piece), s - piece.length
    return advance(start, replace(pieces[-1], length=s))


def length_of(pieces: tuple[Piece, ...]) -> float:
    """Length [m]."""
    return sum(piece.length for piece in pieces)


def join(start: Pose, end: Pose, lead: float = 0.0) -> tuple[Piece, ...]:
    """The pieces that lead from one pose to another: a line, a line-arc-line, or two arcs.

    Args:
        start: Pose of departure.
        end: Pose of arrival.
        lead: [m] A line-arc-line begins and ends with at least that much of line.
    """
    ahead, left = _local(start, end)
    turn = wrap(end.heading - start.heading)
    if abs(left) < TINY and abs(turn) < TINY and ahead > 0:
        return (Piece(ahead),)
    if abs(math.sin(turn)) > TINY:
        until = left / math.sin(turn)
        before = ahead - until * math.cos(turn)
        tangent = min(before, until) - lead
        if tangent > 0:
            radius = tangent / math.tan(turn / 2)
            arc = Piece(radius * turn, 1 / radius)
            return _without_nothing(Piece(before - tangent), arc, Piece(until - tangent))
    return _two_arcs(start, end)


def chain(*poses: Pose, lead: float = 0.0) -> tuple[Piece, ...]:
    """`join` through several poses."""
    pieces = (join(a, b, lead) for a, b in zip(poses, poses[1:], strict=False))
    return tuple(piece for part in pieces for piece in part)


def _local(start: Pose, end: Pose) -> tuple[float, float]:
    """(ahead, left) [m] of `end` as seen from `start`."""
    dx, dy = end.x - start.x, end.y - start.y
    cos, sin = math.cos(start.heading), math.sin(start.heading)
    return cos * dx + sin * dy, -sin * dx + cos * dy


def _two_arcs(start: Pose, end: Pose) -> tuple[Piece, ...]:
    """The biarc whose tangents at both ends are equally long.

    Source: R. Juckett, "Biarc interpolation" (2014), the case d1 = d2.
    """
    cos1, sin1 = math.cos(start.heading), math.sin(start.heading)
    cos2, sin2 = math.cos(end.heading), math.sin(end.heading)
    vx, vy = end.x - start.x, end.y - start.y
    along_tangents = vx * (cos1 + cos2) + vy * (sin1 + sin2)
    squared = vx * vx + vy * vy
    bend = 2 * (1 - (cos1 * cos2 + sin1 * sin2))
    if abs(bend) < TINY:
        tangent = squared / (2 * along_tangents)
    else:
        tangent = (math.sqrt(along_tangents**2 + bend * squared) - along_tangents) / bend
    middle_x = (start.x + end.x + tangent * (cos1 - cos2)) / 2
    middle_y = (start.y + end.y + tangent * (sin1 - sin2)) / 2
    first = _arc_to(start, middle_x, middle_y)
    return _without_nothing(first, _arc_to(advance(start, first), end.x, end.y))


def _arc_to(start: Pose, x: float, y: float) -> Piece:
    """The arc that leaves `start` along its heading and ends in a point."""
    ahead, left = _local(start, Pose(x, y, 0.0))
    if abs(left) < TINY:
        return Piece(ahead)
    turn = 2 * math.atan2(left, ahead)
    curvature = 2 * left / (ahead**2 + left**2)
    return Piece(turn / curvature, curvature)


def _without_nothing(*pieces: Piece) -> tuple[Piece, ...]:
    return tuple(piece for piece in pieces if piece.length > TINY)
