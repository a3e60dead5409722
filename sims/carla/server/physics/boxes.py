"""Oriented boxes seen from above: whether they overlap, how deep, and where.

Planar vectors are complex numbers, x real and y imaginary.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.complex128]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Boxes:
    """n rectangles."""

    centre: Plane
    """(n,) [m]"""
    heading: Plane
    """(n,) unit vectors."""
    half: Array
    """(2, n) half length and half width [m]."""

    def take(self, index: NDArray[np.intp] | slice) -> Boxes:
        """Some of them."""
        return Boxes(self.centre[index], self.heading[index], self.half[:, index])

    def corners(self) -> Plane:
        """(4, n) counter-clockwise as the axes turn from x to y."""
        length, width = self.half
        local = np.array(
            [length + 1j * width, -length + 1j * width, -length - 1j * width, length - 1j * width]
        )
        return self.centre + local * self.heading


DRIFT = 3.0
"""[m/s] Least speed with which boxes are taken to have entered each other along any axis."""


def penetration(first: Boxes, second: Boxes, approach: Plane | complex = 0j) -> tuple[Array, Plane]:
    """How deep pairs of boxes lie in each other, by the separating axis theorem.

    Of the four axes that counts which was passed last: the one with the least depth by speed. At rest that is
    the least depth; at speed a post that is deep in the front of a car is in its front and not in its side.

    Args:
        first: n boxes, or one.
        second: n boxes.
        approach: velocity of the first as the second sees it [m/s].

    Returns:
        (n,) the depth along that axis [m], below zero where they are apart; and (n,) that axis as a unit
        vector from `first` towards `second`.
    """
    offset = second.centre - first.centre
    turn = second.heading * first.heading.conj()
    along, across = np.abs(turn.real), np.abs(turn.imag)
    (la, wa), (lb, wb) = first.half, second.half
    here, there = offset * first.heading.conj(), offset * second.heading.conj()
    depths = np.array(
        [
            la + along * lb + across * wb - np.abs(here.real),
            wa + across * lb + along * wb - np.abs(here.imag),
            lb + along * la + across * wa - np.abs(there.real),
            wb + across * la + along * wa - np.abs(there.imag),
        ]
    )
    count = depths.shape[1]
    here, there = np.broadcast_to(here, count), np.broadcast_to(there, count)
    ours, theirs = np.broadcast_to(first.heading, count), np.broadcast_to(second.heading, count)
    sides = np.where(np.array([here.real, here.imag, there.real, there.imag]) < 0.0, -1.0, 1.0)
    axes = np.array([ours, 1j * ours, theirs, 1j * theirs]) * sides
    closing = np.maximum((axes.conj() * approach).real, DRIFT)
    last = np.where(depths.min(0) > 0.0, depths / closing, depths).argmin(0)
    which = np.arange(count)
    return depths[last, which], axes[last, which]


def contact_point(first: list[complex], second: list[complex]) -> complex:
    """The middle of what two overlapping rectangles have in common, by Sutherland and Hodgman's clipping.

    Args:
        first: corners of a rectangle, counter-clockwise.
        second: of the other.
    """
    polygon = list(first)
    for start, end in zip(second, second[1:] + second[:1], strict=True):
        edge = end - start
        inside = [(edge.conjugate() * (point - start)).imag for point in polygon]
        clipped: list[complex] = []
        for i, point in enumerate(polygon):
            before, d0, d1 = polygon[i - 1], inside[i - 1], inside[i]
            if (d0 < 0.0) != (d1 < 0.0):
                clipped.append(before + (point - before) * (d0 / (d0 - d1)))
            if d1 >= 0.0:
                clipped.append(point)
        if not clipped:
            break
        polygon = clipped
    return sum(polygon) / len(polygon)
