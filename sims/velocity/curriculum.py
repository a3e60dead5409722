"""The game-inspired terrain curriculum of Rudin et al. 2022: robots that get on move to harder ground."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landward.array import Random, to_numpy
from landward.errors import LandwardError
from sims.terrain import Terrain

Array = Any


class TerrainLevels:
    """Which tile each environment starts on.

    The kind of an environment's tile is fixed, its level changes when an episode ends (Rudin et al. 2022,
    "Learning to Walk in Minutes Using Massively Parallel Deep Reinforcement Learning").
    """

    levels: Array
    """(N,) int64 level of each environment, 0 the easiest."""
    kinds: Array
    """(N,) int64 column of `terrain.kinds` of each environment."""
    frozen: bool
    """True: `update` leaves the levels alone, as in an evaluation."""

    def __init__(
        self, terrain: Terrain, num_envs: int, random: Random, start_level: int | None = None
    ) -> None:
        """Spread the environments evenly over the kinds and at random over the lowest levels.

        Args:
            terrain: the ground.
            num_envs: number of environments.
            random: draws start levels, and new ones for those who pass the last; owned by the caller.
            start_level: highest level to start on; None: the middle one.

        Raises:
            LandwardError: the terrain has no such level.
        """
        highest = (terrain.levels - 1) // 2 if start_level is None else start_level
        if not 0 <= highest < terrain.levels:
            raise LandwardError(f"start level {highest}: the terrain has levels 0 to {terrain.levels - 1}")
        self.terrain, self._random, self._xp = terrain, random, random.xp
        self._origins = self._xp.asarray(terrain.origins, device=random.device)
        self.kinds = self._xp.arange(num_envs, device=random.device) % len(terrain.kinds)
        self.levels = random.integers(0, highest + 1, (num_envs,))
        self.frozen = False

    @property
    def mean_level(self) -> float:
        """Mean level over all environments, for the log."""
        return float(self._xp.mean(self._xp.astype(self.levels, self._xp.float32)))

    def origins(self, env_ids: Array) -> Array:
        """Start points of some environments.

        Args:
            env_ids: (n,) indices.

        Returns:
            (n, 3) points on the ground, world frame [m].
        """
        return self._origins[self.levels[env_ids], self.kinds[env_ids]]

    def update(self, env_ids: Array, walked: Array, commanded: Array) -> None:
        """Move environments whose episode has ended up or down a level; call it before asking for `origins`.

        Up: walked further than half a tile. Down: walked less than half of what was commanded, and not up.
        Whoever passes the last level goes on at a random one, so that the easy ground is not forgotten.

        Args:
            env_ids: (n,) indices.
            walked: (n,) straight distance from the start point [m].
            commanded: (n,) distance that following the commands would have covered in a whole episode [m];
                whole, so that a fall counts as not having walked on.
        """
        if self.frozen or len(env_ids) == 0:
            return
        up = walked > self.terrain.tile / 2
        down = (walked < 0.5 * commanded) & ~up
        step = self._xp.astype(up, self._xp.int64) - self._xp.astype(down, self._xp.int64)
        levels = self.levels[env_ids] + step
        # Drawn for all, so that the stream does not depend on how many passed.
        anywhere = self._random.integers(0, self.terrain.levels, (len(env_ids),))
        levels = self._xp.where(levels >= self.terrain.levels, anywhere, levels)
        self.levels[env_ids] = self._xp.where(levels < 0, self._xp.zeros_like(levels), levels)

    def assign(self, kinds: Array, level: Array | int) -> None:
        """Put every environment on a given tile and keep it there, for an evaluation.

        Args:
            kinds: (N,) columns of `terrain.kinds`.
            level: one for all, or (N,).

        Raises:
            LandwardError: the terrain has no such kind or level, or there are not N of them.
        """
        kinds = self._xp.asarray(kinds, dtype=self._xp.int64, device=self._random.device)
        levels = self._xp.asarray(level, dtype=self._xp.int64, device=self._random.device)
        if tuple(kinds.shape) != tuple(self.kinds.shape):
            raise LandwardError(
                f"{len(self.kinds)} environments need as many kinds, got shape {tuple(kinds.shape)}"
            )
        if int(kinds.min()) < 0 or int(kinds.max()) >= len(self.terrain.kinds):
            raise LandwardError(
                f"terrain kinds are columns 0 to {len(self.terrain.kinds) - 1}: {self.terrain.kinds}"
            )
        if int(levels.min()) < 0 or int(levels.max()) >= self.terrain.levels:
            raise LandwardError(f"terrain levels are 0 to {self.terrain.levels - 1}, got {level}")
        self.kinds[:], self.levels[:], self.frozen = kinds, levels, True

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on; the random stream is its owner's to save."""
        return {
            "kinds": to_numpy(self.kinds).tolist(),
            "levels": to_numpy(self.levels).tolist(),
            "frozen": self.frozen,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore `state_dict()`.

        Raises:
            LandwardError: it is of another number of environments or of a larger terrain.
        """
        self.assign(state["kinds"], state["levels"])
        self.frozen = bool(state["frozen"])
