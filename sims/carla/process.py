"""An embedded server as a child process: started on a free port, watched, ended for certain."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from landward.errors import LandwardError
from sims.environments import checkout

READY = re.compile(r"^listening on (?P<host>\S+):(?P<port>\d+) town (?P<town>\S+)$", re.MULTILINE)
"""The line that a server prints when clients may connect."""
POLL = 0.02
"""[s] Between two looks at a server that starts."""
GRACE = 3.0
"""[s] From the request to end (TERM) to the end by force (KILL)."""
SHOWN = 3
"""Last lines of a server's log that an error quotes."""


@dataclass
class ServerProcess:
    """A running embedded server. It ends with this process, whatever happens to it."""

    host: str
    port: int
    town: str
    process: subprocess.Popen[bytes]
    log: Path
    """What it printed; removed by `stop`."""

    @property
    def alive(self) -> bool:
        """Whether it runs; a server that hangs is alive."""
        return self.process.poll() is None

    def stop(self) -> None:
        """End it. Safe to call twice."""
        _end(self.process)
        self.log.unlink(missing_ok=True)

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def start_server(town: str, seed: int = 0, port: int = 0, patience: float = 60.0) -> ServerProcess:
    """Start an embedded server on loopback and wait until clients may connect.

    Args:
        town: name of a map, or path of an OpenDRIVE file.
        seed: of whatever is random in the server.
        port: for calls; 0 takes a free one.
        patience: [s] for it to be ready.

    Raises:
        LandwardError: it ended (no such town, port in use) or is not ready in time; the message quotes it.
    """
    handle, name = tempfile.mkstemp(prefix="landward-carla-server-", suffix=".log")
    with os.fdopen(handle, "wb") as log:
        process = subprocess.Popen(
            command(town, seed, port), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_variables()
        )
    path = Path(name)
    try:
        found = _wait_until_ready(process, path, patience)
    except BaseException:
        _end(process)
        path.unlink(missing_ok=True)
        raise
    return ServerProcess(found["host"], int(found["port"]), found["town"], process, path)


def command(town: str, seed: int, port: int) -> list[str]:
    """The command line of a server that does not outlive this process."""
    which = ["--opendrive", town] if town.endswith(".xodr") else ["--town", town]
    return [
        *(sys.executable, "-m", "landward.cli.main", "carla-server", "--host", "127.0.0.1"),
        *("--port", str(port)),
        *(*which, "--seed", str(seed), "--parent-pid", str(os.getpid())),
    ]


def _variables() -> dict[str, str]:
    """Ours, with the checkout on the path, and one thread for numerics: servers run side by side."""
    root = checkout()
    paths = [str(root) if root else "", os.environ.get("PYTHONPATH", "")]
    one = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    return {
        **os.environ,
        **one,
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path, patience: float) -> dict[str, str]:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        ended = process.poll() is not None  # looked at before the log: what it printed last is then there
        text = log.read_text(encoding="utf-8", errors="replace")
        ready = READY.search(text)
        if ready and not ended:
            return ready.groupdict()
        if ended:
            raise LandwardError(f"the embedded CARLA server did not start: {_reason(text, process)}")
        time.sleep(POLL)
    raise LandwardError(
        f"the embedded CARLA server was not ready within {patience:g} s: the machine is too busy (raise "
        "--env.timeouts.start) or the town too big"
    )


def _reason(text: str, process: subprocess.Popen[bytes]) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    if errors:
        return errors[-1]
    return f"exit status {process.returncode}; its last lines: {' | '.join(lines[-SHOWN:]) or 'none'}"


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    if process.poll() is None:
        process.kill()
        process.wait()
