"""Recording, replaying, and asking about recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.server.arguments import WireError, flag, number, text, transform, whole
from sims.carla.server.errors import RpcError
from sims.carla.server.methods.registry import rpc
from sims.carla.server.recorder import reports
from sims.carla.server.recorder.file import Recording, read
from sims.carla.server.recorder.folder import MOST_BYTES, existing, locate
from sims.carla.server.recorder.replay import window
from sims.carla.server.recorder.replayer import Show
from sims.carla.server.towns import find, named_town

if TYPE_CHECKING:
    from sims.carla.maps.town import Town
    from sims.carla.server.server import Server

FASTEST = 100.0
"""Highest time factor."""
BEHIND = [[-10.0, 0.0, 5.0], [-25.0, 0.0, 0.0]]
"""The client's own offset of the spectator."""
KINDS = "hvwtoa"


@rpc("start_recorder")
def start_recorder(server: Server, name: Any, additional: Any = False) -> str:
    """Record from now on; returns where. Velocities and lights of vehicles are always recorded."""
    flag(additional)
    path = locate(server.cfg.recordings, text(name))
    server.world.recorder.start(path)
    return str(path)


@rpc("stop_recorder", "void")
def stop_recorder(server: Server) -> None:
    """Finish the recording."""
    server.world.recorder.stop()


@rpc("show_recorder_file_info")
def file_info(server: Server, name: Any, everything: Any = False) -> str:
    """Who came, went and collided; with `everything` all states of all frames."""
    return reports.file_info(_read(server, name), flag(everything))


@rpc("show_recorder_collisions")
def collisions(server: Server, name: Any, first: Any, second: Any) -> str:
    """Collisions between two kinds of actors, named by letters."""
    return reports.collisions(_read(server, name), _kind(first), _kind(second))


@rpc("show_recorder_actors_blocked")
def blocked(server: Server, name: Any, least_time: Any, distance: Any) -> str:
    """Vehicles that stood still for so long [s], moving less than so far [cm]."""
    return reports.blocked(_read(server, name), number(least_time), number(distance))


@rpc("replay_file")
def replay_file(
    server: Server,
    name: Any,
    start: Any,
    duration: Any,
    follow: Any,
    sensors: Any = False,
    offset: Any = None,
) -> str:
    """Show a recording, in the town where it was made: another one is loaded for it after the answer."""
    recording = _read(server, name)
    part = window(recording, number(start), number(duration))
    behind = transform(BEHIND if offset is None else offset)
    show = Show(recording, part, whole(follow), behind, flag(sensors))
    if recording.town == server.world.town.name:
        server.world.replayer.play(show)
    else:
        town = named_town(find(recording.town))
        server.streams.end_sensors()
        server.deferred.append(lambda: _play_elsewhere(server, town, show))
    length, factor = part.end - part.start, server.world.replayer.factor
    return (
        f"Replaying File: {text(name)}\n\n{reports.head(recording)}"
        f"Total time recorded: {recording.duration:g}\n"
        f"Replaying from {part.start:g} s - {part.end:g} s ({length:g} s) at {factor:.1f}x"
    )


@rpc("stop_replayer", "void")
def stop_replayer(server: Server, keep_actors: Any = True) -> None:
    """End the replay; the actors that were spawned for it stay, or go."""
    server.world.replayer.stop(flag(keep_actors))


@rpc("set_replayer_time_factor", "void")
def time_factor(server: Server, factor: Any) -> None:
    """Show recordings faster or slower; 0 stands still."""
    wanted = number(factor)
    if not 0.0 <= wanted <= FASTEST:
        raise RpcError(f"a time factor of {wanted:g} is impossible: 0 to {FASTEST:g} are possible")
    server.world.replayer.factor = wanted


@rpc("set_replayer_ignore_hero", "void")
def ignore_hero(server: Server, ignore: Any) -> None:
    """Whether recorded heroes are left to themselves."""
    server.world.replayer.ignore_hero = flag(ignore)


@rpc("set_replayer_ignore_spectator", "void")
def ignore_spectator(server: Server, ignore: Any) -> None:
    """Whether the spectator is left to the clients."""
    server.world.replayer.ignore_spectator = flag(ignore)


def _play_elsewhere(server: Server, town: Town, show: Show) -> None:
    """Begin an episode in another town and show a recording there."""
    before = server.world.replayer
    server.begin(town, False)
    server.world.replayer.take_over(before)
    server.world.replayer.play(show)


def _read(server: Server, name: Any) -> Recording:
    """A recording by the name that a client gives."""
    path = existing(server.cfg.recordings, text(name))
    server.world.recorder.flush()
    return read(path, 2 * MOST_BYTES)


def _kind(sent: Any) -> str:
    """A letter that came as its number."""
    letter = chr(whole(sent)) if 0 < whole(sent) < 128 else ""
    if not letter or letter not in KINDS:
        raise WireError(f"{sent} is no kind of actor: h, v, w, t, o or a is expected")
    return letter
