import time

import pytest

from landward.errors import LandwardError
from sims.carla.client import free_port
from sims.carla.handshake import parse_address, server_version
from tests.sims.carla.impostors import listener

HERE = "127.0.0.1"


def test_addresses_have_carlas_port_unless_told_otherwise() -> None:
    assert parse_address(" localhost ") == ("localhost", 2000)
    assert parse_address("10.0.0.1:2100") == ("10.0.0.1", 2100)


def test_a_server_says_its_version() -> None:
    with listener("0.9.15") as port:
        assert server_version(HERE, port, 5.0) == "0.9.15"


def test_an_absent_server_is_waited_for() -> None:
    start = time.monotonic()
    with pytest.raises(LandwardError, match="no CARLA server"):
        server_version(HERE, free_port(), 5.0, wait=0.6)
    assert 0.5 < time.monotonic() - start < 5.0


def test_silence_is_not_waited_for_longer_than_told() -> None:
    start = time.monotonic()
    with listener(None) as port, pytest.raises(LandwardError, match="does not answer .* within 0.2 s"):
        server_version(HERE, port, 0.2)
    assert time.monotonic() - start < 5.0


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\xc1" * 100,
        b"\x91" * 100_000,
        b"\x94\x01\x01\xc0\x91\x92\x00\x01",
    ],
)
def test_another_program_is_not_taken_for_a_server(garbage: bytes) -> None:
    with listener(None, garbage) as port, pytest.raises(LandwardError, match="is no CARLA server"):
        server_version(HERE, port, 5.0)
