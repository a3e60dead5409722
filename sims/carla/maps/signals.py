"""Traffic lights and signs of an OpenDRIVE map: where they are, whom they stop, which are green together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Box
from sims.carla.server.geometry import Pose

Kind = Literal["light", "stop", "yield", "speed_limit", "unknown"]
LIGHT_TYPES = frozenset({"1000001", "1000002", *(str(n) for n in range(1000007, 1000021)), "F", "W", "A"})
"""Signal types that the client takes for traffic lights (PROTOCOL: traffic lights and signs)."""
SIGN_TYPES: dict[str, Kind] = {"206": "stop", "205": "yield", "274": "speed_limit"}
TRIGGER = 2.0
"""[m] Length of trigger boxes. Programs take their middle for the place to stop, so they are short."""
BRAKING = 7.5
"""[m/s2] Vehicles are told of a light where they can stop with this from the speed limit."""
SHORTEST, MARGIN = 4.0, 1.0
"""[m] Of a zone, and what is added to the braking distance for the time until the brake acts."""
DEFAULT_SPEED = 50.0
"""[km/h] Where the file gives no limit."""
NARROWER = 0.9
"""A box is narrower than its lanes by this, so that it does not reach into the next lane."""
STRIDE, FINE, REACH = 0.5, 0.02, 40.0
"""[m] Steps along a lane to its junction, at its edge, and how far from a signal the junction may be."""
SAME_WAY = 0.7
"""Cosine of the angle between approaches that are green together where the file has no controllers."""


@dataclass(frozen=True)
class Signal:
    """A traffic light or a sign."""

    id: str
    """OpenDRIVE's."""
    kind: Kind
    value: float
    """Speed limit [km/h]; -1: none."""
    pose: Pose
    """Its foot. Looks across the road, to the right of those it is meant for, as CARLA's lights do."""
    heading: float
    """[deg] Yaw of those it is meant for."""
    trigger: Box
    """Right before the stop line, in the frame of `pose`: extent x is across the road, extent y along it."""
    zone: float
    """[m] How far before the stop line those who drive towards it are told of it."""
    stops: tuple[tuple[float, float, float, float, float], ...]
    """(x, y, z, yaw, width) [m, deg] of each lane, where its junction begins, or where the sign is."""
    junction: int = -1
    """Junction that it guards; -1: none."""
    phase: int = -1
    """Lights of one junction and phase are green together; -1: no light."""

    @property
    def type_id(self) -> str:
        """The actor's type."""
        if self.kind == "light":
            return "traffic.traffic_light"
        return (
            f"traffic.speed_limit.{self.value:.0f}" if self.kind == "speed_limit" else f"traffic.{self.kind}"
        )


@dataclass(frozen=True)
class _Use:
    """A signal as one road refers to it."""

    id: str
    road: int
    s: float
    lanes: tuple[int, ...]


def signals_of(carla_map: Any, root: Element, speeds: Mapping[int, float]) -> tuple[Signal, ...]:
    """Lights, stop, yield and speed limit signs, in the order of the file; those for no lane are left out.

    Args:
        carla_map: `carla.Map` of the file.
        root: Its `<OpenDRIVE>` element.
        speeds: Road -> its speed limit [km/h], 0: unknown.
    """
    uses: dict[str, list[_Use]] = {}
    for road in root.iter("road"):
        for use in _uses(road):
            uses.setdefault(use.id, []).append(use)
    places = {landmark.id: landmark.transform.location for landmark in carla_map.get_all_landmarks()}
    found = []
    for element in root.iter("signal"):
        name = element.get("id", "")
        if name in uses and name in places:
            signal = _signal(carla_map, element, uses.pop(name), places[name], speeds)
            if signal is not None:
                found.append(signal)
    return _with_phases(tuple(found), root)


def _uses(road: Element) -> Iterator[_Use]:
    road_id = int(road.get("id", "0"))
    for element in road.findall("signals/*"):
        along = element.get("orientation", "none")
        lanes = tuple(
            lane
            for validity in element.findall("validity")
            for lane in range(int(validity.get("fromLane", "0")), int(validity.get("toLane", "0")) + 1)
        ) or tuple({int(lane.get("id", "0")) for lane in road.iter("lane")})
        meant = tuple(lane for lane in lanes if lane < 0 and along != "-" or lane > 0 and along != "+")
        yield _Use(element.get("id", ""), road_id, float(element.get("s", "0")), meant)


def _signal(
    carla_map: Any, element: Element, uses: list[_Use], place: Any, speeds: Mapping[int, float]
) -> Signal | None:
    kind = kind_of(element.get("type", ""))
    stops = [
        stop
        for use in uses
        for lane in use.lanes
        if (waypoint := _driving(carla_map, use, lane)) is not None
        for stop in [_stop(waypoint) if kind != "speed_limit" else (waypoint, -1)]
    ]
    if not stops:
        return None
    ends = {(w.road_id, w.lane_id): w for w, _ in stops}
    first = stops[0][0].transform
    heading = float(first.rotation.yaw)
    value = float(element.get("value") or "-1")
    lines = tuple((*_xyz(w), float(w.transform.rotation.yaw), float(w.lane_width)) for w in ends.values())
    length = SHORTEST if kind == "speed_limit" else zone_length(speeds.get(stops[0][0].road_id, 0.0))
    pose = np.array([place.x, place.y, first.location.z, 0.0, heading + 90.0, 0.0])
    trigger = _trigger(pose, heading, [(w.transform.location, w.lane_width) for w in ends.values()])
    guarded = [junction for _, junction in stops if junction != -1]
    junction = guarded[0] if guarded else -1
    return Signal(element.get("id", ""), kind, value, pose, heading, trigger, length, lines, junction)


