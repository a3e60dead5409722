"""The bird's-eye view: cut out of the town's raster, then the route and everything that moves drawn on it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from landward.errors import require
from sims.carla.drive.cfg import BevCfg
from sims.carla.drive.geometry import Floats, corners
from sims.carla.drive.raster import SHIFT, Raster
from sims.carla.drive.scene import Scene
from sims.carla.drive.signals import RED, STOP, YELLOW, StopLines
from sims.carla.drive.terms import CHANNELS

LINE_VALUES = {RED: 255, YELLOW: 170, STOP: 90}
"""Grey value of a stop line that holds the ego, by its state."""
LEAST_EXTENT = 0.8
"""Half lengths and widths are drawn at least this large [m] ..."""
WALKER_SCALE = 2.0
"""... and those of walkers enlarged by this first (card C8)."""
LARGEST = 15.0
"""No road user reaches further than this from its centre [m]."""
LINE_WIDTH = 1.0
"""Of stop lines and speed lines [m]; at least two pixels."""
ROAD, MARKS, ROUTE, VEHICLES, MOTION, WALKERS, STOP_LINES = range(len(CHANNELS))


class BirdEyeView:
    """Draws scenes of one town."""

    def __init__(self, town: Raster, lines: StopLines, cfg: BevCfg) -> None:
        """Prepare.

        Args:
            town: of `draw_town`, at cfg.pixels_per_metre.
            lines: the town's stop lines.
            cfg: size and scale.
        """
        self._cv2 = require("cv2", "carla", "drawing the bird's-eye view")
        self._town, self._lines, self._cfg = town, lines, cfg
        self.pixels_per_metre = cfg.pixels_per_metre
        self.row = cfg.size - cfg.behind * cfg.pixels_per_metre
        self.column = cfg.size / 2.0
        """Where the ego is [pixels]."""
        self._thick = max(2, round(LINE_WIDTH * cfg.pixels_per_metre))
        self._spare = round(LARGEST * cfg.pixels_per_metre) << SHIFT
        self._ahead = int(cfg.size / cfg.pixels_per_metre * 1.5) + 2

    def draw(self, scene: Scene) -> NDArray[np.uint8]:
        """(size, size, channels) uint8; row 0 lies ahead, column 0 to the left."""
        cfg, cv2 = self._cfg, self._cv2
        layers = np.zeros((len(CHANNELS), cfg.size, cfg.size), np.uint8)
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        static = cv2.warpAffine(self._town.image, self._to_town(scene), (cfg.size, cfg.size), flags=flags)
        layers[ROAD], layers[MARKS] = static[..., 0], static[..., 1]
        first = max(scene.place.index - 3, 0)
        way = self._pixels(scene.route.xy[first : scene.place.index + self._ahead], scene)
        width = max(1, round(cfg.route_width * cfg.pixels_per_metre))
        cv2.polylines(layers[ROUTE], [way], False, 255, width, cv2.LINE_8, SHIFT)
        self._draw_others(layers, scene)
        self._draw_stop_lines(layers[STOP_LINES], scene)
        return cv2.merge(list(layers))

    def _draw_others(self, layers: NDArray[np.uint8], scene: Scene) -> None:
        cv2, others = self._cv2, scene.others
        ends = np.empty((len(others.ids), 2, 2))
        ends[:, 0] = others.xy
        ends[:, 1] = others.xy + others.velocity * self._cfg.speed_line_s
        ends = self._pixels(ends, scene)
        edge = self._cfg.size << SHIFT
        seen = (ends.min(axis=1) < edge + self._spare) & (ends.max(axis=1) > -self._spare)
        near = np.flatnonzero(seen[:, 0] & seen[:, 1])
        if not len(near):
            return
        walker = others.walker[near]
        extent = np.where(walker[:, None], others.extent[near] * WALKER_SCALE, others.extent[near])
        outline = corners(others.xy[near], others.yaw[near], np.maximum(extent, LEAST_EXTENT))
        boxes = self._pixels(outline, scene)
        motion = layers[MOTION]
        for row, (index, on_foot) in enumerate(zip(near.tolist(), walker.tolist(), strict=True)):
            layer = layers[WALKERS if on_foot else VEHICLES]
            cv2.fillConvexPoly(layer, boxes[row], 255, cv2.LINE_8, SHIFT)
            cv2.polylines(motion, (ends[index],), False, 255, self._thick, cv2.LINE_8, SHIFT)

    def _draw_stop_lines(self, layer: NDArray[np.uint8], scene: Scene) -> None:
        for ahead in (scene.light, scene.stop_sign):
            value = LINE_VALUES.get(ahead.state, 0)
            if value:
                middle, yaw = self._lines.xy[ahead.line], self._lines.yaw[ahead.line]
                across = np.array([-np.sin(yaw), np.cos(yaw)]) * self._lines.half_width[ahead.line]
                ends = self._pixels(np.stack((middle - across, middle + across)), scene)
                self._cv2.polylines(layer, [ends], False, value, self._thick, self._cv2.LINE_8, SHIFT)

    def _pixels(self, points: Floats, scene: Scene) -> NDArray[np.int32]:
        """World points (..., 2) as fixed-point (column, row)."""
        scale = self._cfg.pixels_per_metre
        c, s = np.cos(scene.ego.yaw), np.sin(scene.ego.yaw)
        turn = np.array([[-s, -c], [c, -s]]) * scale
        pixels = (points - scene.ego.xy) @ turn + (self.column, self.row)
        return np.rint(pixels * 2**SHIFT).astype(np.int32)

    def _to_town(self, scene: Scene) -> Floats:
        """(2, 3) the affine map from pixels of the view to pixels of the town."""
        ratio = self._town.pixels_per_metre / self._cfg.pixels_per_metre
        c, s = np.cos(scene.ego.yaw) * ratio, np.sin(scene.ego.yaw) * ratio
        turn = np.array([[-s, -c], [c, -s]])
        ego = (scene.ego.xy - self._town.origin) * self._town.pixels_per_metre
        shift = ego - turn @ (self.column, self.row)
        return np.column_stack((turn, shift))
