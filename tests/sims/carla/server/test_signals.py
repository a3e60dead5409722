"""Lights and signs in a world without a network: cycles, what vehicles are told, and the RPC methods."""

from types import SimpleNamespace

import numpy as np
import pytest

from sims.carla.maps.signals import Signal
from sims.carla.server.actor import Actor, Description
from sims.carla.server.cycle import GREEN, OFF, RED, YELLOW
from sims.carla.server.errors import RpcError
from sims.carla.server.methods import traffic_lights
from sims.carla.server.records import TRAFFIC_LIGHT, TRAFFIC_SIGN, VEHICLE
from sims.carla.server.towns import named_town
from sims.carla.server.world import World

pytest.importorskip("carla")
DT = 0.1


@pytest.fixture
def world() -> World:
    return World(named_town("Town_Small"))


def pass_time(world: World, seconds: float) -> None:
    for _ in range(round(seconds / DT)):
        world.signals.step(DT)


def signal(world: World, kind: str, phase: int = -1) -> Signal:
    return next(s for s in world.town.signals if s.kind == kind and phase in (-1, s.phase))


def car_before(world: World, guard: Signal, distance: float, lane: int = 0) -> Actor:
    """A car whose front is that far before the stop line."""
    x, y, _, yaw, _ = guard.stops[lane]
    ahead = np.array([np.cos(np.radians(yaw)), np.sin(np.radians(yaw))])
    car = world.spawn(Description(0, "vehicle.tesla.model3"), np.array([0.0, 0.0, 50.0, 0.0, 0.0, 0.0]))
    back = car.box.location[0] + car.box.extent[0] + distance
    world.place(car, np.array([*(np.array([x, y]) - ahead * back), 0.3, 0.0, yaw, 0.0]))
    return car


def told(world: World, car: Actor) -> tuple[bool, int, int]:
    """(at a light, its id, state) as the snapshot says."""
    row = world.records.view(VEHICLE)[car.row]
    return bool(row["has_traffic_light"]), int(row["traffic_light_id"]), int(row["traffic_light_state"])


def light_row(world: World, actor: Actor) -> np.void:
    return world.records.view(TRAFFIC_LIGHT)[actor.row]


def test_every_signal_is_an_actor_with_its_name_on_the_wire(world: World) -> None:
    names = world.records.view(TRAFFIC_SIGN)["sign_id"]
    found = {
        names[a.row].decode(): a.type_id for a in world.actors.values() if a.type_id.startswith("traffic.")
    }
    assert found == {s.id: s.type_id for s in world.town.signals}
    assert {"traffic.traffic_light", "traffic.stop", "traffic.yield", "traffic.speed_limit.30"} < set(
        found.values()
    )


def test_crossing_traffic_never_has_green_or_yellow_together(world: World) -> None:
    seen = set()
    for _ in range(700):
        world.signals.step(DT)
        for cycle in world.signals.cycles.values():
            lights = [light for light in world.signals.lights.values() if light.cycle is cycle]
            going = [light for light in lights if light_row(world, light.actor)["light_state"] != RED]
            assert len(going) <= 1
            seen.update(light.actor.id for light in going)
    assert seen == set(world.signals.lights), "every light has its turn within 70 s"


def test_a_car_before_a_light_is_told_its_state(world: World) -> None:
    guard = signal(world, "light", phase=0)
    length = guard.zone
    cars = [car_before(world, guard, d) for d in (0.3, length - 0.3, length + 0.3, -0.3)]
    world.signals.step(DT)
    actor = next(light.actor for light in world.signals.lights.values() if light.signal is guard)
    at, beyond = (True, actor.id, GREEN), (False, 0, GREEN)
    assert [told(world, car) for car in cars] == [at, at, beyond, beyond]
    pass_time(world, 10.0)
    assert told(world, cars[0]) == (True, actor.id, YELLOW)
    pass_time(world, 3.0)
    assert told(world, cars[0]) == (True, actor.id, RED)
    assert told(world, cars[3]) == beyond, "who has passed the line goes on"


def test_a_light_is_for_all_its_lanes_and_not_for_those_who_come_towards_it(world: World) -> None:
    guard = next(s for s in world.town.signals if s.kind == "light" and len(s.stops) == 2)
    cars = [car_before(world, guard, 2.0, lane) for lane in (0, 1)]
    oncoming = car_before(world, guard, 2.0)
    turned = oncoming.pose.copy()
    turned[4] += 180.0
    world.place(oncoming, turned)
    assert [told(world, car)[0] for car in (*cars, oncoming)] == [True, True, False]


def test_stop_and_yield_signs_tell_red_without_a_light(world: World) -> None:
    """Which is how a TrafficManager is told to wait its turn."""
    stop = car_before(world, signal(world, "stop"), 2.0)
    waiting = signal(world, "yield")
    yielding = car_before(world, waiting, 2.0)
    world.signals.step(DT)
    assert told(world, stop) == (False, 0, RED)
    assert told(world, yielding) == (False, 0, GREEN), "nobody comes"
    disc = world.signals._discs[waiting.junction]
    across = np.array([disc.centre[0] + disc.radius + 10.0, disc.centre[1], 0.0, 0.0, 180.0, 0.0])
    other = world.spawn(Description(0, "vehicle.audi.tt"), across)
    world.records.rows["velocity"][other.row] = (-8.0, 0.0, 0.0)
    world.signals.step(DT)
    assert told(world, yielding) == (False, 0, RED)