def kind_of(signal_type: str) -> Kind:
    """What a type of OpenDRIVE signal is."""
    return "light" if signal_type in LIGHT_TYPES else SIGN_TYPES.get(signal_type, "unknown")


def _driving(carla_map: Any, use: _Use, lane: int) -> Any:
    waypoint = carla_map.get_waypoint_xodr(use.road, lane, use.s)
    return waypoint if waypoint is not None and str(waypoint.lane_type) == "Driving" else None


def _xyz(waypoint: Any) -> tuple[float, float, float]:
    location = waypoint.transform.location
    return float(location.x), float(location.y), float(location.z)


def _stop(waypoint: Any) -> tuple[Any, int]:
    """The last waypoint before the junction, and the junction; where there is none near, where it began."""
    start = waypoint
    backwards = start.is_junction
    for _ in range(int(REACH / STRIDE)):
        near = waypoint.previous(STRIDE) if backwards else waypoint.next(STRIDE)
        if not near:
            break
        if backwards and not near[0].is_junction:
            return _to_edge(near[0])
        if not backwards and near[0].is_junction:
            return _to_edge(waypoint)
        waypoint = near[0]
    return start, -1


def _to_edge(waypoint: Any) -> tuple[Any, int]:
    """The last waypoint before the junction that is at most a stride ahead, and the junction."""
    for _ in range(int(STRIDE / FINE) + 2):
        ahead = waypoint.next(FINE)[0]
        if ahead.is_junction:
            return waypoint, ahead.junction_id
        waypoint = ahead
    return waypoint, -1


def zone_length(speed: float) -> float:
    """[m] Before a stop line, where the speed limit is `speed` [km/h], 0: unknown."""
    return max(SHORTEST, ((speed or DEFAULT_SPEED) / 3.6) ** 2 / (2 * BRAKING) + MARGIN)


def _trigger(pose: Pose, heading: float, ends: list[tuple[Any, float]]) -> Box:
    """A box that reaches back from the stop line, over all lanes."""
    yaw = np.radians(heading)
    ahead, right = np.array([np.cos(yaw), np.sin(yaw)]), np.array([-np.sin(yaw), np.cos(yaw)])
    points = np.array([(end.x, end.y) for end, _ in ends]) - pose[:2]
    halves = np.array([width / 2 for _, width in ends]) * NARROWER
    across = points @ right
    left, far = (across - halves).min(), (across + halves).max()
    front = (points @ ahead).max()
    # The pose looks to the right, so its own x is `right` and its own y is straight back.
    centre = (float(left + far) / 2, float(TRIGGER / 2 - front), 1.0)
    return Box(centre, (float(far - left) / 2, TRIGGER / 2, 1.0))


def _with_phases(signals: tuple[Signal, ...], root: Element) -> tuple[Signal, ...]:
    """Lights with their phases: those of the file's controllers, else one for each approach."""
    controllers = {
        element.get("id"): [control.get("signalId") for control in element.findall("control")]
        for element in root.findall("controller")
    }
    phases: dict[str, tuple[int, int]] = {}
    for junction in root.findall("junction"):
        used = [controllers.get(element.get("id"), []) for element in junction.findall("controller")]
        for phase, lights in enumerate(used):
            phases.update({str(light): (int(junction.get("id", "-1")), phase) for light in lights})
    with_file = tuple(
        replace(s, junction=phases[s.id][0], phase=phases[s.id][1]) if s.id in phases else s for s in signals
    )
    return _with_approaches(with_file)


def _with_approaches(signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """Give lights without a controller the phase of their approach, after the phases of the file."""
    result, approaches = [], {}
    for signal in signals:
        if signal.kind == "light" and signal.phase == -1:
            known = approaches.setdefault(signal.junction, _first_free(signals, signal.junction))
            signal = replace(signal, phase=_approach(known, signal.heading))
        result.append(signal)
    return tuple(result)


def _first_free(signals: tuple[Signal, ...], junction: int) -> list[float]:
    """One entry (no heading) for each phase that the file has for a junction."""
    used = [signal.phase for signal in signals if signal.junction == junction]
    return [float("nan")] * (max(used, default=-1) + 1)


def _approach(known: list[float], heading: float) -> int:
    """Index of the approach of that heading, which is added where it is new."""
    for i, other in enumerate(known):
        if np.cos(np.radians(heading - other)) > SAME_WAY:
            return i
    known.append(heading)
    return len(known) - 1


def zones(signals: tuple[Signal, ...]) -> NDArray[np.float64]:
    """(n, 5) centre x, y [m], heading [rad], half lengths across and along [m] of where signals are told."""
    rows = []
    for signal in signals:
        yaw, heading = np.radians(signal.pose[4]), np.radians(signal.heading)
        x, y, _ = signal.trigger.location
        across, along, _ = signal.trigger.extent
        turn = np.array([[np.cos(yaw), -np.sin(yaw)], [np.sin(yaw), np.cos(yaw)]])
        ahead = np.array([np.cos(heading), np.sin(heading)])
        centre = signal.pose[:2] + turn @ (x, y) + ahead * (along - signal.zone / 2)
        rows.append((*centre, heading, across, signal.zone / 2))
    return np.array(rows).reshape(-1, 5)
