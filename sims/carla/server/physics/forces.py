"""What acts on the vehicles during one tick, from their pedals, tyres, engines and the ground."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.physics.bicycle import Along, Axles
from sims.carla.server.physics.curves import evaluate
from sims.carla.server.physics.powertrain import RPM
from sims.carla.server.physics.store import Store
from sims.carla.server.physics.tyres import GRAVITY, cornering_stiffness, lateral_limit

Array = NDArray[np.float64]
RISE = np.array([[6.0], [2.5], [6.0], [12.0]])
"""[1/s] How fast throttle, steering, brake and hand brake go out, as Unreal's vehicles have it."""
FALL = np.array([[10.0], [5.0], [10.0], [12.0]])
"""[1/s] How fast they come back."""
ROLLING = 0.01
"""Rolling resistance in shares of the weight; that of a car tyre on asphalt, which brings a car to rest."""
LEAST = 1.0
"""[N] and [N/rad] Grip and stiffness of an axle that is in the air, so that nothing divides by zero."""


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


def axle_loads(store: Store) -> Array:
    """(2, n) Front and rear [N], with what the last step's acceleration moved from one to the other."""
    return np.maximum(store.static + store.transfer * store.acceleration, 0.0)


def engine_speed(store: Store, speed: Array) -> Array:
    """(n,) [rad/s] Of engines that turn with the wheels.

    Args:
        store: the vehicles.
        speed: (n,) along the bodies [m/s].
    """
    return np.abs(speed * store.ratio / store.radius)


def forces(store: Store, speed: Array) -> tuple[Axles, Along, Array]:
    """What acts during a tick.

    The engine drives both axles alike; the brakes are shared out by the axles' loads; the hand brake holds
    the rear.

    Args:
        store: the vehicles.
        speed: (n,) along the bodies, forward positive [m/s].

    Returns:
        Axles and lengthwise forces, and (n,) the angle of the front wheels to the right [rad].
    """
    throttle, steering, brake, hand = store.pedals
    turning = engine_speed(store, speed)
    torque, share = evaluate(store.curves, np.array([turning * RPM, np.abs(speed) * 3.6]))
    steer = steering * store.lock * share
    loads = axle_loads(store)
    grip = store.friction * loads
    most = grip[0] + grip[1]
    gearing = store.ratio / store.radius
    square = gearing * gearing
    engine = torque * throttle * gearing * (turning < store.top)
    engine = np.minimum(np.maximum(engine, -most), most)
    brakes = grip * (np.minimum(brake * store.brakes, most) / np.maximum(most, LEAST))
    brakes[1] = np.minimum(brakes[1] + hand * store.hand_brake, grip[1])
    stiffness = cornering_stiffness(loads, store.bend, store.crest)
    limit = lateral_limit(grip, np.abs(engine) * 0.5 + brakes)
    wheels = np.ones(loads.shape, complex)
    np.exp(1j * steer, out=wheels[0])
    lightness = 1.0 / (store.moved + store.moi * square)
    drag = store.air * speed * np.abs(speed)
    weight = store.mass * GRAVITY
    along = Along(
        (engine - drag - weight * np.sin(store.slope)) * lightness,
        ((store.lost_zero + store.lost_throttle * throttle) * square + store.roll) * lightness,
        (brakes[0] + brakes[1] + ROLLING * weight) * lightness,
    )
    axles = Axles(
        store.arms, wheels, np.maximum(stiffness, LEAST), np.maximum(limit, LEAST), store.mass, store.inertia
    )
    return axles, along, steer
