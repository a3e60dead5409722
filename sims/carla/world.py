"""A driving world in a worker process: its server, the client that is connected to it, and the task."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from numpy.typing import NDArray

from landward.errors import LandwardError
from sims.carla.cfg import DrivingCfg
from sims.carla.client import Simulator, connect
from sims.carla.drive.episode import DrivingEpisode
from sims.carla.handshake import parse_address
from sims.carla.process import ServerProcess, start_server
from sims.remote.world import Outcome

UNKNOWN = "rpc::rpc_error during call in function"
"""What the client says where a server refuses the name of a call."""


class CarlaWorld:
    """See `sims.remote.world.World`."""

    def __init__(self, cfg: DrivingCfg, address: str, seed: int, again: bool) -> None:
        """Start a server, or connect to one, and load the town.

        Args:
            cfg: settings.
            address: HOST:PORT of a server that runs; "" starts an embedded one.
            seed: of the server's sensors.
            again: this world replaces one: a server that runs may have to come back first, and its town is
                loaded anew.

        Raises:
            LandwardError: no server, another version, or no such town.
        """
        self._server: ServerProcess | None = None
        self._simulator: Simulator | None = None
        try:
            if not address:
                self._server = start_server(cfg.town, seed, patience=cfg.timeouts.start)
                address = f"{self._server.host}:{self._server.port}"
            attached = self._server is None
            self._simulator = connect(
                *parse_address(address),
                town=cfg.town if attached else "",
                delta=cfg.delta,
                patience=cfg.timeouts.answer,
                rendering=cfg.rendering,
                wait=cfg.timeouts.reconnect if again and attached else 0.0,
                fresh=again and attached,
            )
            self._episode = DrivingEpisode(self._simulator, cfg.drive)
        except BaseException:
            self.close()
            raise

    def reset(self, seed: int) -> Outcome:
        """See World."""
        with explained():
            return self._episode.reset(seed)

    def step(self, control: NDArray[Any]) -> Outcome:
        """See World."""
        with explained():
            return self._episode.step(control)

    def summary(self) -> dict[str, float]:
        """See World."""
        return self._episode.summary()

    def picture(self, size: tuple[int, int]) -> NDArray[Any]:
        """See World."""
        return self._episode.picture(size)

    def close(self) -> None:
        """See World."""
        if self._simulator is not None:
            self._simulator.close()
        if self._server is not None:
            self._server.stop()


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """Tell a call that the server does not know, which stays so, from a server that is lost."""
    try:
        yield
    except RuntimeError as error:
        if UNKNOWN not in str(error):
            raise
        name = str(error).rpartition(" ")[2]
        raise LandwardError(
            f"the CARLA server does not know the call {name!r}: it is of another version than the client"
        ) from None
