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

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Plane = NDArray[np.complex128]
LONGEST = 0.025
"""[s] Step that the model needs no shorter than; PhysX needs 0.01."""


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


@dataclass(frozen=True)
class Axles:
    """What does not change within a tick. Rows: front, rear."""

    arms: Plane
    """(2, n) i times the distance ahead of the centre of mass [m]."""
    wheels: Plane
    """(2, n) direction of the wheels in the body's frame."""
    stiffness: Array
    """(2, n) [N/rad]"""
    grip: Array
    """(2, n) Most lateral force [N]."""
    mass: Array
    """(n,) [kg]"""
    inertia: Array
    """(n,) about the vertical [kg m2]."""


@dataclass(frozen=True)
class Along:
    """What acts along the bodies within a tick."""

    push: Array
    """(n,) Acceleration by engine, slope and air [m/s2]."""
    loss: Array
    """(n,) Damping by engine and wheels [1/s]."""
    hold: Array
    """(n,) Most deceleration of brakes and rolling resistance, which only stop [m/s2]."""


def substeps(dt: float, longest: float, most: int) -> int:
    """Into how many steps a tick is cut: none longer than `longest` [s], but no more than `most`."""
    return max(1, min(int(np.ceil(dt / longest - 1e-9)), most))


def advance(motion: Motion, axles: Axles, along: Along, dt: float, count: int) -> None:
    """Integrate over one tick, in place.

    Args:
        motion: changed.
        axles: see there.
        along: see there.
        dt: length of each step [s].
        count: how many steps.
    """
    # A force F across the wheels moves the axle that way by F (1 / m + (a cos steer)^2 / J).
    lever = axles.arms.imag * axles.wheels.real
    give = 1.0 / axles.mass + lever * lever / axles.inertia
    soft = axles.stiffness * give * dt
    slope = axles.stiffness / axles.grip
    kick = -1j * axles.wheels * (axles.grip * dt / axles.mass)
    spin = lever * axles.grip * (dt / axles.inertia)
    push, keep, hold = along.push * dt, 1.0 / (1.0 + along.loss * dt), along.hold * dt
    back = np.conjugate(axles.wheels)
    position, velocity, yaw, rate = motion.position, motion.velocity, motion.yaw, motion.yaw_rate
    for _ in range(count):
        heading = np.exp(1j * yaw)
        body = velocity * heading.conj()
        speed = (body.real + push) * keep
        speed = speed - np.minimum(np.maximum(speed, -hold), hold)
        change = speed - body.real
        wheel = (body + change + axles.arms * rate) * back
        slip = np.tanh(slope * wheel.imag / (np.abs(wheel.real) + soft))
        kicks, spins = kick * slip, spin * slip
        velocity = velocity + (kicks[0] + kicks[1] + change) * heading
        rate = rate - (spins[0] + spins[1])
        position = position + velocity * dt
        yaw = yaw + rate * dt
    motion.position, motion.velocity, motion.yaw, motion.yaw_rate = position, velocity, yaw, rate
