"""The registry of TrafficManagers: they run in clients, the server only knows where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import flag, items, text, whole
from sims.carla.server.methods.registry import rpc
from sims.carla.server.rhythm import Rhythm

if TYPE_CHECKING:
    from sims.carla.server.server import Server


@rpc("is_traffic_manager_running")
def is_running(server: Server, port: Any) -> bool:
    """Whether a TrafficManager has this port."""
    return whole(port) in server.managers


@rpc("get_traffic_manager_running")
def running(server: Server, port: Any) -> list[Any]:
    """[host, port] of the TrafficManager at this port; ["", 0] where there is none."""
    found = server.managers.get(whole(port))
    return list(found[0]) if found else ["", 0]


@rpc("add_traffic_manager_running")
def add_running(server: Server, address: Any) -> bool:
    """Note a TrafficManager, for as long as its client is connected; False where the port is taken."""
    host, port = items(address, 2)[:2]
    if whole(port) in server.managers:
        return False
    server.managers[port] = ((text(host), port), server.caller)
    if server.caller is not None:
        server.caller.rhythm = Rhythm()
    return True


@rpc("destroy_traffic_manager")
def destroy(server: Server, port: Any) -> bool:
    """Forget a TrafficManager."""
    _, connection = server.managers.pop(whole(port), (None, None))
    if connection is not None and all(other is not connection for _, other in server.managers.values()):
        connection.rhythm = None
    return connection is not None


@rpc("set_actor_autopilot", "void")
def set_autopilot(server: Server, actor_id: Any, enabled: Any) -> None:
    """The TrafficManager in the client drives; clients of 0.9.16 do not send this."""
    server.world.actor(whole(actor_id))
    flag(enabled)
