"""The dynamic bicycle model, for all vehicles at once.

Velocities live in the world's frame, so a body that turns gains no energy. Planar vectors are complex
numbers: real part x, imaginary part y, and a rotation is a product with exp(i angle).

With the yaw inertia m l_front l_rear (a public identification on CARLA's MKZ finds it within 3 %; Mitschke
and Wallentowitz, "Dynamik der Kraftfahrzeuge", name it as the usual one of cars) a force on one axle does
not move the other sideways. Each axle is a mass of its own, and its lateral force can be had implicitly, one
by one:

    F = -C v / (|u| + C dt / m_axle)      v sideways, u along the wheel, C the axle's stiffness

which is the linear tyre C v / |u| at speed, and at rest the force that stops the axle within one step: the
kinematic bicycle. It is stable for any step and has no singular point at zero speed. Where F passes the grip
G, it is G tanh(F / G).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Plane = NDArray[np.complex128]
LONGEST = 0.05
"""[s] The model needs no shorter step: the yaw rate is then 0.5 % off, and the way 5 cm after 1 s at 15 m/s.
PhysX needs 0.01."""


@dataclass
class Motion:
    """Where the centres of mass are and how they move, in the plane."""

    position: Plane
    """(n,) [m]"""
    velocity: Plane
    """(n,) [m/s]"""
    yaw: Array
    """(n,) [rad], to the right."""
    yaw_rate: Array
    """(n,) [rad/s]"""


class Step(NamedTuple):
    """What one step needs. Rows of two: front and rear axle."""

    dt: float
    """[s]"""
    arms: Plane
    """(2, n) i times the distance ahead of the centre of mass [m]."""
    back: Plane
    """(2, n) Turns the body's frame into that of the wheels."""
    soft: Array
    """(2, n) C dt / m_axle [m/s]."""
    slope: Array
    """(2, n) C / G"""
    kick: Plane
    """(2, n) Change of the velocity in the body's frame by the full grip [m/s]."""
    spin: Array
    """(2, n) The same of the yaw rate [rad/s]."""
    push: Array
    """(n,) Gain of speed along the body [m/s]."""
    keep: Array
    """(n,) Share of the speed that damping leaves."""
    hold: Array
    """(n,) Most that brakes and rolling resistance take from the speed, which they only stop [m/s]."""
    let: Array
    """(n,) Its negative."""


def substeps(dt: float, longest: float, most: int) -> int:
    """Into how many steps a tick is cut: none longer than `longest` [s], but no more than `most`."""
    return max(1, min(math.ceil(dt / longest - 1e-9), most))


def advance(motion: Motion, step: Step, count: int) -> None:
    """Integrate over one tick, in place.

    The forces are taken in the frame that the body has in the middle of the step, and the displacement with
    the velocity that they leave: both are of second order in a turn.

    Args:
        motion: changed.
        step: each step.
        count: how many.
    """
    dt, arms, back, soft, slope, kick, spin, push, keep, hold, let = step
    position, velocity, yaw, rate = motion.position, motion.velocity, motion.yaw, motion.yaw_rate
    half = 0.5 * dt
    for _ in range(count):
        heading = np.exp((yaw + rate * half) * 1j)
        body = velocity * heading.conj()
        ahead = body.real
        speed = (ahead + push) * keep
        change = speed - np.minimum(np.maximum(speed, let), hold) - ahead
        wheel = (body + change + arms * rate) * back
        slip = np.tanh(slope * wheel.imag / (np.abs(wheel.real) + soft))
        kicks, spins = kick * slip, spin * slip
        turn = spins[0] + spins[1]
        velocity = velocity + (kicks[0] + kicks[1] + change) * heading
        position = position + velocity * dt
        yaw = yaw + (rate - 0.5 * turn) * dt
        rate = rate - turn
    motion.position, motion.velocity, motion.yaw, motion.yaw_rate = position, velocity, yaw, rate
