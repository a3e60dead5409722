"""A driving server as a process, and clients of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sims.carla.process import ServerProcess, start_server
from tests.sims.carla.clients import new_client
from tests.sims.carla.server.towns import RING


@pytest.fixture(scope="session")
def ring_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An OpenDRIVE file."""
    path = tmp_path_factory.mktemp("maps") / "Ring.xodr"
    path.write_text(RING, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def server(ring_file: Path) -> Iterator[ServerProcess]:
    """A running server on the ring; what it records goes with the test's files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(ring_file.parent))
        process = start_server(str(ring_file))
    with process:
        yield process


@pytest.fixture
def client(server: ServerProcess) -> Any:
    """A client, and a new asynchronous episode."""
    client = new_client(server.port)
    client.get_world()
    client.reload_world()
    return client
