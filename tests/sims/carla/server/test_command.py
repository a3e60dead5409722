"""The verb: what it says when it cannot start."""

import subprocess
import sys
from pathlib import Path

import pytest

from sims.carla.server.server import ServerCfg
from sims.carla.server.sockets import ServerError, listen

BROKEN = "<OpenDRIVE>"


def test_numbers_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ServerError, match="--rate 0 and --longest-wait 2 must be positive"):
        ServerCfg(rate=0.0)


@pytest.mark.parametrize(
    ("host", "port"), [("127.0.0.1", 70_000), ("192.0.2.1", 0), ("no.such.host.invalid", 0)]
)
def test_an_address_that_is_not_ours_is_one_message(host: str, port: int) -> None:
    with pytest.raises(ServerError, match="cannot listen on"):
        listen(host, port, "--port")


def test_a_port_in_use_names_itself_and_the_remedy() -> None:
    with listen("127.0.0.1", 0, "--port") as sock:
        port = sock.getsockname()[1]
        with pytest.raises(
            ServerError, match=f"port {port} of 127.0.0.1 is in use.*another port with --stream-port"
        ):
            listen("127.0.0.1", port, "--stream-port")


@pytest.mark.carla
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--town", "Atlantis"), "there is no map 'Atlantis'"),
        (("--opendrive", "broken.xodr"), "broken is no XML"),
        (("--opendrive", "missing.xodr"), "missing.xodr"),
        (("--rate", "0"), "must be positive"),
        (("--parent-pid", "1"), "process 1 is not the parent"),
    ],
)
def test_what_cannot_start_says_why_in_one_line(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "broken.xodr").write_text(BROKEN, encoding="utf-8")
    words = [sys.executable, "-m", "landward.cli.main", "carla-server", "--port", "0", *arguments]
    root = Path(__file__).parents[4]
    ran = subprocess.run(
        words, cwd=tmp_path, env={"PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 1
    assert ran.stdout == ""
    (line,) = ran.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert message in line
