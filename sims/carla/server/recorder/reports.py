"""What is told of a recording, in the form of CARLA's documentation (Recorder: queries): programs parse it.

Lengths are in centimetres there, as in Unreal.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Description
from sims.carla.server.recorder.file import VERSION, Frame, Made, Recording
from sims.carla.server.records import TRAFFIC_LIGHT, VEHICLE, WALKER

LONGEST = 16 << 20
"""Characters of a report; the rest is left out, and the report says so."""
HERO, VEHICLES, WALKERS, LIGHTS, OTHER, ANY = "h", "v", "w", "t", "o", "a"
NUMBERS = {VEHICLES: 1, WALKERS: 2, LIGHTS: 3, OTHER: 0}
"""Kind -> its number in the list of actors."""


def kind(description: Description) -> str:
    """v, w, t or o."""
    name = description.type_id
    if name == "traffic.traffic_light":
        return LIGHTS
    return {"vehicle": VEHICLES, "walker": WALKERS}.get(name.partition(".")[0], OTHER)


def is_hero(description: Description) -> bool:
    """Whether an actor has the role of the hero."""
    return ("role_name", "hero") in {(name, value) for name, _, value in description.attributes}


def head(recording: Recording) -> str:
    """Version, map and date."""
    date = time.strftime("%x %X", time.localtime(recording.date))
    return f"Version: {VERSION}\nMap: {recording.town}\nDate: {date}\n\n"


def foot(recording: Recording) -> str:
    """Number of frames and duration."""
    end = f"\nFrames: {len(recording.frames)}\nDuration: {recording.duration:g} seconds\n"
    return end + ("The file is cut off: the recording ended unexpectedly\n" if recording.cut else "")


def file_info(recording: Recording, everything: bool) -> str:
    """Every frame in which somebody comes, goes or collides; all frames and states with `everything`."""
    kinds: dict[int, str] = {}

    def lines() -> Iterator[str]:
        for number, frame in enumerate(recording.frames, 1):
            kinds.update({made.id: kind(made.description) for made in frame.made})
            events = [*_events(frame), *(_states(frame, kinds) if everything else ())]
            if events:
                yield "\n".join([f"Frame {number} at {frame.time:g} seconds", *events]) + "\n\n"

    return head(recording) + _bounded(lines()) + foot(recording)


def collisions(recording: Recording, first: str, second: str) -> str:
    """The beginning of each contact between two kinds of actors.

    Args:
        recording: what is looked at.
        first: h hero, v vehicle, w walker, t traffic light, o other, a any.
        second: the same of whom it meets.
    """
    known: dict[int, Description] = {}
    title = f"{'Time':>8}{'Types':>7}{'Id':>7} {'Actor 1':<36}{'Id':>7} {'Actor 2':<36}\n"

    def lines() -> Iterator[str]:
        touching: set[tuple[int, int]] = set()
        for frame in recording.frames:
            known.update({made.id: made.description for made in frame.made})
            pairs = {(one, other) for one, other, _ in frame.collisions}
            for one, other in sorted(pairs - touching):
                if _is(known.get(one), first) and _is(known.get(other), second):
                    a, b = _named(known.get(one)), _named(known.get(other))
                    yield f"{frame.time:8.0f}  {a[0]} {b[0]} {one:7d} {a[1]:<36}{other:7d} {b[1]}\n"
            touching = pairs

    return head(recording) + title + _bounded(lines()) + foot(recording)


def blocked(recording: Recording, least_time: float, distance: float) -> str:
    """Vehicles that stood still.

    Args:
        recording: what is looked at.
        least_time: [s] those who stood for less are not named.
        distance: [cm] who moves less stands still.
    """
    known: dict[int, Description] = {}
    anchors: dict[int, tuple[float, list[float]]] = {}
    found: list[tuple[float, float, int]] = []

    def ends(actor: int, now: float) -> None:
        since, _ = anchors.pop(actor)
        if now - since >= least_time:
            found.append((now - since, since, actor))

    now = 0.0
    for frame in recording.frames:
        now = frame.time
        known.update({made.id: made.description for made in frame.made if kind(made.description) == VEHICLES})
        for actor in [gone for gone in frame.gone if gone in anchors]:
            ends(actor, now)
        rows = frame.rows()
        rows = rows[np.isin(rows["id"], list(known))]
        for actor, place in zip(rows["id"].tolist(), rows["location"].tolist(), strict=True):
            if actor in anchors and math.dist(place, anchors[actor][1]) * 100.0 >= distance:
                ends(actor, now)
            anchors.setdefault(actor, (now, place))
    for actor in list(anchors):
        ends(actor, now)
    title = f"{'Time':>8}{'Id':>7} {'Actor':<36}{'Duration':>10}\n"
    rows = (
        f"{since:8.0f}{actor:7d} {known[actor].type_id:<36}{length:10.0f}\n"
        for length, since, actor in sorted(found, key=lambda each: (-each[0], each[1:]))
    )
    return head(recording) + title + _bounded(rows) + foot(recording)


def _events(frame: Frame) -> Iterator[str]:
    for made in frame.made:
        yield from _created(made)
    for gone in frame.gone:
        yield f" Destroy {gone}"
    for number, (one, other, hero) in enumerate(frame.collisions, 1):
        yield f" Collision id {number} between {one}{' (hero)' if hero else ''} with {other}"
    for made in frame.made:
        if made.parent:
            yield f" Parenting {made.id} with {made.parent} (parent)"


def _created(made: Made) -> Iterator[str]:
    what = made.description
    yield f" Create {made.id}: {what.type_id} ({NUMBERS[kind(what)]}) at {_triple(made.pose[:3] * 100.0)}"
    for name, _, value in what.attributes:
        yield f"  {name} = {value}"


def _states(frame: Frame, kinds: dict[int, str]) -> Iterator[str]:
    """Where everybody is, and what lights, vehicles and walkers do."""
    rows = frame.rows()
    yield f" Positions: {len(rows)}"
    for row in rows:
        pitch, yaw, roll = row["rotation"]
        place = _triple(row["location"] * 100.0)
        yield f"  Id: {row['id']} Location: {place} Rotation: {_triple((roll, pitch, yaw))}"
    for title, wanted, show in (
        (" State traffic lights", LIGHTS, _light),
        (" Vehicle animations", VEHICLES, _controls),
        (" Walker animations", WALKERS, _gait),
    ):
        of_kind = [row for row in rows if kinds.get(int(row["id"])) == wanted]
        yield f"{title}: {len(of_kind)}"
        yield from map(show, of_kind)


def _light(row: np.void) -> str:
    light = row["detail"].view(TRAFFIC_LIGHT)
    return (
        f"  Id: {row['id']} state: {light['light_state']} frozen: {light['time_is_frozen']} "
        f"elapsedTime: {light['elapsed_time']:g}"
    )


def _controls(row: np.void) -> str:
    car = row["detail"].view(VEHICLE)
    return (
        f"  Vehicle id {row['id']}: Steering: {car['steer']:g} Throttle: {car['throttle']:g} "
        f"Brake: {car['brake']:g} Handbrake: {car['hand_brake']} Gear: {car['gear']}"
    )


def _gait(row: np.void) -> str:
    return f"  Walker id {row['id']}: speed: {row['detail'].view(WALKER)['speed']:g}"


def _triple(numbers: NDArray | tuple) -> str:
    return "({:g}, {:g}, {:g})".format(*numbers)


def _is(description: Description | None, wanted: str) -> bool:
    """Whether an actor (None: the town) is of a kind."""
    if wanted == ANY:
        return True
    if wanted == HERO:
        return description is not None and is_hero(description)
    return (OTHER if description is None else kind(description)) == wanted


def _named(description: Description | None) -> tuple[str, str]:
    """Letter and type of an actor, or of the town."""
    if description is None:
        return OTHER, ""
    return HERO if is_hero(description) else kind(description), description.type_id


def _bounded(lines: Iterator[str]) -> str:
    """All lines, as long as they are not too many."""
    kept: list[str] = []
    size = 0
    for line in lines:
        size += len(line)
        if size > LONGEST:
            kept.append("... the rest is left out: it is too long for one answer\n")
            break
        kept.append(line)
    return "".join(kept)
