"""`landward carla-server`."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import FrameType
from typing import Literal

from landward.cache import cache_folder
from landward.errors import require
from sims.carla.server.sockets import ServerError

DEATH_SIGNAL = 1
"""PR_SET_PDEATHSIG of Linux's prctl."""


@dataclass
class CarlaServer:
    """Serve a driving world to CARLA clients: the protocol of CARLA 0.9.16, without Unreal and without a GPU.

    The unmodified `carla` package connects to it, with its TrafficManager. It prints one line once it is
    ready, and runs until it is interrupted.

    Examples:
        landward carla-server
        landward carla-server --town Highway --port 2100
        landward carla-server --opendrive my_town.xodr --host 0.0.0.0
    """

    town: str = "Town_Small"
    """Where the first episode takes place; clients can load others."""
    opendrive: Path | None = None
    """An OpenDRIVE file to start in instead."""
    host: str = "127.0.0.1"
    """Interface to listen on. Whoever can connect can drive and spawn; 0.0.0.0 lets other machines in."""
    port: int = 2000
    """Of the RPC; 0 for any free one."""
    stream_port: int | None = None
    """Of the sensor data; the one after `port` when not given."""
    seed: int = 0
    """Of sensors' noise and of everything else that draws random numbers."""
    rate: float = 20.0
    """[Hz] Steps a second while no client has set synchronous mode or a fixed step."""
    longest_wait: float = 2.0
    """[s] A client that takes no data for so long in synchronous mode is dropped."""
    renderer: Literal["auto", "egl", "cv2"] = "auto"
    """What draws for the cameras: OpenGL without a display, or cv2 where there is none."""
    walker_navigation: bool = True
    """Guide walkers that have a controller: clients get a mesh of the pavements and crosswalks."""
    recordings: Path = field(default_factory=lambda: cache_folder("carla-recordings"))
    """Folder of the recordings that clients make; the only place where the server writes."""
    parent_pid: int | None = None
    """End when this process ends; for programs that start a server for themselves."""

    def run(self) -> int:
        """Serve until SIGINT or SIGTERM."""
        os.environ.setdefault("HOME", os.path.expanduser("~"))  # without one, importing `carla` crashes
        for module in ("msgpack", "carla"):
            require(module, "carla", "the driving server speaks CARLA's protocol with it")
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGINT, _end)
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # a socket for each sensor of each client
        if self.parent_pid is not None:
            end_with(self.parent_pid)
        from sims.carla.maps.town import load_town
        from sims.carla.server.server import Server, ServerCfg

        town = load_town(str(self.opendrive or self.town))
        names = (field.name for field in fields(ServerCfg))
        cfg = ServerCfg(**{name: getattr(self, name) for name in names})
        server = Server(cfg, town)
        print(f"listening on {self.host}:{server.port} town {town.name}", flush=True)
        try:
            server.run()
        finally:
            server.close()
        return 0


def end_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, be it stopped or stuck.

    Raises:
        ServerError: `parent` is not the parent of this process, or has just ended.
    """
    ctypes.CDLL(None).prctl(DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        raise ServerError(f"process {parent} is not the parent of this one, or it has ended")


def _end(number: int, frame: FrameType | None) -> None:
    """End in order, from wherever the server is."""
    sys.exit(0)
