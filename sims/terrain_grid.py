"""Tiles of rising difficulty laid side by side: the training ground of the rough-terrain tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from landward.errors import SpecError
from sims.terrain import Terrain
from sims.terrain_shapes import SHAPES, ShapeCfg, between, grid_points


def default_kinds() -> dict[str, int]:
    """Isaac Lab's shares without repeated columns, and one column of flat ground."""
    return dict.fromkeys(SHAPES, 1)


@dataclass
class TerrainCfg:
    """What `make_terrain` builds: difficulty rises along x, the kinds lie side by side along y."""

    kinds: Mapping[str, int] = field(default_factory=default_kinds)
    """Kind of tile -> number of columns, and so its share: environments are spread evenly over columns."""
    levels: int = 10
    """Number of difficulty levels; legged_gym and Isaac Lab: 10."""
    difficulty: tuple[float, float] = (0.0, 1.0)
    """Difficulty of the first and the last level; one level alone has that of the last."""
    tile: float = 6.0
    """Side of a tile [m]; a robot moves up when it walks further than half of it. Isaac Lab: 8 for ANYmal."""
    border: float = 3.0
    """Flat strip around the tiles [m]. There is no ground beyond it: end episodes there (Terrain.outside)."""
    cell: float = 0.075
    """Distance between grid points [m]. Smaller cells make stairs steeper (a riser is one cell wide) and
    physics slower: for Go1 2.0 (0.05 m), 1.7 (0.075 m) and 1.55 (0.1 m) times the time on the plane."""
    start_level: int = 4
    """Highest level that environments begin training on; Isaac Lab: 5 of 10."""
    shape: ShapeCfg = field(default_factory=ShapeCfg)
    """Dimensions of the tiles."""
    seed: int = 0
    """Same seed, same ground."""

    def validate(self) -> None:
        """Raise SpecError for settings that make no terrain."""
        self.shape.validate()
        unknown = sorted(set(self.kinds) - set(SHAPES))
        if unknown:
            raise SpecError(f"terrain.kinds has {', '.join(unknown)}; the kinds are {', '.join(SHAPES)}")
        if sum(self.kinds.values()) < 1 or min(self.kinds.values()) < 0:
            raise SpecError("terrain.kinds needs at least one column, and none can have a negative number")
        if self.levels < 1 or not 0 <= self.start_level < self.levels:
            raise SpecError(
                f"terrain: start_level {self.start_level} must be one of the {self.levels} levels, from 0"
            )
        if not (self.cell > 0 and self.border >= 0):
            raise SpecError(
                f"terrain: cell {self.cell} m must be positive and border {self.border} m not negative"
            )


def make_terrain(cfg: TerrainCfg) -> Terrain:
    """Lay out levels x kinds tiles within a flat border, centred on the world's origin.

    Each tile has its own random stream (seed, level, column): more levels or kinds leave the others alone.

    Raises:
        SpecError: the configuration makes no terrain.
    """
    cfg.validate()
    kinds = tuple(kind for kind, columns in cfg.kinds.items() for _ in range(columns))
    side = grid_points(cfg.tile, cfg.cell) - 1
    margin = grid_points(cfg.border, cfg.cell) - 1 if cfg.border > 0 else 0
    shape = (side * len(kinds) + 2 * margin + 1, side * cfg.levels + 2 * margin + 1)
    heights = np.zeros(shape, np.float32)
    origins = np.zeros((cfg.levels, len(kinds), 3), np.float32)
    for level in range(cfg.levels):
        for column, kind in enumerate(kinds):
            rng = np.random.default_rng([cfg.seed, level, column])
            tile = SHAPES[kind](rng, _difficulty(cfg, level), cfg.tile, cfg.cell, cfg.shape)
            row, col = margin + side * column, margin + side * level
            heights[row : row + side + 1, col : col + side + 1] = tile
            x = (level - (cfg.levels - 1) / 2) * cfg.tile
            y = (column - (len(kinds) - 1) / 2) * cfg.tile
            origins[level, column] = x, y, tile[side // 2, side // 2]
    return Terrain(heights=heights, cell=cfg.cell, origins=origins, kinds=kinds, tile=cfg.tile)


def _difficulty(cfg: TerrainCfg, level: int) -> float:
    return between(cfg.difficulty, level / (cfg.levels - 1) if cfg.levels > 1 else 1.0)