def test_the_speed_limit_is_that_of_the_road_and_stays_in_junctions(world: World) -> None:
    car = world.spawn(Description(0, "vehicle.tesla.model3"), np.array([210.0, -128.25, 0.3, 0.0, 0.0, 0.0]))
    limit = world.records.view(VEHICLE)["speed_limit"]
    assert limit[car.row] == 50.0
    world.place(car, np.array([290.0, -130.0, 0.3, 0.0, -90.0, 0.0]))
    assert limit[car.row] == 50.0
    world.place(car, np.array([131.75, -200.0, 0.3, 0.0, -90.0, 0.0]))
    assert limit[car.row] == 30.0


def test_setting_a_state_holds_until_the_cycle_goes_on(world: World) -> None:
    server = SimpleNamespace(world=world)
    light = next(light for light in world.signals.lights.values() if light.signal.phase == 1)
    traffic_lights.set_state(server, light.actor.id, OFF)
    pass_time(world, 1.0)
    row = light_row(world, light.actor)
    assert (row["light_state"], row["elapsed_time"]) == (OFF, pytest.approx(1.0))
    pass_time(world, 14.0)
    assert light_row(world, light.actor)["light_state"] == GREEN


def test_times_of_a_light_are_those_of_its_phase(world: World) -> None:
    server = SimpleNamespace(world=world)
    first = next(light for light in world.signals.lights.values() if light.signal.phase == 0)
    traffic_lights.set_green_time(server, first.actor.id, 4)
    traffic_lights.set_yellow_time(server, first.actor.id, 1.5)
    traffic_lights.set_red_time(server, first.actor.id, -3.0)
    row = light_row(world, first.actor)
    assert [row[name] for name in ("green_time", "yellow_time", "red_time")] == [4.0, 1.5, 0.0]
    pass_time(world, 4.0)
    assert light_row(world, first.actor)["light_state"] == YELLOW
    pass_time(world, 1.6)
    assert light_row(world, first.actor)["light_state"] == RED


def test_frozen_lights_stand_still_and_reset_ones_begin_again(world: World) -> None:
    server = SimpleNamespace(world=world)
    light = next(light for light in world.signals.lights.values() if light.signal.phase == 0)
    pass_time(world, 11.0)
    traffic_lights.freeze_all(server, True)
    pass_time(world, 60.0)
    row = light_row(world, light.actor)
    assert (row["light_state"], row["time_is_frozen"]) == (YELLOW, 1)
    assert row["elapsed_time"] == pytest.approx(1.0)
    traffic_lights.reset_group(server, light.actor.id)
    traffic_lights.freeze(server, light.actor.id, False)
    pass_time(world, 1.0)
    row = light_row(world, light.actor)
    assert (row["light_state"], row["time_is_frozen"]) == (GREEN, 0)
    traffic_lights.reset_all(server)
    states = world.signals.states()
    assert sorted(states.values()) == [RED] * 12 + [GREEN] * 5


def test_a_group_is_a_junction_and_boxes_are_heads(world: World) -> None:
    server = SimpleNamespace(world=world)
    sizes = sorted(len(traffic_lights.group(server, actor_id)) for actor_id in world.signals.lights)
    assert sizes == [3] * 9 + [4] * 8
    light = next(light for light in world.signals.lights.values() if len(light.signal.stops) == 2)
    assert light.actor.id in traffic_lights.group(server, light.actor.id)
    boxes = traffic_lights.light_boxes(server, light.actor.id)
    assert len(boxes) == 2 and all(box[0][2] > 4.0 and box[3] == light.actor.id for box in boxes)


def test_lights_and_signs_cannot_be_destroyed(world: World) -> None:
    before = world.records.tobytes()
    for actor in [a for a in world.actors.values() if a.type_id.startswith("traffic.")]:
        with pytest.raises(RpcError, match="lights and signs belong to the map"):
            world.destroy(actor.id)
    assert world.records.tobytes() == before


def test_other_actors_are_no_lights(world: World) -> None:
    server = SimpleNamespace(world=world)
    sign = next(a.id for a in world.actors.values() if a.type_id == "traffic.stop")
    with pytest.raises(RpcError, match="Actor is not a traffic light"):
        traffic_lights.set_state(server, sign, RED)
    with pytest.raises(RpcError, match="Actor could not be found in the registry.  Actor Id: 9999"):
        traffic_lights.freeze(server, 9999, True)
    with pytest.raises(RpcError, match="unable to get group traffic lights: actor not found"):
        traffic_lights.group(server, 9999)
    with pytest.raises(RpcError, match="unable to get group traffic lights: actor is not a traffic light"):
        traffic_lights.group(server, sign)
    with pytest.raises(RpcError, match="7 is no state of a traffic light"):
        traffic_lights.set_state(server, next(iter(world.signals.lights)), 7)
