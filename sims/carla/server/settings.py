"""The world's settings and weather as a client sets them."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import Any

from sims.carla.server.arguments import flag, items, number, optional, whole
from sims.carla.server.errors import RpcError

NOON = (5.0, 0.0, 0.0, 10.0, -1.0, 45.0, 2.0, 0.75, 0.1, 0.0, 1.0, 0.03, 0.0331, 0.0)
"""WeatherParameters at the start of an episode: cloudiness, precipitation, deposits, wind, sun azimuth and
altitude [deg], fog density, distance and falloff, wetness, scattering intensity, Mie and Rayleigh scattering
scales, dust storm; a clear day, near CARLA's own default."""


@dataclass(frozen=True)
class Settings:
    """EpisodeSettings, with CARLA's defaults."""

    synchronous_mode: bool = False
    no_rendering_mode: bool = False
    fixed_delta_seconds: float | None = None
    """[s]; None: as long as the last step took."""
    substepping: bool = True
    max_substep_delta_time: float = 0.01
    """[s]"""
    max_substeps: int = 10
    max_culling_distance: float = 0.0
    """[m]"""
    deterministic_ragdolls: bool = True
    tile_stream_distance: float = 3000.0
    """[m]"""
    actor_active_distance: float = 2000.0
    """[m]"""
    spectator_as_ego: bool = True

    def to_wire(self) -> list[Any]:
        """EpisodeSettings."""
        delta = self.fixed_delta_seconds
        wire: list[Any] = list(astuple(self))
        wire[2] = [False] if delta is None else [True, delta]
        return wire

    @staticmethod
    def from_wire(sent: Any) -> Settings:
        """Read what a client sends; fields that are left out at the end keep their defaults.

        A fixed step of zero means a variable one, as CARLA has it.

        Raises:
            WireError: it is not EpisodeSettings.
            RpcError: a time step is not positive, or there are no substeps.
        """
        pairs = zip(fields(Settings), items(sent), strict=False)
        found = {field.name: READERS[field.name](value) for field, value in pairs}
        found["fixed_delta_seconds"] = found.get("fixed_delta_seconds") or None
        settings = Settings(**found)
        delta = settings.fixed_delta_seconds
        if delta is not None and not 0.0 < delta <= LONGEST_STEP:
            raise RpcError(
                f"fixed_delta_seconds is {delta}: it must be above 0 and at most {LONGEST_STEP:g} s"
            )
        if not 0.0 < settings.max_substep_delta_time <= LONGEST_STEP or settings.max_substeps < 1:
            raise RpcError(
                f"max_substep_delta_time {settings.max_substep_delta_time} and max_substeps "
                f"{settings.max_substeps} must be positive"
            )
        return settings


LONGEST_STEP = 10.0
"""[s] Nobody means a longer one, and it would keep all others waiting."""
READERS = {
    **{field.name: number for field in fields(Settings)},
    **{name: flag for name in ("synchronous_mode", "no_rendering_mode", "substepping")},
    **{name: flag for name in ("deterministic_ragdolls", "spectator_as_ego")},
    "fixed_delta_seconds": lambda value: optional(value, number),
    "max_substeps": whole,
}
"""Field -> how it is read."""
