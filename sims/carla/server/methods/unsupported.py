"""What clients of CARLA can ask for and this server does not have: each call says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from sims.carla.server.arguments import flag, items, text
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import Returns, rpc

if TYPE_CHECKING:
    from sims.carla.server.server import Server

OTHER_PHYSICS = "vehicles here have one model, a dynamic bicycle; there is no CarSim, Chrono or PhysX"
NO_ROS = "sensors are not published over ROS by the server; use Landward's ROS 2 nodes"
NO_GBUFFERS = "there is no deferred renderer, so there are no G-buffers; use depth, normals or segmentation"
NO_LAMPS = "towns have no lamps that a client can switch"
NO_BONES = "walkers here are boxes without bones"
UNSUPPORTED: dict[str, tuple[Returns, str]] = {
    "enable_carsim": ("void", OTHER_PHYSICS),
    "use_carsim_road": ("void", OTHER_PHYSICS),
    "enable_chrono_physics": ("void", OTHER_PHYSICS),
    "enable_sensor_for_ros": ("void", NO_ROS),
    "enable_gbuffers": ("void", NO_GBUFFERS),
    "get_gbuffer_token": ("value", NO_GBUFFERS),
    "get_bones_transform": ("value", NO_BONES),
    "set_bones_transform": ("void", NO_BONES),
    "blend_pose": ("void", NO_BONES),
    "get_pose_from_animation": ("void", NO_BONES),
    "enable_environment_objects": ("void", "what stands in a town stays there"),
    "set_ignored_vehicles": ("void", "sensors see every vehicle"),
    "send": ("void", "there are no V2X sensors"),
}
"""Method -> how it would answer, and what is not there."""


def _refuses(name: str, reason: str) -> Callable[..., NoReturn]:
    def refuse(server: Server, *arguments: Any) -> NoReturn:
        raise RpcError(f"{name} is not supported by this server: {reason}")

    refuse.__doc__ = f"{reason[0].upper()}{reason[1:]}."
    return refuse


for _name, (_returns, _reason) in UNSUPPORTED.items():
    rpc(_name, _returns, "no")(_refuses(_name, _reason))


@rpc("update_lights_state", "void", "default")
def update_lights(server: Server, client: Any, lights: Any, discard: Any = False) -> None:
    """Only a client without lamps has nothing to say."""
    text(client)
    if items(lights):
        raise RpcError(f"update_lights_state is not supported by this server: {NO_LAMPS}")


@rpc("update_day_night_cycle", "void", "default")
def day_and_night(server: Server, client: Any, active: Any) -> None:
    """Whether lamps are switched by the sun: towns have none."""
    text(client)
    flag(active)


@rpc("restore_physx_physics", "void", "default")
def restore_physics(server: Server, actor_id: Any) -> None:
    """The vehicle has the physics it always has."""


@rpc("disable_sensor_for_ros", "void", "default")
def disable_ros(server: Server, stream: Any) -> None:
    """It is not published over ROS anyway."""


@rpc("is_sensor_enabled_for_ros", support="default")
def enabled_for_ros(server: Server, stream: Any) -> bool:
    """Never."""
    return False


@rpc("are_gbuffers_enabled", support="default")
def gbuffers_enabled(server: Server, actor_id: Any) -> bool:
    """Never."""
    return False
