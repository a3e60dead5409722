"""The change to another episode, at a moment when no thread of the client that asks for it falls over it.

As soon as the client's library has the answer to load_new_episode, it drops its episode and makes another
(Simulator::LoadEpisode and GetReadyCurrentEpisode of the 0.9.16 wheel):

    load_new_episode  ->  version  ->  get_episode_info  ->  get_sensor_token  ->  get_episode_settings, ...

Up to get_sensor_token its pointer to the episode is null, and other threads follow it without a look: that
of a TrafficManager in every turn (World::GetSnapshot). A synchronous one waits, but is woken for a last turn
when a snapshot of another episode comes. A full server has seconds until then.

So the episode changes when get_sensor_token is answered, and other calls, which are those of other threads
and of other clients, wait for it. What the client has made by then bears the number of the old episode, and
its first snapshot bears another: that is what tells TrafficManagers to begin anew, on the new map. In
synchronous mode they do that beside the thread that loads, which is kept at its tick_cue until they have:
both set the same pointer to the map. In asynchronous mode it waits for the snapshot by itself.

That helps only where other threads have come to rest when load_new_episode is answered. So nothing is sent
for a while before, and no turn of a TrafficManager begins, but other calls are answered: they are the last
ones of a turn, or come from a thread that has a snapshot in hand. Such a thread keeps the old episode alive;
the stream of the new one is then not kept (both have number 1), and the client falls over it. Streams of
sensors end, and what was sent on them is taken: a thread that has a sensor's message and no episode makes one
itself, and the load fails.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sims.carla.maps.town import Town

if TYPE_CHECKING:
    from sims.carla.server.connection import Connection

OPENING = frozenset({"version", "get_episode_info", "get_sensor_token", "query_lights_state"})
"""What is answered until the episode begins; the last is asked by a thread that has a snapshot in hand."""
BEGINNINGS = frozenset({"get_episode_settings", "tick_cue", "load_new_episode"})
"""What is not answered while a client comes to rest: with these, threads begin something."""
PATIENCE = 2.0
"""[s] For a client, and then for its TrafficManagers; after that things go on all the same."""
QUIET = 0.2
"""[s] For sensors' messages to be taken, and for TrafficManagers to come to their next call."""
OPEN = 0.1
"""[s] For a client to open a stream that it has asked for, and to take what comes first."""


def rest(busy: bool, watched: float) -> float:
    """[s] How long a client comes to rest before load_new_episode is answered.

    Args:
        busy: whether the client has a TrafficManager, or anybody sensors.
        watched: [s] when it last asked where the world's stream is, on the monotonic clock.
    """
    return QUIET if busy else max(0.0, watched + OPEN - time.monotonic())


@dataclass
class Change:
    """An episode that is about to begin, or has just begun."""

    town: Town
    """Where it takes place."""
    reset_settings: bool
    """Whether it has the settings that a server begins with."""
    loader: Connection
    """The client that wants it."""
    begun: bool = False
    managers: int = 0
    """Of the loader, TrafficManagers that have not asked for their files since it began."""
    since: float = field(default_factory=time.monotonic)
    """[s] When it was asked for, or began, on the monotonic clock."""

    def begin(self, managers: int) -> None:
        """The episode has begun, and so many TrafficManagers are to begin anew."""
        self.begun, self.managers, self.since = True, managers, time.monotonic()

    def awaits(self, connection: Connection | None) -> bool:
        """Whether it begins as soon as this client asks for the world's stream."""
        return connection is self.loader and not self.begun

    @property
    def overdue(self) -> bool:
        """Whether it has been waited for long enough."""
        return time.monotonic() - self.since > PATIENCE

    def holds(self, connection: Connection, method: str) -> bool:
        """Whether a call waits."""
        if self.begun:
            return connection is self.loader and method == "tick_cue"
        return connection is not self.loader or method not in OPENING

    def ends_with(self, connection: Connection, method: str, arguments: list[Any]) -> bool:
        """Whether all TrafficManagers have begun anew with this call of a client.

        Each asks for its files, makes its map of them and starts its thread, one after the other; a thread
        begins by asking for the settings.
        """
        if not self.begun or connection is not self.loader:
            return False
        if method == "get_required_files" and arguments[-1:] == ["TM"]:
            self.managers -= 1
        return self.managers <= 0 and method == "get_episode_settings"
