import time

import pytest

from landward.errors import LandwardError
from sims.carla.client import connect, free_port


def test_an_absent_server_is_said_at_once() -> None:
    port, start = free_port(), time.monotonic()
    with pytest.raises(LandwardError, match=f"no CARLA server at 127.0.0.1:{port} .*landward carla-server"):
        connect("127.0.0.1", port)
    assert time.monotonic() - start < 2.0
