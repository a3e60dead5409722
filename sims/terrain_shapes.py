"""Shapes of square terrain tiles: pure functions from a difficulty to a grid of heights.

Every tile is flat in its middle, where robots start, and at height 0 along its edges, so that tiles can be
laid side by side and a robot can walk from one onto the next. Shapes and ranges are those of Rudin et al.
2022, "Learning to Walk in Minutes Using Massively Parallel Deep Reinforcement Learning" (code: legged_gym),
as Isaac Lab carries them on in its rough terrain for ANYmal. `height_scale` fits them to smaller robots.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from landward.errors import SpecError

Heights = NDArray[np.float32]
_EPS = 1e-4
"""Rounding slack when a length is divided into cells or treads."""


@dataclass(frozen=True)
class ShapeCfg:
    """Dimensions of the shapes. Pairs are (easiest, hardest), linear in the difficulty between them."""

    height_scale: float = 0.5
    """Factor on all heights (not on grades and lengths), which are ANYmal's. Go1: 0.5, as Isaac Lab's Go1 and
    A1 configurations scale boxes and noise. Solo-12: 0.375, its legs being 0.32 m long and Go1's 0.426 m."""
    patch: float = 1.5
    """Side of the flat start patch in the middle of each tile [m]."""
    rim: float = 0.3
    """Flat strip along each edge of a tile [m]; Isaac Lab: 0.25."""
    grade: tuple[float, float] = (0.0, 0.4)
    """Rise per horizontal metre of slopes; legged_gym and Isaac Lab: 0 to 0.4 (22 degrees)."""
    stair_height: tuple[float, float] = (0.05, 0.23)
    """Height of a stair before scaling [m]; legged_gym and Isaac Lab: 0.05 to 0.23."""
    tread: float = 0.3
    """Depth of a stair [m]; legged_gym 0.31, Isaac Lab 0.3."""
    box_height: tuple[float, float] = (0.05, 0.2)
    """Boxes rise and sink by up to this before scaling [m]; Isaac Lab: 0.05 to 0.2."""
    box: float = 0.45
    """Side of a box [m]; Isaac Lab: 0.45."""
    bump_height: tuple[float, float] = (0.01, 0.05)
    """Half the range of uneven ground before scaling [m]; legged_gym 0.05, Isaac Lab 0.04 at all levels."""
    bump: float = 0.15
    """Distance between the random heights of uneven ground [m]; Isaac Lab 0.1, legged_gym 0.2."""

    def validate(self) -> None:
        """Raise SpecError for lengths that make no ground."""
        for name in ("height_scale", "patch", "tread", "box", "bump"):
            if not getattr(self, name) > 0:
                raise SpecError(f"terrain shape.{name} is {getattr(self, name)}; it must be positive")
        if self.rim < 0:
            raise SpecError(f"terrain shape.rim is {self.rim} m; it cannot be negative")


Shape = Callable[[np.random.Generator, float, float, float, ShapeCfg], Heights]
"""(rng, difficulty in [0, 1], tile [m], cell [m], dimensions) -> (n, n) heights [m], n = tile / cell + 1."""


def flat(rng: np.random.Generator, difficulty: float, tile: float, cell: float, cfg: ShapeCfg) -> Heights:
    """Level ground."""
    n = grid_points(tile, cell)
    return np.zeros((n, n), np.float32)


def slope_up(rng: np.random.Generator, difficulty: float, tile: float, cell: float, cfg: ShapeCfg) -> Heights:
    """An inverted pyramid: the robot starts at the bottom and walks up in any direction."""
    return -slope_down(rng, difficulty, tile, cell, cfg)


def slope_down(
    rng: np.random.Generator, difficulty: float, tile: float, cell: float, cfg: ShapeCfg
) -> Heights:
    """A pyramid of constant grade: the robot starts on its flat top."""
    run = _clipped_run(tile, cell, cfg)
    return (between(cfg.grade, difficulty) * (run.max() - run)).astype(np.float32)


def stairs_up(
    rng: np.random.Generator, difficulty: float, tile: float, cell: float, cfg: ShapeCfg
) -> Heights:
    """An amphitheatre: the robot starts at the bottom and climbs in any direction."""
    return -stairs_down(rng, difficulty, tile, cell, cfg)


