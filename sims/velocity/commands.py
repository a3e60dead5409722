"""Commanded velocities: drawn, held, redrawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from landward.array import Random, constant, convert, copy, place
from sims.velocity.cfg import CommandCfg

Array = Any


class VelocityCommand:
    """(N, 3) commands vx, vy [m/s], wz [rad/s] in the base frame."""

    def __init__(self, cfg: CommandCfg, num_envs: int, control_period: float, random: Random) -> None:
        self._cfg, self._period, self._random = cfg, control_period, random
        self._low, self._high = ([r[i] for r in (cfg.vx, cfg.vy, cfg.wz)] for i in (0, 1))
        xp, where = random.xp, place(random.xp, random.device)
        self.value = xp.zeros((num_envs, 3), dtype=xp.float32, **where)
        self.held = xp.zeros((num_envs,), dtype=xp.bool, **where)
        """Environments whose command was set from outside and is not redrawn."""

    def draw(self, env_ids: Array) -> None:
        """New commands for `env_ids`, except where they are held."""
        env_ids = env_ids[~self.held[env_ids]]
        n, xp, random = len(env_ids), self._random.xp, self._random
        if n == 0:
            return
        low, high = (constant(bound, xp, random.device) for bound in (self._low, self._high))
        command = random.uniform(0.0, 1.0, (n, 3)) * (high - low) + low
        zero = random.uniform(0.0, 1.0, (n,)) < self._cfg.standing
        zero = zero | xp.all(xp.abs(command) < self._cfg.dead_zone, axis=-1)
        self.value[env_ids] = xp.where(zero[:, None], xp.zeros_like(command), command)

    def step(self) -> None:
        """Redraw some commands; on average each lasts `resample_s`."""
        xp, n = self._random.xp, self.value.shape[0]
        chance = self._period / self._cfg.resample_s
        if self._cfg.resample_standing_s is not None:
            still = xp.all(self.value == 0, axis=-1)
            redraw = self._period / self._cfg.resample_standing_s
            chance = xp.where(still, xp.full_like(still, redraw, dtype=xp.float32), chance)
        self.draw(xp.nonzero(self._random.uniform(0.0, 1.0, (n,)) < chance)[0])

    def hold(self, env_ids: Array, command: Array) -> None:
        """Set commands (n, 3) that stay until they are set again."""
        self.value[env_ids] = convert(command, self._random.xp, self._random.device, self.value.dtype)
        self.held[env_ids] = True

    def state_dict(self) -> dict[str, Any]:
        """Commands and which of them are held."""
        return {"value": copy(self.value), "held": copy(self.held)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore `state_dict()`."""
        self.value[:] = convert(state["value"], self._random.xp, self._random.device)
        self.held[:] = convert(state["held"], self._random.xp, self._random.device)
