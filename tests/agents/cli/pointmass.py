"""The point mass as a registered task."""

from dataclasses import dataclass, field

from tests.agents.fakes import PointMass


@dataclass
class Limits:
    """Limits."""

    episode: int = 20
    """Control steps of an episode."""
    box: tuple[int, int] = (1, 2)
    """Not used."""


@dataclass
class Scan:
    """A section that may be left out."""

    points: int = 3
    """Not used."""


@dataclass
class PointMassCfg:
    """Settings of the tiny task."""

    limits: Limits = field(default_factory=Limits)
    """Limits."""
    scan: Scan | None = None
    """Not used."""


def make(name, cfg, num_envs, seed, dump_dir=None):
    return PointMass(num_envs, seed, max_episode_steps=cfg.limits.episode)
