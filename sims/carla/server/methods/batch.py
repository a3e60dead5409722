"""Batches of commands, each of which does what an RPC method of the same meaning does."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import WireError, flag, items, number, optional, transform, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.actors import destroy, spawn
from sims.carla.server.methods.registry import METHODS, rpc
from sims.carla.server.methods.vehicles import apply_control

if TYPE_CHECKING:
    from sims.carla.server.server import Server

LOG = logging.getLogger("landward.carla")
SPAWN, DESTROY, CONTROL, WALKER_STATE, AUTOPILOT, LIGHTS, CONSOLE = 0, 1, 2, 7, 16, 18, 20
"""Commands with a body of their own."""
SAME = {
    3: "apply_ackermann_control_to_vehicle",
    4: "apply_control_to_walker",
    5: "apply_physics_control",
    6: "set_actor_transform",
    8: "set_actor_target_velocity",
    9: "set_actor_target_angular_velocity",
    10: "add_actor_impulse",
    11: "add_actor_force",
    12: "add_actor_angular_impulse",
    13: "add_actor_torque",
    14: "set_actor_simulate_physics",
    15: "set_actor_enable_gravity",
    17: "show_vehicle_debug_telemetry",
    19: "set_actor_location",
    21: "set_traffic_light_state",
}
"""Command -> the method with the same arguments."""


@rpc("apply_batch", "bare")
def apply_batch(server: Server, commands: Any, tick: Any = False) -> list[Any]:
    """Run commands in order; one response each, with the id of the actor or what went wrong."""
    responses = [respond(server, command) for command in items(commands)]
    if flag(tick) and server.world.settings.synchronous_mode:
        server.tick()
    return responses


def respond(server: Server, command: Any) -> list[Any]:
    """Run one command; its CommandResponse."""
    try:
        return [[1, run(server, command)]]
    except (RpcError, WireError) as error:
        return [[0, [str(error)]]]


def run(server: Server, command: Any, actor_id: int = 0) -> int:
    """Run one command.

    Args:
        server: whose world it is.
        command: [[kind, body]].
        actor_id: put in place of the body's, where not 0: the actor that was just spawned.

    Returns:
        The id of its actor.

    Raises:
        RpcError: it failed.
        WireError: it is malformed.
    """
    kind, body = items(items(command, 1)[0], 2)[:2]
    body = items(body, 1)
    if kind == CONTROL:
        target = actor_id or body[0]
        apply_control(server, target, items(body, 2)[1])
        return target
    if kind == SPAWN:
        return _spawn(server, items(body, 3))
    if kind == CONSOLE:
        raise RpcError("console commands are not supported: this server executes nothing that a client sends")
    target = actor_id or whole(body[0])
    if kind == DESTROY:
        destroy(server, target)
    elif kind == AUTOPILOT:
        server.world.actor(target)  # the client's TrafficManager does the rest
    elif kind == LIGHTS:
        _call("set_vehicle_light_state", server, target, [whole(items(body, 2)[1])])
    elif kind == WALKER_STATE:
        _, pose, speed = items(body, 3)[:3]
        server.world.crowd.apply_state(server.world.actor(target), transform(pose), number(speed))
    elif kind in SAME:
        _call(SAME[kind], server, target, *body[1:])
    else:
        raise WireError(f"{kind!r} is no command")
    return target


def _call(name: str, server: Server, *arguments: Any) -> None:
    method = METHODS.get(name)
    if method is None:
        raise RpcError(f"{name} is not supported by this server")
    method.call(server, *arguments)


def _spawn(server: Server, body: list[Any]) -> int:
    """SpawnActor; what follows on the new actor is run too, and its results are lost, as in CARLA.

    The kind of attachment is not read: clients leave it uninitialised.
    """
    description, pose, parent = body[:3]
    actor = spawn(server, description, transform(pose), optional(parent, whole) or 0)
    for command in items(body[5]) if len(body) > 5 else ():
        try:
            run(server, command, actor.id)
        except (RpcError, WireError) as error:
            LOG.warning("a command after the spawn of actor %d failed: %s", actor.id, error)
    return actor.id
