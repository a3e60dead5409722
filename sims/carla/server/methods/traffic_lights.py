"""Traffic lights: states, times, groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.maps.scenery import TRAFFIC_LIGHT
from sims.carla.server.arguments import flag, number, whole
from sims.carla.server.cycle import UNKNOWN
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import rpc

if TYPE_CHECKING:
    from sims.carla.server.server import Server

NOT_FOUND = "unable to get group traffic lights: actor not found"
NO_LIGHT = "unable to get group traffic lights: actor is not a traffic light"


@rpc("set_traffic_light_state", "void")
def set_state(server: Server, actor_id: Any, state: Any) -> None:
    """Change one light at once."""
    wanted = whole(state)
    if not 0 <= wanted <= UNKNOWN:
        raise RpcError(f"{wanted} is no state of a traffic light")
    signals = server.world.signals
    signals.set_state(signals.light(whole(actor_id)), wanted)


@rpc("set_traffic_light_green_time", "void")
def set_green_time(server: Server, actor_id: Any, seconds: Any) -> None:
    """How long its phase is green."""
    _set_time(server, actor_id, seconds, 0)


@rpc("set_traffic_light_yellow_time", "void")
def set_yellow_time(server: Server, actor_id: Any, seconds: Any) -> None:
    """How long its phase is yellow."""
    _set_time(server, actor_id, seconds, 1)


@rpc("set_traffic_light_red_time", "void")
def set_red_time(server: Server, actor_id: Any, seconds: Any) -> None:
    """How long all lights of its junction are red after its phase."""
    _set_time(server, actor_id, seconds, 2)


@rpc("freeze_traffic_light", "void")
def freeze(server: Server, actor_id: Any, frozen: Any) -> None:
    """As in CARLA, all lights stand still, whichever is named."""
    server.world.signals.light(whole(actor_id))
    freeze_all(server, frozen)


@rpc("freeze_all_traffic_lights", "void")
def freeze_all(server: Server, frozen: Any) -> None:
    """Let the time of all lights stand still, or go on."""
    server.world.signals.freeze(flag(frozen))


@rpc("reset_traffic_light_group", "void")
def reset_group(server: Server, actor_id: Any) -> None:
    """Begin the cycle of a light's junction again."""
    signals = server.world.signals
    signals.restart(signals.light(whole(actor_id)).cycle)


@rpc("reset_all_traffic_lights", "void")
def reset_all(server: Server) -> None:
    """Begin all cycles again."""
    signals = server.world.signals
    for cycle in signals.cycles.values():
        signals.restart(cycle)


@rpc("get_group_traffic_lights")
def group(server: Server, actor_id: Any) -> list[int]:
    """Ids of the lights of the same junction."""
    signals = server.world.signals
    number = whole(actor_id)
    if number not in signals.lights:
        raise RpcError(NO_LIGHT if number in server.world.actors else NOT_FOUND)
    return [light.actor.id for light in signals.group(signals.lights[number])]


@rpc("get_light_boxes")
def light_boxes(server: Server, actor_id: Any) -> list[Any]:
    """The boxes of a light's heads, in the world."""
    light = server.world.signals.light(whole(actor_id))
    return [
        item.box.to_wire(light.actor.id)
        for item in server.world.town.boxes
        if item.signal == light.signal.id and item.label == TRAFFIC_LIGHT
    ]


def _set_time(server: Server, actor_id: Any, seconds: Any, stage: int) -> None:
    signals = server.world.signals
    light = signals.light(whole(actor_id))
    light.times[stage] = max(0.0, number(seconds))
    signals.write_times()
