"""What a blow does to two bodies in the plane."""

from __future__ import annotations

from dataclasses import dataclass

RESTITUTION = 0.1
"""Share of the speed of approach with which cars part; crash tests find about 0.1 at town speeds."""
RUBBING = 0.4
"""Friction coefficient between two bodies."""


@dataclass
class Body:
    """One of them. A body that nothing moves has zero inverse mass and inertia."""

    position: complex
    """[m] Centre of mass."""
    velocity: complex
    """[m/s]"""
    yaw_rate: float = 0.0
    """[rad/s]"""
    lightness: float = 0.0
    """[1/kg]"""
    ease: float = 0.0
    """[1/(kg m2)] Inverse yaw inertia."""

    def velocity_at(self, point: complex) -> complex:
        """[m/s] Of the material point there."""
        return self.velocity + 1j * self.yaw_rate * (point - self.position)

    def give(self, point: complex, direction: complex) -> float:
        """[1/kg] Speed along a unit vector that an impulse of 1 N s along it gives the point."""
        return self.lightness + _cross(point - self.position, direction) ** 2 * self.ease

    def hit(self, point: complex, impulse: complex) -> None:
        """Take an impulse [N s]."""
        self.velocity += impulse * self.lightness
        self.yaw_rate += _cross(point - self.position, impulse) * self.ease


def collide(first: Body, second: Body, point: complex, normal: complex) -> complex:
    """Let two bodies bounce off each other; both are changed.

    The normal impulse is j = (1 + e) v_n / (1/m_a + 1/m_b + (r_a x n)^2 / J_a + (r_b x n)^2 / J_b), and the
    one along the surface at most RUBBING times that.

    Args:
        first: one body.
        second: the other.
        point: where they touch [m].
        normal: unit vector from the first towards the second.

    Returns:
        The impulse on `first` [N s]; 0 where they do not approach or neither can be moved.
    """
    relative = second.velocity_at(point) - first.velocity_at(point)
    approach = -(relative * normal.conjugate()).real
    give = first.give(point, normal) + second.give(point, normal)
    if approach <= 0.0 or give == 0.0:
        return 0j
    strength = (1.0 + RESTITUTION) * approach / give
    tangent = 1j * normal
    sliding = (relative * tangent.conjugate()).real
    most = RUBBING * strength
    rub = min(max(-sliding / (first.give(point, tangent) + second.give(point, tangent)), -most), most)
    impulse = strength * normal + rub * tangent
    second.hit(point, impulse)
    first.hit(point, -impulse)
    return -impulse


def _cross(a: complex, b: complex) -> float:
    return (a.conjugate() * b).imag
