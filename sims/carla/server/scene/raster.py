"""The same pictures without OpenGL: triangles are painted from the farthest to the nearest with OpenCV.

What is painted is the number of the triangle; colour, labels and exact depth follow for each pixel from the
triangle's plane. Slower than `egl`, and where triangles pierce each other the farther one may show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from landward.errors import require
from sims.carla.server.scene.egl import background
from sims.carla.server.scene.labels import LAYERS, TERRAIN
from sims.carla.server.scene.scene import Frame
from sims.carla.server.scene.statics import Statics
from sims.carla.server.scene.view import FAR, NEAR, View

SUBPIXELS = 4
"""Bits of a pixel's fraction that OpenCV is given."""
SMALL = 200_000
"""[px] OpenCV paints half a pixel around each polygon. Pictures up to this size are painted three times as
large and every third pixel is taken, so that only a sixth remains."""
MOST_PIXELS = 1e6
"""[px] Corners farther out than this are pulled in."""


@dataclass(frozen=True)
class Faces:
    """Triangles in front of a camera."""

    corners: NDArray[np.float64]
    """(t, 3, 3) [m] Forward, right, up of the camera."""
    normals: NDArray[np.float64]
    """(t, 3) in the world."""
    colours: NDArray[np.float64]
    """(t, 3) red, green, blue as lit, 0..1."""
    labels: NDArray[np.uint8]
    identities: NDArray[np.uint16]
    flat: NDArray[np.int64]
    """(t,) 0: stands; else 1 + how many layers of ground lie above it, painted in descending order."""


