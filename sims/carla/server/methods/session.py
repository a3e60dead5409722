"""Session, episode, settings, weather and ticks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import flag, number, numbers, text, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import rpc
from sims.carla.server.settings import Settings
from sims.carla.server.streams import WORLD, token
from sims.carla.server.wire import Packed

if TYPE_CHECKING:
    from sims.carla.server.server import Server

VERSION = "0.9.16"
"""Of the protocol; the client warns of any other."""


@rpc("version")
def version(server: Server) -> str:
    """The version that the client compares with its own."""
    return VERSION


@rpc("get_episode_info")
def episode_info(server: Server) -> list[Any]:
    """EpisodeInfo: which episode, and where its snapshots are streamed."""
    return [server.world.episode, [token(WORLD, server.streams.port)]]


@rpc("get_sensor_token")
def sensor_token(server: Server, stream: Any) -> list[bytes]:
    """Where a stream is; asked before every subscription."""
    number = whole(stream)
    if not 0 <= number < 1 << 32:
        raise RpcError(f"{number} is no stream")
    if number == WORLD:
        server.watched()
    return [token(number, server.streams.port)]


@rpc("get_episode_settings")
def episode_settings(server: Server) -> Packed:
    """EpisodeSettings; asked by every turn of every TrafficManager."""
    return server.world.packed_settings


@rpc("set_episode_settings")
def set_episode_settings(server: Server, settings: Any) -> int:
    """Take over settings; returns the frame that they hold from."""
    server.world.change_settings(Settings.from_wire(settings))
    server.schedule()
    return server.world.frame


@rpc("tick_cue")
def tick_cue(server: Server) -> int:
    """One step, if the world is synchronous; returns the frame that carries it."""
    return server.tick() if server.world.settings.synchronous_mode else server.world.frame + 1


@rpc("get_weather_parameters")
def weather(server: Server) -> Packed:
    """WeatherParameters; asked by every TrafficManager in every tick."""
    return server.world.packed_weather


@rpc("set_weather_parameters", "void")
def set_weather(server: Server, parameters: Any) -> None:
    """Take over the weather."""
    server.world.change_weather(numbers(parameters, 14))


@rpc("get_imui_gravity")
def imu_gravity(server: Server) -> float:
    """[m/s2] What an IMU at rest reads."""
    return server.world.imu_gravity


@rpc("set_imui_gravity", "void")
def set_imu_gravity(server: Server, gravity: Any) -> None:
    """[m/s2] What an IMU at rest is to read."""
    server.world.imu_gravity = number(gravity)


@rpc("set_annotations_traverse_translucency", "void", "default")
def traverse_translucency(server: Server, enabled: Any) -> None:
    """Nothing in this world is translucent, so labels see through nothing either way."""
    flag(enabled)


@rpc("query_lights_state", support="default")
def lights_state(server: Server, client: Any) -> list[Any]:
    """LightState of every street light; the towns have none that a client can switch."""
    text(client)
    return []
