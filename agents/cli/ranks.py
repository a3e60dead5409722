"""Several processes that train one policy: torchrun's agent starts them, watches them and ends them.

Every process runs `agents.cli.rank` with the same job, which is a file of a folder that this process owns; it
leaves a report there. What one of them says as it fails becomes the one message of the run.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from agents.on_policy.world import check_gpus
from landward.errors import LandwardError

STOP_SECONDS = 600
"""How long the ranks have for the iteration under way and its checkpoint after Ctrl-C or SIGTERM; then they
are killed."""
SOONER = 10.0
"""Seconds by which a rank that was killed counts as the earlier one to end: its end makes the others fail."""


def launch(job: Mapping[str, Any], ranks: int, device: str) -> int:
    """Run a job in several processes until the last one has ended.

    The first Ctrl-C or SIGTERM lets them finish the iteration and save; a second Ctrl-C kills them. They also
    die with this process, however it ends.

    Args:
        job: see `agents.cli.rank`.
        ranks: number of processes.
        device: "cuda", a GPU each, or "cpu".

    Returns:
        The exit status of the first rank; 130 after Ctrl-C, 143 after SIGTERM.

    Raises:
        LandwardError: there are not as many GPUs, or a rank has failed, which ends all.
    """
    if ranks < 1:
        raise LandwardError(f"--gpus must be at least 1, got {ranks}")
    if device.partition(":")[0] == "cuda":
        check_gpus(ranks)
    for name in list(logging.root.manager.loggerDict):
        if name.startswith("torch.distributed.elastic"):  # its own account of what is told below
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="landward-ranks-") as name:
        folder = Path(name)
        (folder / "job.json").write_text(json.dumps({"argv": sys.argv, **job}), encoding="utf-8")
        config = LaunchConfig(
            min_nodes=1,
            max_nodes=1,
            nproc_per_node=ranks,
            run_id=uuid.uuid4().hex,
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            local_addr="localhost",
            max_restarts=0,
            signals_to_handle="SIGTERM,SIGHUP",  # Ctrl-C stays Python's, so that a second one interrupts
            shutdown_timeout=STOP_SECONDS,
        )
        # Where the shell ignores Ctrl-C for a command in the background, kill -INT is to end it all the same.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            elastic_launch(config, sys.executable)("-P", "-m", "agents.cli.rank", name, str(os.getpid()))
        except KeyboardInterrupt:
            return 128 + signal.SIGINT
        except SignalException as stop:
            return 128 + stop.sigval
        except ChildFailedError as error:
            raise _explained(folder, error.failures, ranks) from None
        finally:
            signal.signal(signal.SIGINT, before)
        return int(read_report(folder, 0)["status"])


def report_path(folder: Path, rank: int) -> Path:
    """Where a rank leaves word of how it ended."""
    return folder / f"rank_{rank}.json"


def read_report(folder: Path, rank: int) -> dict[str, Any]:
    """What a rank said as it ended: "status", or "error" and perhaps "traceback"; empty: nothing."""
    path = report_path(folder, rank)
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _explained(folder: Path, failures: Mapping[int, ProcessFailure], ranks: int) -> LandwardError:
    """The error of the rank whose end made the others end."""
    reports = {rank: read_report(folder, rank) for rank in sorted(failures)}
    for rank, report in reports.items():
        if "error" in report and "traceback" not in report:
            return LandwardError(report["error"] if rank == 0 else f"rank {rank}: {report['error']}")

    def time_of_end(rank: int) -> float:
        code, time = failures[rank].exitcode, failures[rank].timestamp
        if code == -signal.SIGTERM:  # the agent told it to end because of another
            return time + SOONER
        return time - SOONER * (code < 0)

    first = min(sorted(failures), key=time_of_end)
    others = f"the other {'rank was' if ranks == 2 else f'{ranks - 1} ranks were'} ended too"
    remedy = "checkpoints are whole: go on with landward resume RUN_FOLDER"
    if failures[first].exitcode < 0:
        number = signal.Signals(-failures[first].exitcode)
        why = "; the system does that where memory runs out" if number == signal.SIGKILL else ""
        return LandwardError(f"rank {first} was killed by {number.name}{why}; {others}; {remedy}")
    sys.stderr.write(reports[first].get("traceback", ""))
    said = reports[first].get("error", f"exit status {failures[first].exitcode}")
    return LandwardError(f"rank {first} failed: {said}; {others}; {remedy}")
