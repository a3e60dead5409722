"""Synchronous ticks per second of the driving server.

The real carla client ticks the embedded server; a tick counts once its snapshot is there and the data of
every sensor of that frame has been received. The vehicles drive in circles of their own. Then how the rate
falls with vehicles, with sensors, and with the TrafficManager, and what 4 servers reach side by side. Beside
the rate stands the processor time of server and client, which other work on the machine does not change.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import _common, harness
from sims.carla.process import start_server

TOWN = "Town_Small"
GOAL = 2000.0
VEHICLES, SIZE = 20, 84
CAMERA = ("sensor.camera.rgb", {"image_size_x": SIZE, "image_size_y": SIZE})
LARGE = ("sensor.camera.rgb", {"image_size_x": 400, "image_size_y": 300})
DELTA = 0.05
"""[s] Of the world, each tick."""
PATIENCE = 10.0
"""[s] For one tick or one message."""
GAP = 25.0
"""[m] Between vehicles that drive in circles."""
SETTLING = 0.05
"""[s] Between ticks until all sensors send."""
SIDE_BY_SIDE = 4
SENSOR_SETS: dict[str, tuple[tuple[str, dict[str, int]], ...]] = {
    "none": (),
    "RGB 84x84": (CAMERA,),
    "RGB, depth, semantic 84x84": (
        CAMERA,
        ("sensor.camera.depth", CAMERA[1]),
        ("sensor.camera.semantic_segmentation", CAMERA[1]),
    ),
    "RGB 400x300": (LARGE,),
    "RGB 84x84, IMU, GNSS": (CAMERA, ("sensor.other.imu", {}), ("sensor.other.gnss", {})),
    "lidar, 32 channels, 2,800 rays a tick": (("sensor.lidar.ray_cast", {"range": 50}),),
}


@dataclass(frozen=True)
class Case:
    """What a server has to do."""

    vehicles: int = VEHICLES
    sensors: str = "RGB 84x84"
    traffic: bool = False
    """Whether the TrafficManager drives."""


@dataclass(frozen=True)
class Speed:
    """What was measured."""

    rate: float
    """[1/s] Ticks."""
    server: float
    """[us] Processor time of the server for a tick."""
    client: float
    """[us] Processor time of the client for a tick."""


class Load:
    """A server and its client.

    Args:
        case: what there is to do.
    """

    def __init__(self, case: Case) -> None:
        import carla

        self._process = start_server(TOWN)
        self._client = carla.Client(self._process.host, self._process.port)
        self._client.set_timeout(PATIENCE)
        self._world = self._client.get_world()
        settings = self._world.get_settings()
        settings.synchronous_mode, settings.fixed_delta_seconds = True, DELTA
        self._world.apply_settings(settings)
        self._queues: list[queue.SimpleQueue[Any]] = []
        self._sensors: list[Any] = []
        library, carla_map = self._world.get_blueprint_library(), self._world.get_map()
        model = library.find("vehicle.tesla.model3")
        places = apart(carla_map.get_spawn_points(), GAP)
        made = (self._world.try_spawn_actor(model, place) for place in places[: case.vehicles])
        vehicles = [vehicle for vehicle in made if vehicle is not None]
        assert len(vehicles) == case.vehicles, f"{len(vehicles)} of {case.vehicles} vehicles found room"
        if case.traffic:
            self._drive(vehicles)
        for vehicle in () if case.traffic else vehicles:
            vehicle.apply_control(carla.VehicleControl(throttle=0.25, steer=-1.0))
        for type_id, attributes in SENSOR_SETS[case.sensors]:
            self._listen(
                library.find(type_id), attributes, vehicles[0], carla.Transform(carla.Location(1.3, 0, 1.8))
            )

    def _drive(self, vehicles: list[Any]) -> None:
        """By a TrafficManager of its own."""
        import socket

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        manager = self._client.get_trafficmanager(port)
        manager.set_synchronous_mode(True)
        self._world.tick(PATIENCE)  # its first turn may still be an asynchronous one, and forgets new cars
        for vehicle in vehicles:
            vehicle.set_autopilot(True, port)

    def _listen(self, blueprint: Any, attributes: dict[str, int], parent: Any, place: Any) -> None:
        for name, value in attributes.items():
            blueprint.set_attribute(name, str(value))
        sensor = self._world.spawn_actor(blueprint, place, attach_to=parent)
        received: queue.SimpleQueue[Any] = queue.SimpleQueue()
        sensor.listen(received.put)
        self._sensors.append(sensor)
        self._queues.append(received)

    def settle(self) -> None:
        """Tick until every sensor sends: a subscription takes effect a moment after `listen`."""
        for received in self._queues:
            while received.empty():
                self._world.tick(PATIENCE)
                time.sleep(SETTLING)

    def tick(self) -> None:
        """One tick, and the data of each sensor of that frame."""
        frame = self._world.tick(PATIENCE)
        for received in self._queues:
            while received.get(timeout=PATIENCE).frame < frame:
                pass

    def run(self, seconds: float) -> Speed:
        """Tick for so long."""
        pid = self._process.process.pid
        ticks, server, client = 0, processor_time(pid), time.process_time()
        begin = time.perf_counter()
        while (passed := time.perf_counter() - begin) < seconds:
            self.tick()
            ticks += 1
        server, client = processor_time(pid) - server, time.process_time() - client
        return Speed(ticks / passed, 1e6 * server / ticks, 1e6 * client / ticks)

    def close(self) -> None:
        """End the server."""
        for sensor in self._sensors:
            sensor.destroy()
        self._process.stop()


def apart(points: list[Any], gap: float) -> list[Any]:
    """Spawn points of which no two are nearer than a gap [m]: room for a circle each."""
    found: list[Any] = []
    for point in points:
        if all(point.location.distance(other.location) > gap for other in found):
            found.append(point)
    return found


def processor_time(pid: int) -> float:
    """[s] User and system time of a process; Linux only."""
    words = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def measure(case: Case, seconds: float, rounds: int) -> Speed:
    """The round with the median rate."""
    load = Load(case)
    try:
        load.settle()
        load.run(seconds / 4)
        speeds = [load.run(seconds) for _ in range(rounds)]
    finally:
        load.close()
    return sorted(speeds, key=lambda speed: speed.rate)[rounds // 2]


def side_by_side(case: Case, number: int, seconds: float) -> list[Speed]:
    """Speeds of several servers at a time, each with its client in a process of its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(number, mp_context=context) as pool:
        return list(pool.map(measure, [case] * number, [seconds] * number, [1] * number))