class RasterRenderer:
    """Draws frames of one town with NumPy and OpenCV.

    Args:
        statics: the town's triangles.

    Raises:
        MissingDependencyError: OpenCV is not installed.
    """

    def __init__(self, statics: Statics) -> None:
        self._cv2 = require("cv2", "carla", "drawing camera pictures without OpenGL")
        self._statics = statics

    def render(
        self, frame: Frame, outputs: Sequence[str], into: Sequence[bytearray], offset: int = 0
    ) -> None:
        """Draw a frame; see `EglRenderer.render`."""
        view = frame.view
        faces = facing(frame, self._statics)
        polygons, source = _in_front(faces.corners)
        order = _painting_order(polygons, faces.flat[source])
        scale = 3 if view.width * view.height <= SMALL else 1
        numbers = np.zeros((scale * view.height, scale * view.width), np.int32)
        points = _points(view, polygons[order], scale)
        for corners, number in zip(points, (1 + source[order]).tolist(), strict=True):
            self._cv2.fillConvexPoly(numbers, corners, number, lineType=8, shift=SUBPIXELS)
        numbers = numbers[scale // 2 :: scale, scale // 2 :: scale]
        hit = numbers > 0
        index = numbers[hit] - 1
        depth = _depths(view, faces, index, hit) if {"rgb", "depth"} & set(outputs) else None
        for output, buffer in zip(outputs, into, strict=True):
            picture = np.frombuffer(buffer, np.uint8, 4 * hit.size, offset).reshape(*hit.shape, 4)
            picture[:] = np.round(255.0 * np.array(background(output, frame.light)))
            picture[hit] = _pixels(output, frame, faces, index, depth)

    def release(self) -> None:
        """Nothing is held."""


def facing(frame: Frame, statics: Statics) -> Faces:
    """The triangles of a frame that turn their front to the camera, lit."""
    vertices, owner = _expand(frame, statics)
    instances = frame.instances[owner]
    place = instances["place"].astype(np.float64)
    positions = vertices["position"].reshape(-1, 3, 3).astype(np.float64)
    world = positions @ place[:, :, :3].transpose(0, 2, 1) + place[:, None, :, 3]
    stretch = place[:, :, :3] / (place[:, :, :3] ** 2).sum(axis=1)[:, None]
    first = vertices[::3]
    normals = (stretch @ first["normal"].astype(np.float64)[:, :, None])[:, :, 0]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    local = (world - frame.view.pose[:3]) @ frame.view.axes.T
    front = ((world[:, 0] - frame.view.pose[:3]) * normals).sum(axis=1) < 0.0
    label = np.where(first["label"] > 0, first["label"], instances["label"])
    ground = np.isin(label, (TERRAIN, *LAYERS)) & (normals[:, 2] > 0.9)
    layer = 1 + max(LAYERS.values()) - first["layer"].astype(np.int64)
    return Faces(
        local[front],
        normals[front],
        _lit(frame, first, instances, normals)[front],
        label[front],
        np.bitwise_or(first["identity"], instances["identity"])[front].astype(np.uint16),
        np.where(ground, layer, 0)[front],
    )


def _expand(frame: Frame, statics: Statics) -> tuple[NDArray[np.void], NDArray[np.intp]]:
    """All vertices of the commands, and the instance of each triangle."""
    parts, owners = [], []
    every = np.concatenate([statics.vertices[: statics.begin], frame.town.vertices])
    for count, number, first, base, _ in frame.commands.tolist():
        parts += [every[first : first + count]] * number
        owners.append(np.arange(base, base + number).repeat(count // 3))
    return np.concatenate(parts), np.concatenate(owners)


def _lit(
    frame: Frame, first: NDArray[np.void], instances: NDArray[np.void], normals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Colours under the light; the same sums as in `shaders`."""
    light = frame.light
    level = light.ambient + np.maximum(normals @ np.array(light.sun), 0.0)
    on = (first["lamp"] & instances["state"]) > 0
    level = np.where(first["lamp"] == 0, level, np.where(on, 1.0, 0.3 * level))
    painted = (first["painted"] > 0)[:, None]
    colour = np.where(painted, instances["paint"], first["colour"]) / 255.0
    return np.minimum(colour * level[:, None], 1.0)


def _in_front(corners: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Cut triangles off at the near plane.

    Returns:
        (p, 4, 3) polygons (triangles repeat a corner), and (p,) the triangle that each comes from.
    """
    inside = corners[:, :, 0] > NEAR
    count = inside.sum(axis=1)
    whole = np.flatnonzero(count == 3)
    polygons, source = [corners[whole][:, [0, 1, 2, 2]]], [whole]
    for number in (1, 2):
        some = np.flatnonzero(count == number)
        odd = np.argmax(inside[some] == (number == 1), axis=1)
        turned = corners[some[:, None], (odd[:, None] + np.arange(3)) % 3]
        a, b, c = turned[:, 0], turned[:, 1], turned[:, 2]
        ab, ac = _at_near(a, b), _at_near(a, c)
        polygons.append(np.stack([a, ab, ac, ac] if number == 1 else [ab, b, c, ac], axis=1))
        source.append(some)
    return np.concatenate(polygons), np.concatenate(source)


def _at_near(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, 3) where the edges a-b pass the near plane."""
    share = (NEAR - a[:, :1]) / (b[:, :1] - a[:, :1])
    return a + share * (b - a)


def _painting_order(polygons: NDArray[np.float64], flat: NDArray[np.int64]) -> NDArray[np.intp]:
    """Ground first, the lowest layer before those on it; then what stands, the farthest first."""
    distance = np.linalg.norm(polygons, axis=2)
    return np.lexsort((-0.5 * (distance.min(axis=1) + distance.max(axis=1)), -flat))


def _points(view: View, polygons: NDArray[np.float64], scale: int) -> NDArray[np.int32]:
    """(p, 4, 2) columns and rows as OpenCV has them: whole numbers are the middles of pixels.

    Args:
        view: the camera.
        polygons: (p, 4, 3) [m] forward, right, up.
        scale: how many times the picture is enlarged.
    """
    flat = polygons[:, :, 1:] / polygons[:, :, :1] * (view.focal, -view.focal)
    flat = (flat + (view.width / 2.0, view.height / 2.0)) * scale - 0.5
    flat = np.clip(flat, -MOST_PIXELS, MOST_PIXELS)
    return np.round(flat * (1 << SUBPIXELS)).astype(np.int32)


@lru_cache(maxsize=16)
def _rays(width: int, height: int, focal: float) -> NDArray[np.float64]:
    """(h, w, 3) forward, right, up of each pixel's ray; forward is 1."""
    column, row = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    right, up = (column - width / 2.0) / focal, (height / 2.0 - row) / focal
    return np.stack([np.ones_like(right), right, up], axis=-1).astype(np.float64)


def _depths(
    view: View, faces: Faces, index: NDArray[np.int32], hit: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(k,) depth [m] of the pixels that show a triangle: where their rays meet its plane."""
    normals = faces.normals @ view.axes.T
    height = (faces.corners[:, 0] * normals).sum(axis=1)[index]
    slope = (_rays(view.width, view.height, view.focal)[hit] * normals[index]).sum(axis=1)
    farthest = faces.corners[:, :, 0].max(axis=1)[index]
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = height / slope
    depth[~(depth > 0.0)] = np.inf
    return np.where(depth < farthest, depth, farthest)


def _pixels(
    output: str, frame: Frame, faces: Faces, index: NDArray[np.int32], depth: NDArray[np.float64] | None
) -> NDArray[np.uint8]:
    """(k, 4) blue, green, red, alpha."""
    out = np.full((len(index), 4), 255, np.uint8)
    if output == "rgb" and depth is not None:
        share = np.minimum(frame.light.haze * depth, 1.0)[:, None]
        colour = faces.colours[index]
        out[:, 2::-1] = np.round(255.0 * (colour + share * (np.array(frame.light.sky) - colour)))
    elif output == "depth" and depth is not None:
        value = (np.minimum(depth, FAR) * ((1 << 24) - 1) / FAR).astype(np.uint32)
        out[:, 0], out[:, 1], out[:, 2] = value >> 16, value >> 8 & 255, value & 255
    elif output == "normals":
        out[:, 2::-1] = np.round(255.0 * (0.5 + 0.5 * faces.normals[index]))
    else:
        identity = faces.identities[index] * (output == "instance")
        out[:, 0], out[:, 1], out[:, 2] = identity >> 8, identity & 255, faces.labels[index]
    return out
