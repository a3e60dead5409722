"""Junctions: the connecting roads between their arms, lights, signs and crosswalks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from sims.carla.maps.generate.network import (
    Arm,
    Connection,
    Crosswalk,
    Junction,
    Lane,
    Link,
    Network,
    Profile,
    Road,
    Signal,
)
from sims.carla.maps.generate.plan import join, wrap

LEAD = 4.5
"""[m] A way through a junction starts and ends with that much of straight line: room for a crosswalk."""
CROSSWALK = (2.4, 3.0)
"""[m] Middle, behind the stop line, and length along the road."""
FROM_KERB = 1.5
"""[m] Of signs: out of reach of a bus that cuts a corner."""
STRAIGHT = math.radians(30)
"""A way bends left or right where it turns by more than this."""
LIGHT, STOP, YIELD, LIMIT_SIGN = "1000001", "206", "205", "274"
"""Signal types."""

Turn = Literal["left", "straight", "right"]


def turn_of(start: Arm, end: Arm) -> Turn:
    """How a way through a junction bends."""
    angle = wrap(end.inward.reversed().heading - start.inward.heading)
    return "straight" if abs(angle) <= STRAIGHT else "left" if angle > 0 else "right"


def lane_pairs(start: Arm, end: Arm) -> list[tuple[int, int]]:
    """Which incoming lane leads to which outgoing one.

    Left turns go from the innermost lane to the innermost, right turns from the outermost to the outermost,
    and straight on each lane keeps its place.
    """
    into, out = start.lanes(incoming=True), end.lanes(incoming=False)
    if not into or not out:
        return []
    turn = turn_of(start, end)
    if turn == "straight":
        return list(zip(into, out, strict=False))
    return [(into[0], out[0])] if turn == "left" else [(into[-1], out[-1])]


def crossing(
    network: Network, name: str, arms: Iterable[Arm], skip: Iterable[tuple[int, int]] = ()
) -> Junction:
    """A junction in which every arm leads to every other.

    Args:
        network: Where it is added.
        name: Of the junction.
        arms: Clockwise.
        skip: (from, to) indices of arms with no way between them.
    """
    junction = junction_of(network, name, arms)
    for i, start in enumerate(junction.arms):
        for j, end in enumerate(junction.arms):
            if i != j and (i, j) not in set(skip):
                outside = j == (i - 1) % len(junction.arms)
                for k, pair in enumerate(pairs := lane_pairs(start, end)):
                    way(network, junction, start, end, (pair,), walk=outside and k == len(pairs) - 1)
    return junction


def junction_of(network: Network, name: str, arms: Iterable[Arm]) -> Junction:
    """A junction without a way through it; its arms are linked to it."""
    junction = Junction(len(network.junctions) + 1001, name, tuple(arms))
    network.junctions.append(junction)
    for arm in junction.arms:
        link = Link("junction", junction.id)
        if arm.contact == "end":
            arm.road.after = link
        else:
            arm.road.before = link
    return junction


def way(
    network: Network,
    junction: Junction,
    start: Arm,
    end: Arm,
    pairs: tuple[tuple[int, int], ...],
    *,
    walk: bool = False,
    lead: float = LEAD,
    painted: bool = False,
) -> Road:
    """A connecting road of neighbouring lanes, optionally with the pavement beside it.

    Args:
        network: Where it is added.
        junction: Likewise.
        start: Arm that it comes from.
        end: Arm that it leads to.
        pairs: (incoming lane, outgoing lane) from the inside outwards.
        walk: Whether the lanes outside the driving lanes go on around the corner.
        lead: [m] Straight line at both ends of a turn.
        painted: Whether the marks of the incoming road go on; else there are none but between its lanes.
    """
    outer = tuple(
        zip(*(_outside(arm, incoming) for arm, incoming in ((start, True), (end, False))), strict=False)
    )
    pairs_all = pairs + (outer if walk else ())
    lanes = tuple(
        start.lane(a) if painted else _through(start.lane(a), last=a == pairs[-1][0]) for a, _ in pairs_all
    )
    departure, arrival = start.border(pairs[0][0], incoming=True), end.border(pairs[0][1], incoming=False)
    road = network.road(
        departure,
        join(departure, arrival, lead),
        Profile(lanes, centre=start.road.profile.centre if painted else "none"),
        min(start.road.speed, end.road.speed),
        junction.id,
    )
    road.before = Link("road", start.road.id, start.contact)
    road.after = Link("road", end.road.id, end.contact)
    for i, (a, b) in enumerate(pairs_all):
        road.link(-1 - i, before=a, after=b)
    links = tuple((a, -1 - i) for i, (a, _) in enumerate(pairs_all))
    junction.connections.append(Connection(start.road.id, road.id, links))
    return road


def _outside(arm: Arm, incoming: bool) -> list[int]:
    """Ids of the lanes outside the driving lanes."""
    sign = arm.sign(incoming)
    side = arm.road.profile.side(sign > 0)
    return [sign * (i + 1) for i, lane in enumerate(side) if lane.kind != "driving"]


def _through(lane: Lane, last: bool) -> Lane:
    """The lane inside a junction: no marks but between lanes that run side by side."""
    return Lane(lane.kind, lane.width, "none" if last or lane.kind != "driving" else lane.mark)


def signals(network: Network, junction: Junction, phases: Iterable[tuple[int, ...]]) -> None:
    """Lights for arms that have incoming lanes; each phase is the arms (indices) green together."""
    for phase in phases:
        ids = tuple(sign(network, junction.arms[i], LIGHT, f"Light_{junction.name}") for i in phase)
        junction.controllers.append((network.next_signal(), ids))


def sign(network: Network, arm: Arm, kind: str, name: str, value: float = -1.0) -> int:
    """A light or sign for the lanes that lead into the junction; returns its id."""
    lanes = arm.lanes(incoming=True)
    road, at_end = arm.road, arm.contact == "end"
    s = road.length - 0.1 if at_end else 0.1
    signal = signal_beside(network, road, s, at_end, kind, name, value)
    assert signal.lanes == (lanes[0], lanes[-1])
    return signal.id


def signal_beside(
    network: Network, road: Road, s: float, along: bool, kind: str, name: str, value: float = -1.0
) -> Signal:
    """Add a signal on the kerb of a road, for all driving lanes of one direction."""
    side = road.profile.side(not along)
    driving = [i + 1 for i, lane in enumerate(side) if lane.kind == "driving"]
    kerb = sum(lane.width for lane in side if lane.kind != "sidewalk") + FROM_KERB
    factor = -1 if along else 1
    signal = Signal(
        network.next_signal(),
        kind,
        name,
        s,
        factor * kerb,
        along,
        (factor * driving[0], factor * driving[-1]),
        value,
    )
    road.signals.append(signal)
    return signal


def crosswalks(network: Network, junction: Junction, arms: Iterable[int]) -> None:
    """Crosswalks on the junction's side of the stop lines of some arms (indices)."""
    for i in arms:
        arm = junction.arms[i]
        ways = {c.connecting for c in junction.connections if c.incoming == arm.road.id}
        inner = arm.border(arm.lanes(incoming=True)[0], incoming=True)
        road = next(road for road in network.roads if road.id in ways and road.start == inner)
        left, right = (_driving_width(arm, incoming) for incoming in (False, True))
        middle, length = CROSSWALK
        crosswalk = Crosswalk(network.next_signal(), middle, (-right, left), length)
        road.crosswalks.append(crosswalk)


def _driving_width(arm: Arm, incoming: bool) -> float:
    return sum(arm.lane(lane_id).width for lane_id in arm.lanes(incoming))
