"""Traffic lights and signs: their actors, the lights' cycles, and what each vehicle is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.signals import Signal
from sims.carla.server.actor import Actor
from sims.carla.server.cycle import GREEN, RED, Cycle
from sims.carla.server.errors import RpcError
from sims.carla.server.records import TRAFFIC_LIGHT, TRAFFIC_SIGN, VEHICLE
from sims.carla.server.right_of_way import Disc, discs, must_yield
from sims.carla.server.system import System
from sims.carla.server.zones import Zones

if TYPE_CHECKING:
    from sims.carla.server.world import World

LIGHT_LABEL, SIGN_LABEL = 7, 8
"""CityObjectLabels."""
OBEYED = ("light", "stop", "yield")


@dataclass(eq=False)
class Light:
    """A traffic light of an episode."""

    actor: Actor
    signal: Signal
    cycle: Cycle
    index: int
    """In the arrays of `Signals`."""

    @property
    def times(self) -> list[float]:
        """[s] Green, yellow and red of its phase; a list that may be changed."""
        return self.cycle.times[self.signal.phase]


class Signals(System):
    """All lights and signs of a town.

    A vehicle is told of a light or sign while its front is in the zone that reaches back from the stop line
    by a braking distance, so that who obeys can stop before the line.
    """

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.frozen = False
        self.lights: dict[int, Light] = {}
        """Actor id -> light."""
        self.cycles: dict[int, Cycle] = {}
        """Junction -> cycle."""
        self._state = np.zeros(0, np.uint8)
        self._elapsed = np.zeros(0)
        self._layout = -1

    def started(self) -> None:
        """Make the actors."""
        signals = self.world.town.signals
        actors = [self.world.populate(s.type_id, s.pose, s.trigger) for s in signals]
        self._actors = dict(zip((s.id for s in signals), actors, strict=True))
        for signal, actor in zip(signals, actors, strict=True):
            actor.tags = bytes([LIGHT_LABEL if signal.kind == "light" else SIGN_LABEL])
            if signal.kind == "light":
                self._add_light(signal, actor)
        states = [self._present(light) for light in self.lights.values()]
        # The last entry of each array is for vehicles that no light and no sign is told, whose index is -1.
        self._state = np.array([*states, GREEN], np.uint8)
        self._elapsed = np.zeros(len(self.lights))
        obeyed = [pair for pair in zip(signals, actors, strict=True) if pair[0].kind in OBEYED]
        self._obeyed = tuple(signal for signal, _ in obeyed)
        self._zones = Zones(self._obeyed)
        known = [self.lights.get(actor.id) for _, actor in obeyed]
        self._ids = np.array([*(light.actor.id if light else 0 for light in known), 0])
        self._light_of = np.array([*(light.index if light else -1 for light in known), -1])
        limited = tuple(s for s in signals if s.kind == "speed_limit" and s.value > 0)
        self._limit_zones = Zones(limited)
        self._limit_values = np.array([signal.value for signal in limited])
        self._discs: dict[int, Disc] = discs(self.world.town.strips)
        self._find_rows()
        self._write_signs(signals)
        self.write_times()
        self._write_lights()

    def added(self, actor: Actor) -> None:
        """A vehicle knows the speed limit where it is spawned from its first snapshot on."""
        if actor.type_id.startswith("vehicle."):
            self._find_rows()
            self._write_vehicles()

    def removed(self, actor: Actor) -> None:
        """Lights and signs stay: they are parts of the town.

        Raises:
            RpcError: It is one.
        """
        if actor.type_id.startswith("traffic."):
            raise RpcError("unable to destroy actor: lights and signs belong to the map")

    def moved(self, actor: Actor) -> None:
        """A teleported vehicle knows of the light at its new place."""
        if actor.type_id.startswith("vehicle."):
            self.step(0.0)

    def step(self, dt: float) -> None:
        """Advance the cycles, and tell vehicles of lights, signs and speed limits."""
        if self._layout != self.world.layout:
            self._find_rows()
        if not self.frozen and dt > 0.0:
            self._elapsed += dt
            for cycle in self.cycles.values():
                if cycle.step(dt):
                    self._take_over(cycle)
        self._write_lights()
        self._write_vehicles()

    def light(self, actor_id: int) -> Light:
        """A light by its actor's id.

        Raises:
            RpcError: There is no such actor, or it is no traffic light.
        """
        if actor_id not in self.lights:
            self.world.actor(actor_id)
            raise RpcError("Actor is not a traffic light")
        return self.lights[actor_id]

    def freeze(self, frozen: bool) -> None:
        """Let the time of all lights stand still, or go on."""
        self.frozen = frozen
        self.write_times()

    def group(self, light: Light) -> list[Light]:
        """The lights that share a cycle with one, itself included."""
        return [other for other in self.lights.values() if other.cycle is light.cycle]

    def set_state(self, light: Light, state: int) -> None:
        """Change one light at once; its cycle goes on, unless it is frozen."""
        self._state[light.index], self._elapsed[light.index] = state, 0.0

    def restart(self, cycle: Cycle) -> None:
        """Begin a cycle again."""
        cycle.restart()
        for light in self.lights.values():
            if light.cycle is cycle:
                self._state[light.index], self._elapsed[light.index] = self._present(light), 0.0

    def states(self) -> dict[str, int]:
        """OpenDRIVE's id of each light -> its TrafficLightState, for those who draw it."""
        return {light.signal.id: int(self._state[light.index]) for light in self.lights.values()}

    def _add_light(self, signal: Signal, actor: Actor) -> None:
        # Lights that guard no junction have a cycle each; its number is one that no junction has.
        key = signal.junction if signal.junction >= 0 else -1 - actor.id
        if key not in self.cycles:
            of_junction = [s.phase for s in self.world.town.signals if s.junction == signal.junction]
            self.cycles[key] = Cycle(max(of_junction) + 1)
        self.lights[actor.id] = Light(actor, signal, self.cycles[key], len(self.lights))

    def _present(self, light: Light) -> int:
        return light.cycle.state(light.signal.phase)

    def _take_over(self, cycle: Cycle) -> None:
        """Show the new stage of a cycle; the time in a state starts anew only where the state changes."""
        for light in self.lights.values():
            state = self._present(light)
            if light.cycle is cycle and self._state[light.index] != state:
                self._state[light.index], self._elapsed[light.index] = state, cycle.elapsed

    def _find_rows(self) -> None:
        self._layout = self.world.layout
        vehicles = [a for a in self.world.actors.values() if a.type_id.startswith("vehicle.")]
        self._vehicles = np.array([actor.row for actor in vehicles], np.intp)
        self._fronts = np.array([actor.box.location[0] + actor.box.extent[0] for actor in vehicles])[:, None]
        self._light_rows = np.array([light.actor.row for light in self.lights.values()], np.intp)

    def _write_signs(self, signals: tuple[Signal, ...]) -> None:
        names = self.world.records.view(TRAFFIC_SIGN)["sign_id"]
        for signal in signals:
            names[self._actors[signal.id].row] = signal.id.encode()[:31]

    def _write_lights(self) -> None:
        rows = self.world.records.view(TRAFFIC_LIGHT)
        rows["light_state"][self._light_rows] = self._state[:-1]
        rows["elapsed_time"][self._light_rows] = self._elapsed

    def write_times(self) -> None:
        """Show times and whether they stand still; they change by calls alone."""
        rows = self.world.records.view(TRAFFIC_LIGHT)
        for light in self.lights.values():
            row = rows[light.actor.row : light.actor.row + 1]
            row["green_time"], row["yellow_time"], row["red_time"] = light.times
            row["pole_index"], row["time_is_frozen"] = light.signal.phase, self.frozen

    def _write_vehicles(self) -> None:
        if not len(self._vehicles):
            return
        world = self.world
        poses = world.records.poses[self._vehicles]
        places, yaw, facing = poses[:, :2], np.radians(poses[:, 4]), np.empty((len(poses), 2))
        np.cos(yaw, out=facing[:, 0])
        np.sin(yaw, out=facing[:, 1])
        which = self._zones.holding(places + facing * self._fronts, facing)
        light = self._light_of[which]
        state = self._state[light]
        for i in ((which >= 0) & (light < 0)).nonzero()[0]:
            state[i] = self._at_sign(self._obeyed[which[i]], int(i), places, facing)
        details = world.records.view(VEHICLE)
        details["traffic_light_state"][self._vehicles] = state
        details["has_traffic_light"][self._vehicles] = light >= 0
        details["traffic_light_id"][self._vehicles] = self._ids[which]
        self._write_limits(details, places, facing)

    def _at_sign(
        self, signal: Signal, index: int, places: NDArray[np.float64], facing: NDArray[np.float64]
    ) -> int:
        """Red is how a vehicle without a light learns that it has to stop (PROTOCOL: TrafficManager)."""
        if signal.kind == "stop":
            return RED
        velocity = self.world.records.rows["velocity"][self._vehicles][:, :2]
        disc = self._discs.get(signal.junction)
        return RED if disc is not None and must_yield(index, disc, places, facing, velocity) else GREEN

    def _write_limits(
        self, details: NDArray[np.void], places: NDArray[np.float64], facing: NDArray[np.float64]
    ) -> None:
        """The limit of the road, else that of the sign a vehicle passes, else what it was."""
        limits = self.world.town.limits(places)
        unknown = limits == 0
        if unknown.any() and len(self._limit_values):
            passed = self._limit_zones.holding(places, facing)
            at_sign = unknown & (passed >= 0)
            details["speed_limit"][self._vehicles[at_sign]] = self._limit_values[passed[at_sign]]
        details["speed_limit"][self._vehicles[~unknown]] = limits[~unknown]
