"""What acts on the vehicles during one tick, from their pedals, tyres, engines and the ground.

Engine and wheels turn together, unless the gear is changing. The force at the wheels is ratio by radius times
what the engine gives: its torque at that speed times the throttle, less losses in proportion to its speed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.physics.bicycle import Step
from sims.carla.server.physics.curves import evaluate
from sims.carla.server.physics.store import Store
from sims.carla.server.physics.tyres import GRAVITY, cornering_stiffness, lateral_share

Array = NDArray[np.float64]
RISE = np.array([[6.0], [2.5], [6.0], [12.0]])
"""[1/s] How fast throttle, steering, brake and hand brake go out, as Unreal's vehicles have it."""
FALL = np.array([[10.0], [5.0], [10.0], [12.0]])
"""[1/s] How fast they come back."""
LEAST = 1.0
"""[N] Grip of an axle that is in the air, so that nothing divides by zero."""


class Forces(NamedTuple):
    """What acts, before it is known for how long. Rows of two: front and rear axle."""

    stiffness: Array
    """(2, n) [N/rad]"""
    limit: Array
    """(2, n) Most lateral force [N]."""
    push: Array
    """(n,) Acceleration by engine, slope and air [m/s2]."""
    loss: Array
    """(n,) Decay of the speed [1/s]."""
    hold: Array
    """(n,) Most deceleration of brakes and rolling resistance, which only stop [m/s2]."""
    steer: Array
    """(n,) Angle of the front wheels, to the right [rad]."""


def move_pedals(pedals: Array, wanted: Array, dt: float) -> None:
    """Pedals and steering follow what is wanted at their rates; (4, n), `pedals` in place.

    Args:
        pedals: throttle, steer, brake, hand brake.
        wanted: where they go.
        dt: [s]
    """
    change = wanted - pedals
    reach = np.where(change * pedals >= 0.0, RISE * dt, FALL * dt)
    pedals += np.minimum(np.maximum(change, -reach), reach)


def axle_grip(store: Store) -> Array:
    """(2, n) Friction coefficient times load [N], with what acceleration moves from one axle to the other."""
    return np.maximum(store.static + store.transfer * store.acceleration, LEAST)


def forces(store: Store, speed: Array, level: bool) -> Forces:
    """What acts during a tick; the front wheels of the store are turned.

    Engine and brakes act on the axles in proportion to their grip; the hand brake holds the rear.

    Args:
        store: the vehicles.
        speed: (n,) along the bodies, forward positive [m/s].
        level: whether the ground is flat.
    """
    throttle, steering, brake, hand = store.pedals
    pace, most = np.abs(speed), store.most
    torque, share = evaluate(store.curves, pace * store.rates)
    steer = steering * store.lock * share
    np.exp(1j * steer, out=store.wheels[0])
    engine = np.minimum(np.maximum(torque * throttle * store.gearing, -most), most)
    brakes = np.minimum(brake * store.brakes, most)
    grip = axle_grip(store)
    limit = grip * lateral_share((np.abs(engine) + brakes) / most)
    stiffness = cornering_stiffness(grip, store.bend, store.crest)
    if hand.any():
        brakes, limit = _hand_brake(store, hand, brakes, grip, limit)
    push = engine * store.lightness - store.air * pace * speed
    if not level:
        push = push - store.mass * store.lightness * GRAVITY * np.sin(store.slope)
    # Engine braking, too, has only what grip the brakes leave.
    left = (most - brakes) * store.lightness / (pace + 1.0)
    loss = np.minimum(store.lost + store.lost_throttle * throttle, left)
    return Forces(stiffness, limit, push, loss, brakes * store.bare + store.rolling, steer)


def _hand_brake(store: Store, hand: Array, brakes: Array, grip: Array, limit: Array) -> tuple[Array, Array]:
    """All brake forces, and lateral limits, with the hand brake on the rear axle."""
    already = brakes * grip[1] / store.most
    rear = np.minimum(hand * store.hand_brake + already, grip[1])
    least = np.minimum(limit[1], grip[1] * lateral_share(rear / grip[1]))
    return brakes + rear - already, np.array([limit[0], least])


def step_of(store: Store, acting: Forces, dt: float) -> Step:
    """What one step of the integrator needs.

    Args:
        store: the vehicles.
        acting: what acts.
        dt: length of the step [s].
    """
    wheels, slowness = store.wheels, 1.0 / store.mass
    ahead, blow = wheels.real, acting.limit * dt
    # A force F across the wheels moves the axle that way by F (1 / m + (a cos steer)^2 / J).
    give = (ahead * ahead * store.leverage + 1.0) * slowness
    hold = acting.hold * dt
    return Step(
        dt,
        store.arms,
        wheels.conj(),
        acting.stiffness * give * dt,
        acting.stiffness / acting.limit,
        wheels * (blow * (slowness * -1j)),
        blow * ahead * store.twist,
        acting.push * dt,
        1.0 / (acting.loss * dt + 1.0),
        hold,
        -hold,
    )