def show(title: str, first: str, found: dict[str, Speed]) -> None:
    """A table."""
    columns = (first, "ticks/s", "server, us of CPU a tick", "client, us of CPU a tick")
    rows = [(name, round(s.rate), round(s.server), round(s.client)) for name, s in found.items()]
    harness.show(title, columns, rows)


def plot(vehicles: dict[int, Speed], sensors: dict[str, Speed]) -> Any:
    """Rate against vehicles, and by sensors."""
    figure, axes = _common.subplots(1, 2, (11, 3.4))
    left, right = axes[0]
    left.plot(list(vehicles), [s.rate for s in vehicles.values()], marker="o", color=_common.COLOURS[0])
    left.axhline(GOAL, color="grey", lw=0.8, ls="--")
    left.set_xlabel("vehicles, with one RGB camera 84x84")
    left.set_ylabel("ticks/s")
    left.set_ylim(bottom=0)
    names = list(sensors)[::-1]
    right.barh(names, [sensors[name].rate for name in names], color=_common.COLOURS[0])
    right.set_xlabel(f"ticks/s, {VEHICLES} vehicles")
    return figure


def main() -> None:
    """Measure and report."""
    options = harness.options(__doc__)
    seconds, rounds = (1.0, 1) if options.quick else (4.0, 3)
    counts = (1, VEHICLES, 40) if options.quick else (1, 5, 10, VEHICLES, 30, 40)
    run = partial(measure, seconds=seconds, rounds=rounds)
    vehicles = {number: run(Case(vehicles=number)) for number in counts}
    show("Vehicles, one RGB camera 84x84", "vehicles", {str(n): s for n, s in vehicles.items()})
    names = list(SENSOR_SETS)[:3] if options.quick else list(SENSOR_SETS)
    sensors = {name: run(Case(sensors=name)) for name in names}
    show(f"Sensors, {VEHICLES} vehicles", "sensors", sensors)
    traffic = {"TrafficManager drives": run(Case(traffic=True)), "it does not": vehicles[VEHICLES]}
    show(f"{VEHICLES} vehicles, RGB 84x84", "traffic", traffic)
    together = side_by_side(Case(), SIDE_BY_SIDE, seconds)
    total = sum(speed.rate for speed in together)
    rows = [(i, round(s.rate), round(s.server), round(s.client)) for i, s in enumerate(together)]
    harness.show(
        f"{SIDE_BY_SIDE} servers, {total:,.0f} ticks/s in all",
        ("server", "ticks/s", "server us", "client us"),
        rows,
    )
    harness.save_plot(plot(vehicles, sensors), "carla_ticks", options)
    best = vehicles[VEHICLES]
    harness.finish(
        harness.Result(
            f"the carla client and the embedded server do {best.rate:,.0f} synchronous ticks/s with "
            f"{VEHICLES} vehicles and a camera of {SIZE}x{SIZE}, {total:,.0f} on {SIDE_BY_SIDE} servers",
            best.rate,
            goal=GOAL,
        )
    )


if __name__ == "__main__":
    main()
