"""A server as a program of CARLA's documentation finds it: in a town, and asynchronous."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sims.carla.process import ServerProcess, start_server


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A running server in the small town."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        process = start_server("Town_Small")
    with process:
        yield process


@pytest.fixture
def client(server: ServerProcess) -> Any:
    """A client, and a new asynchronous episode."""
    carla = pytest.importorskip("carla")
    client = carla.Client(server.host, server.port)
    client.set_timeout(10.0)
    client.load_world("Town_Small")
    return client


@pytest.fixture
def world(client: Any) -> Any:
    """The world of a new episode, synchronous with steps of 0.05 s."""
    world = client.get_world()
    settings = world.get_settings()
    settings.synchronous_mode, settings.fixed_delta_seconds = True, 0.05
    world.apply_settings(settings)
    return world


@pytest.fixture
def free_port() -> int:
    """For a TrafficManager."""
    with contextlib.closing(socket.socket()) as sock:
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]
