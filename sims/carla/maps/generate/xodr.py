"""Networks as OpenDRIVE 1.4 text."""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from sims.carla.maps.generate.network import Crosswalk, Junction, Lane, Link, Network, Road, Signal, lane_ids
from sims.carla.maps.generate.plan import Piece, Pose, advance

GEO_REFERENCE = "+proj=tmerc +lat_0=49.0 +lon_0=8.0 +k=1 +x_0=0 +y_0=0 +datum=WGS84 +units=m +no_defs"
"""Where the towns lie, for GNSS; a place picked at will."""
MARK_WIDTH = 0.12
"""[m]"""


def to_text(network: Network) -> str:
    """The whole file; the same network gives the same bytes."""
    root = Element("OpenDRIVE")
    header = _add(root, "header", revMajor=1, revMinor=4, name=network.name, version="1.00")
    SubElement(header, "geoReference").text = GEO_REFERENCE
    for road in network.roads:
        _road(root, road)
    for junction in network.junctions:
        for controller, lights in junction.controllers:
            _controller(root, junction, controller, lights)
    for junction in network.junctions:
        _junction(root, junction)
    ElementTree.indent(root, " ")
    return '<?xml version="1.0"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add(parent: Element, tag: str, **attributes: object) -> Element:
    return SubElement(parent, tag, {key: _text(value) for key, value in attributes.items()})


def _text(value: object) -> str:
    # Nine decimals are a nanometre; more would only make diffs noisy. + 0.0 turns -0.0 into 0.0.
    return f"{round(value, 9) + 0.0:.10g}" if isinstance(value, float) else str(value)


def _road(root: Element, road: Road) -> None:
    element = _add(
        root, "road", name=f"Road {road.id}", length=road.length, id=road.id, junction=road.junction
    )
    link = SubElement(element, "link")
    _link(link, "predecessor", road.before)
    _link(link, "successor", road.after)
    kind = _add(element, "type", s=0.0, type="motorway" if road.speed > 80 else "town")
    _add(kind, "speed", max=road.speed, unit="km/h")
    _plan(SubElement(element, "planView"), road.start, road.pieces)
    _add(SubElement(element, "elevationProfile"), "elevation", s=0.0, a=0.0, b=0.0, c=0.0, d=0.0)
    SubElement(element, "lateralProfile")
    _lanes(SubElement(element, "lanes"), road)
    if road.crosswalks:
        _crosswalks(SubElement(element, "objects"), road.crosswalks)
    if road.signals:
        _signals(SubElement(element, "signals"), road.signals)


def _link(parent: Element, tag: str, link: Link | None) -> None:
    if link is not None:
        contact = {} if link.contact is None else {"contactPoint": link.contact}
        _add(parent, tag, elementType=link.kind, elementId=link.id, **contact)


def _plan(parent: Element, start: Pose, pieces: Iterable[Piece]) -> None:
    s = 0.0
    for piece in pieces:
        element = _add(parent, "geometry", s=s, x=start.x, y=start.y, hdg=start.heading, length=piece.length)
        if piece.curvature == 0.0:
            SubElement(element, "line")
        else:
            _add(element, "arc", curvature=piece.curvature)
        start, s = advance(start, piece), s + piece.length


def _lanes(parent: Element, road: Road) -> None:
    section = _add(parent, "laneSection", s=0.0)
    if road.profile.left:
        _side(SubElement(section, "left"), road, [i for i in reversed(lane_ids(road.profile)) if i > 0])
    centre = _add(SubElement(section, "center"), "lane", id=0, type="none", level="false")
    _mark(centre, road.profile.centre, road.profile.centre_colour)
    _side(SubElement(section, "right"), road, [i for i in reversed(lane_ids(road.profile)) if i < 0])


def _side(parent: Element, road: Road, ids: Iterable[int]) -> None:
    for lane_id in ids:
        lane: Lane = road.profile.side(lane_id > 0)[abs(lane_id) - 1]
        element = _add(parent, "lane", id=lane_id, type=lane.kind, level="false")
        link = SubElement(element, "link")
        before, after = road.links.get(lane_id, (None, None))
        if before is not None:
            _add(link, "predecessor", id=before)
        if after is not None:
            _add(link, "successor", id=after)
        _add(element, "width", sOffset=0.0, a=lane.width, b=0.0, c=0.0, d=0.0)
        _mark(element, lane.mark, "standard")


def _mark(parent: Element, kind: str, colour: str) -> None:
    change = "both" if kind in ("broken", "none") else "none"
    _add(
        parent,
        "roadMark",
        sOffset=0.0,
        type=kind,
        weight="standard",
        color=colour,
        width=MARK_WIDTH,
        laneChange=change,
    )


def _crosswalks(parent: Element, crosswalks: Iterable[Crosswalk]) -> None:
    for crosswalk in crosswalks:
        right, left = crosswalk.t
        half, middle = crosswalk.length / 2, (left + right) / 2
        element = _add(
            parent,
            "object",
            id=crosswalk.id,
            name=f"Crosswalk_{crosswalk.id}",
            type="crosswalk",
            s=crosswalk.s,
            t=middle,
            zOffset=0.0,
            hdg=0.0,
            orientation="none",
            length=crosswalk.length,
            width=left - right,
        )
        outline = SubElement(element, "outline")
        side = (left - right) / 2
        for u, v in ((half, -side), (half, side), (-half, side), (-half, -side), (half, -side)):
            _add(outline, "cornerLocal", u=u, v=v, z=0.0, height=0.0)


def _signals(parent: Element, signals: Iterable[Signal]) -> None:
    for signal in signals:
        light = signal.type == "1000001"
        element = _add(
            parent,
            "signal",
            id=signal.id,
            name=signal.name,
            s=signal.s,
            t=signal.t,
            dynamic="yes" if light else "no",
            orientation="+" if signal.along else "-",
            zOffset=0.0,
            country="DE",
            type=signal.type,
            subtype=f"{signal.value:.0f}" if signal.value >= 0 else "-1",
            value=signal.value,
            unit="km/h",
            height=1.0,
            width=0.5,
            hOffset=0.0,
        )
        low, high = sorted(signal.lanes)
        _add(element, "validity", fromLane=low, toLane=high)


def _controller(root: Element, junction: Junction, controller: int, lights: tuple[int, ...]) -> None:
    element = _add(root, "controller", name=f"{junction.name}_{controller}", id=controller, sequence=0)
    for light in lights:
        _add(element, "control", signalId=light, type="0")


def _junction(root: Element, junction: Junction) -> None:
    element = _add(root, "junction", id=junction.id, name=junction.name)
    for i, connection in enumerate(junction.connections):
        entry = _add(
            element,
            "connection",
            id=i,
            incomingRoad=connection.incoming,
            connectingRoad=connection.connecting,
            contactPoint="start",
        )
        for a, b in connection.lanes:
            _add(entry, "laneLink", **{"from": a, "to": b})
    for controller, _ in junction.controllers:
        _add(element, "controller", id=controller, type="0", sequence=0)
