"""A server as a program of CARLA's documentation finds it: in a town, and asynchronous.

The server notes which RPC methods it is asked for, and `docs/carla_calls.json` says which ones each module of
programs calls; the guide's table is made of it. Write it anew with

    LANDWARD_WRITE_CALLS=1 pytest -m carla tests/sims/carla/programs && python -P docs/tables.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.sims.carla.clients import free_port, new_client

ROOT = Path(__file__).parents[4]
CALLS = ROOT / "docs" / "carla_calls.json"
WRITE = "LANDWARD_WRITE_CALLS"
KEPT = {"request_file"}
"""Depends on what the client's cache has kept of earlier runs."""


@dataclass
class Served:
    """A running server."""

    port: int
    noted: Path
    """The name of each method, a line a call."""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A running server in the small town; what it records goes with the test's files."""
    folder = tmp_path_factory.mktemp("programs")
    noted = folder / "calls"
    noted.touch()
    words = [sys.executable, str(Path(__file__).parent / "serve.py"), str(noted), "--port", "0"]
    words += ["--recordings", str(folder / "recordings"), "--parent-pid", str(os.getpid())]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on 127.0.0.1:"), "the server's errors are above"
        yield Served(int(line.split()[2].rpartition(":")[2]), noted)
    finally:
        process.terminate()
        process.wait(10.0)


@pytest.fixture(scope="module")
def asked(server: Served, request: pytest.FixtureRequest) -> Iterator[None]:
    """Hold what the module's programs call to the list that the guide's table is made of."""
    os.truncate(server.noted, 0)
    yield
    if not request.session.testsfailed:
        hold(server, Path(request.path).stem.removeprefix("test_"))


def hold(server: Served, module: str) -> None:
    """Fail where a module calls what the list does not say; write the list where asked to."""
    names = sorted(set(server.noted.read_text().split()) - KEPT)
    known = json.loads(CALLS.read_text(encoding="utf-8")) if CALLS.is_file() else {}
    if os.environ.get(WRITE):
        known = dict(sorted({**known, module: names}.items()))
        CALLS.write_text(json.dumps(known, indent=1) + "\n", encoding="utf-8")
    unknown = set(names) - set(known.get(module, ()))
    assert not unknown, f"{CALLS.name} lacks {unknown}: write it anew, see {__file__}"


@pytest.fixture(scope="session")
def connection(server: Served) -> Any:
    """A client."""
    return new_client(server.port, patience=20.0)


@pytest.fixture
def client(connection: Any, asked: None) -> Iterator[Any]:
    """The client, in a new asynchronous episode."""
    connection.load_world("Town_Small")
    yield connection
    connection.get_server_version()  # calls that nobody waits for have arrived before this one


@pytest.fixture
def car(world: Any) -> Any:
    """A car that stands on the road."""
    blueprint = world.get_blueprint_library().find("vehicle.dodge.charger_2020")
    car = world.spawn_actor(blueprint, world.get_map().get_spawn_points()[0])
    world.tick()
    return car


@pytest.fixture
def traffic(client: Any) -> Iterator[Any]:
    """A synchronous TrafficManager."""
    traffic = client.get_trafficmanager(free_port())
    traffic.set_synchronous_mode(True)
    yield traffic
    traffic.set_synchronous_mode(False)
    traffic.shut_down()
