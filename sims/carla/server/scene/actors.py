"""Vehicles, walkers, props and signal heads as instances of shapes, without a loop over them each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Actor, Box
from sims.carla.server.geometry import relative_to, rotation_matrix
from sims.carla.server.records import TRAFFIC_LIGHT, VEHICLE
from sims.carla.server.scene.labels import BICYCLE, BUS, MOTORCYCLE, TRUCK
from sims.carla.server.scene.shapes import BRAKE_LAMP, HEAD_LAMP, SHAPES
from sims.carla.server.scene.statics import is_head

if TYPE_CHECKING:
    from sims.carla.server.world import World

INSTANCE = np.dtype(
    [
        ("place", "<f4", (3, 4)),
        ("paint", "u1", 3),
        ("state", "u1"),
        ("label", "u1"),
        ("spare", "u1"),
        ("identity", "<u2"),
    ]
)
"""56 bytes. place: point of the shape -> world; paint: red, green, blue; state: bits of the lamps that are
lit; label and identity: where the vertex has none."""
SOLID = ("vehicle.", "walker.", "static.prop.")
"""Type ids of actors that are seen and hit."""
NO_PAINT = (150, 150, 150)
PROP = (202, 122, 56)
CLOTHES = ((178, 58, 56), (58, 96, 150), (212, 186, 92), (84, 122, 84), (128, 96, 140), (60, 62, 66))
LIGHT_BITS = np.array([1, 2, 4, 0, 0], np.uint8)
"""TrafficLightState -> lamps that are lit."""


class Actors:
    """The visible actors as arrays: who they are when actors come or go, where they are each frame."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._layout = self._frame = -1

    def update(self) -> None:
        """Take over who is there and where; once a frame."""
        if self._frame == self.world.frame and self._layout == self.world.layout:
            return
        if self._layout != self.world.layout:
            self._enlist()
        self._frame, self._layout = self.world.frame, self.world.layout
        poses = self.world.records.poses[self.rows]
        turns = turn_matrices(poses[:, 3:])
        offsets, extents, inner = self.boxes
        self.centres = poses[:, :3] + (turns @ offsets[:, :, None])[:, :, 0]
        """(n, 3) [m] Of the boxes, in the world."""
        self.turns = turns @ inner if self._turned else turns
        """(n, 3, 3) Columns are the boxes' axes."""
        self.instances["place"][:, :, :3] = self.turns * extents[:, None, :]
        self.instances["place"][:, :, 3] = self.centres
        self.instances["state"] = self._states()

    def _enlist(self) -> None:
        actors = self.world.actors.values()
        shown = [(actor, actor.box) for actor in actors if actor.type_id.startswith(SOLID)]
        shown += signal_heads(self.world)
        self.rows = np.array([actor.row for actor, _ in shown], dtype=np.intp)
        self.ids = np.array([actor.id for actor, _ in shown], dtype=np.int64)
        self.shapes = np.array([SHAPES.index(shape_of(actor)) for actor, _ in shown], dtype=np.intp)
        self.boxes = box_arrays([box for _, box in shown])
        self.radii = np.linalg.norm(self.boxes[1], axis=1)
        self.labels = np.array([label_of(actor) for actor, _ in shown], dtype=np.uint8)
        self._turned = any(any(box.rotation) for _, box in shown)
        self.instances = np.zeros(len(shown), INSTANCE)
        self.instances["label"], self.instances["identity"] = self.labels, self.ids & 0xFFFF
        self.instances["paint"] = np.array([paint_of(actor) for actor, _ in shown], np.uint8).reshape(-1, 3)

    def _states(self) -> NDArray[np.uint8]:
        """Brake lamps and signals, from what the client is told of the actors."""
        records = self.world.records
        braking = records.view(VEHICLE)["brake"][self.rows] > 0.01
        signal = records.view(TRAFFIC_LIGHT)["light_state"][self.rows]
        lamps = HEAD_LAMP + BRAKE_LAMP * braking.astype(np.uint8)
        heads = self.shapes == SHAPES.index("lights")
        return np.where(heads, LIGHT_BITS[np.minimum(signal, 4)], lamps).astype(np.uint8)


def turn_matrices(rotations: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) pitch, yaw, roll [deg] -> (n, 3, 3); `geometry.rotation_matrices`, in half its time."""
    radians = rotations.T * (np.pi / 180.0)
    (cp, cy, cr), (sp, sy, sr) = np.cos(radians), np.sin(radians)
    out = np.empty((len(rotations), 3, 3))
    out[:, 0, 0], out[:, 1, 0], out[:, 2, 0] = cp * cy, cp * sy, sp
    a, b = sp * sr, sp * cr
    out[:, 0, 1], out[:, 1, 1], out[:, 2, 1] = cy * a - sy * cr, sy * a + cy * cr, -cp * sr
    out[:, 0, 2], out[:, 1, 2], out[:, 2, 2] = -cy * b - sy * sr, cy * sr - sy * b, cp * cr
    return out


def signal_heads(world: World) -> list[tuple[Actor, Box]]:
    """The heads of the traffic lights, in the frames of their actors."""
    heads: dict[str, list[Box]] = {}
    for item in world.town.boxes:
        if is_head(item):
            heads.setdefault(item.signal, []).append(item.box)
    signs = world.records.view(TRAFFIC_LIGHT)["sign_id"]
    found = []
    for actor in world.actors.values():
        if actor.type_id == "traffic.traffic_light":
            for box in heads.get(bytes(signs[actor.row]).decode(), ()):
                local = relative_to(actor.pose, np.array([*box.location, *box.rotation]))
                x, y, z, pitch, yaw, roll = local.tolist()
                found.append((actor, Box((x, y, z), box.extent, (pitch, yaw, roll))))
    return found


def shape_of(actor: Actor) -> str:
    """One of SHAPES."""
    kind = actor.type_id.split(".")[0]
    if kind in ("walker", "traffic"):
        return "walker" if kind == "walker" else "lights"
    if kind == "vehicle":
        label = label_of(actor)
        tall = actor.attributes.get("base_type") == "van" or label in (TRUCK, BUS)
        return "bike" if label in (MOTORCYCLE, BICYCLE) else "van" if tall else "car"
    return "box"


def label_of(actor: Actor) -> int:
    """Its CityObjectLabel."""
    return actor.tags[0] if actor.tags else 0


def paint_of(actor: Actor) -> tuple[int, ...]:
    """The colour attribute; walkers get clothes by their id."""
    kind = actor.type_id.split(".")[0]
    if kind == "walker":
        return CLOTHES[actor.id % len(CLOTHES)]
    words = actor.attributes.get("color", "").split(",")
    if len(words) == 3 and all(word.strip().isdigit() for word in words):
        return tuple(min(int(word), 255) for word in words)
    return PROP if kind == "static" else NO_PAINT


def box_arrays(boxes: list[Box]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Centres (n, 3), extents (n, 3) and rotations (n, 3, 3)."""
    centres = np.array([box.location for box in boxes], dtype=np.float64).reshape(-1, 3)
    extents = np.array([box.extent for box in boxes], dtype=np.float64).reshape(-1, 3)
    turns = [rotation_matrix(*box.rotation) for box in boxes]
    return centres, extents, np.array(turns, dtype=np.float64).reshape(-1, 3, 3)