def stairs_down(
    rng: np.random.Generator, difficulty: float, tile: float, cell: float, cfg: ShapeCfg
) -> Heights:
    """A stepped pyramid: the robot starts on its flat top. A height field's risers are one cell wide."""
    stair = np.ceil(_clipped_run(tile, cell, cfg) / cfg.tread - _EPS)
    height = cfg.height_scale * between(cfg.stair_height, difficulty)
    return (height * (stair.max() - stair)).astype(np.float32)


def steps(rng: np.random.Generator, difficulty: float, tile: float, cell: float, cfg: ShapeCfg) -> Heights:
    """Square boxes, each at a random height above or below the start patch."""
    n = grid_points(tile, cell)
    box = np.floor(np.arange(n) * cell / cfg.box + _EPS).astype(np.int64)
    height = cfg.height_scale * between(cfg.box_height, difficulty)
    heights = rng.uniform(-height, height, (box[-1] + 1, box[-1] + 1))
    return _with_flat_patch(heights[np.ix_(box, box)], tile, cell, cfg)


def uneven(rng: np.random.Generator, difficulty: float, tile: float, cell: float, cfg: ShapeCfg) -> Heights:
    """Random heights on a coarse grid, bilinear in between."""
    n = grid_points(tile, cell)
    knots = np.arange(n) * cell / cfg.bump
    low = np.floor(knots + _EPS).astype(np.int64)
    part = np.clip(knots - low, 0.0, 1.0)
    height = cfg.height_scale * between(cfg.bump_height, difficulty)
    heights = rng.uniform(-height, height, (low[-1] + 2, low[-1] + 2))
    rows = heights[low] * (1 - part[:, None]) + heights[low + 1] * part[:, None]
    return _with_flat_patch(rows[:, low] * (1 - part) + rows[:, low + 1] * part, tile, cell, cfg)


SHAPES: dict[str, Shape] = {
    "flat": flat,
    "slope_up": slope_up,
    "slope_down": slope_down,
    "stairs_up": stairs_up,
    "stairs_down": stairs_down,
    "steps": steps,
    "uneven": uneven,
}
"""Kind of tile -> its function."""


def grid_points(length: float, cell: float) -> int:
    """Grid points along `length`, both ends included.

    Raises:
        SpecError: `length` is not a whole number of cells.
    """
    cells = round(length / cell)
    if cells < 1 or abs(cells * cell - length) > _EPS * cell:
        raise SpecError(
            f"terrain: {length} m is not a whole number of cells of {cell} m; change the tile or the cell"
        )
    return cells + 1


def between(pair: tuple[float, float], difficulty: float) -> float:
    """Linear between the easiest and the hardest."""
    return pair[0] + difficulty * (pair[1] - pair[0])


def _radius(tile: float, cell: float) -> NDArray[np.float64]:
    """(n, n) larger of |x| and |y| from the tile's centre [m], whose contour lines are squares."""
    n = grid_points(tile, cell)
    offset = np.abs(np.arange(n) - (n - 1) / 2) * cell
    return np.maximum(offset[:, None], offset[None, :])


def _clipped_run(tile: float, cell: float, cfg: ShapeCfg) -> NDArray[np.float64]:
    """(n, n) distance from the start patch [m]: 0 on the patch, constant on the rim."""
    outer = tile / 2 - cfg.rim
    if outer <= cfg.patch / 2:
        raise SpecError(
            f"terrain: a tile of {tile} m has no room beside its patch ({cfg.patch} m) and rim ({cfg.rim} m)"
        )
    return np.clip(_radius(tile, cell), cfg.patch / 2, outer) - cfg.patch / 2


def _with_flat_patch(heights: NDArray[np.float64], tile: float, cell: float, cfg: ShapeCfg) -> Heights:
    """Heights with the start patch and the rim at 0."""
    run = _clipped_run(tile, cell, cfg)
    return np.where((run < _EPS) | (run > run.max() - _EPS), 0.0, heights).astype(np.float32)
