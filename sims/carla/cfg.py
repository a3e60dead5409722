"""Settings of the driving environments: the simulator's side; the task's are in `sims.carla.drive.cfg`."""

from __future__ import annotations

from dataclasses import dataclass, field

from sims.carla.drive.cfg import DriveCfg


@dataclass
class TimeoutCfg:
    """How long to wait before a server or a worker counts as hanging."""

    answer: float = 10.0
    """For a server to answer a call or to finish a tick [s]."""
    start: float = 120.0
    """For a server to be ready and its town loaded [s]."""
    reset: float = 60.0
    """For an episode to begin [s]."""
    step: float = 30.0
    """For a control period, and for tidying up at the end [s]; longer than `answer`."""
    reconnect: float = 60.0
    """For a server that was named with `server` and is lost to come back [s]."""


@dataclass
class DrivingCfg:
    """A driving task on CARLA servers, one for each environment."""

    town: str = "Town_Small"
    """Name of a map that the servers have, or path of an OpenDRIVE file (.xodr)."""
    server: str = ""
    """Full CARLA servers to use, HOST:PORT with commas between, at least one for each environment. Empty: an
    embedded server is started for each environment."""
    delta: float = 0.1
    """Control period, one tick of the world [s]; card C8 drives at 10 Hz."""
    episode_s: float = 120.0
    """The clock cuts episodes after this long [s]."""
    restart_every: int = 200
    """Episodes after which a server is restarted (one named with `server`: its town loaded anew), because
    full servers leak memory; 0 for never."""
    rendering: bool = False
    """Whether cameras are rendered. Observations need none; a full server is much faster without."""
    timeouts: TimeoutCfg = field(default_factory=TimeoutCfg)
    """How long to wait."""
    drive: DriveCfg = field(default_factory=DriveCfg)
    """The task."""
