"""Changing gear. It happens rarely, so vehicle by vehicle."""

from __future__ import annotations

import math

from sims.carla.server.physics.store import Store
from sims.carla.server.physics.vehicle import RPM, Vehicle, geared, radius_of

LATENCY = 1.0
"""[s] The automatic gearbox waits so long before it shifts again; as Unreal has it."""


def engage(store: Store, index: int, vehicle: Vehicle, gear: int, now: float) -> None:
    """Put in a gear. Between forward gears it takes the switch time, without drive; from rest, none.

    Args:
        store: the arrays.
        index: the vehicle's column.
        vehicle: whose gear it is.
        gear: -1, 0, or a forward gear.
        now: [s]
    """
    wait = vehicle.control.gear_switch_time if min(gear, vehicle.gear) > 0 and gear != vehicle.gear else 0.0
    vehicle.gear, vehicle.shifting = gear, wait > 0.0
    store.due[index] = now + wait if wait > 0.0 else now + LATENCY
    store.set_gear(index, geared(vehicle))
    store.up[index], store.down[index] = math.inf, -math.inf


def settle(store: Store, index: int, vehicle: Vehicle, now: float) -> None:
    """What was due is done: the gear is in, or the automatic gearbox may shift again."""
    if vehicle.shifting:
        vehicle.shifting = False
        store.set_gear(index, geared(vehicle))
        store.due[index] = now + LATENCY
        return
    store.due[index] = math.inf
    automatic = vehicle.control.use_gear_autobox and not vehicle.manual and vehicle.gear > 0
    if not automatic:
        return
    gears = vehicle.control.forward_gears
    gear = gears[min(vehicle.gear, len(gears)) - 1]
    top = vehicle.control.max_rpm / max(geared(vehicle)["rpm"], 1e-9)
    store.down[index] = gear.down_ratio * top if vehicle.gear > 1 else -math.inf
    store.up[index] = gear.up_ratio * top if vehicle.gear < len(gears) else math.inf


def change(store: Store, index: int, vehicle: Vehicle, pace: float, now: float) -> bool:
    """Let the gearbox of one vehicle do what it must; True where its gear is another.

    Args:
        store: the arrays.
        index: the vehicle's column.
        vehicle: whose gearbox it is.
        pace: [m/s] how fast it goes, either way.
        now: [s]
    """
    before = vehicle.gear
    if store.due[index] <= now:
        settle(store, index, vehicle, now)
    elif pace > store.up[index]:
        engage(store, index, vehicle, before + 1, now)
    elif pace < store.down[index]:
        engage(store, index, vehicle, before - 1, now)
    return vehicle.gear != before


def suit(store: Store, index: int, vehicle: Vehicle, pace: float, now: float) -> None:
    """Put in the lowest forward gear in which the automatic gearbox would stay at a speed.

    Args:
        store: the arrays.
        index: the vehicle's column.
        vehicle: whose gearbox it is.
        pace: [m/s] that a client has just given it.
        now: [s]
    """
    if vehicle.manual or vehicle.gear < 1 or not vehicle.control.use_gear_autobox:
        return
    control = vehicle.control
    turns = pace / radius_of(vehicle) * control.final_ratio * RPM
    gears = control.forward_gears
    fitting = [i for i, gear in enumerate(gears, 1) if turns * gear.ratio < gear.up_ratio * control.max_rpm]
    gear = fitting[0] if fitting else len(gears)
    if gear != vehicle.gear:
        vehicle.gear, vehicle.shifting = gear, False
        store.set_gear(index, geared(vehicle))
        store.due[index] = now


def ask(
    store: Store, index: int, vehicle: Vehicle, manual: bool, gear: int, reverse: bool, now: float
) -> None:
    """Take over what a VehicleControl says of the gears.

    Args:
        store: the arrays.
        index: the vehicle's column.
        vehicle: whose gearbox it is.
        manual: whether `gear` is meant.
        gear: wanted, where manual.
        reverse: whether the automatic gearbox is to go backwards.
        now: [s]
    """
    vehicle.manual = manual
    if manual:
        wanted = min(max(gear, -1), len(vehicle.control.forward_gears))
    else:
        wanted = -1 if reverse else max(vehicle.gear, 1)
    if wanted != vehicle.gear:
        engage(store, index, vehicle, wanted, now)
    elif not manual and math.isinf(store.due[index]):
        store.due[index] = now
