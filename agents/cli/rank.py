"""One of several processes that train a policy: `python -m agents.cli.rank FOLDER PARENT_PID`.

torchrun's agent starts it (see `agents.cli.ranks`) with the rank in its environment. FOLDER/job.json says
what to do: a new run ("task", "agent", "num_envs", "root", "env") or one to go on with ("run"); "export"; and
the "argv" of the command line.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PR_SET_PDEATHSIG = 1
"""From linux/prctl.h."""


def main() -> None:
    """Do the job and report; the exit status is 0 unless it failed."""
    folder, rank = Path(sys.argv[1]), int(os.environ["RANK"])
    die_with(int(sys.argv[2]))
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    sys.argv = job["argv"]
    level = logging.WARNING if rank == 0 else logging.ERROR
    logging.basicConfig(format="%(levelname)s: %(message)s", level=level, stream=sys.stderr)
    logging.addLevelName(logging.WARNING, "warning")

    from agents.cli.ranks import report_path
    from landward.errors import LandwardError

    try:
        report = {"status": work(job)}
    except LandwardError as error:
        report = {"error": str(error)}
    except BaseException as error:
        report = {"error": f"{type(error).__name__}: {error}", "traceback": traceback.format_exc()}
    report_path(folder, rank).write_text(json.dumps(report), encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    # Not through the interpreter's end, where NCCL may wait for ranks that are gone.
    os._exit(0 if "status" in report else 1)


def work(job: Mapping[str, Any]) -> int:
    """Train with the other ranks; the first one exports. Returns the exit status of the run."""
    from agents.cli.train import finish
    from agents.on_policy import settings, train
    from agents.on_policy.config import config_from_dict
    from agents.on_policy.world import join
    from sims.registry import get_task

    if "run" in job:
        world = join(train.device_of(job["run"]))
        runner = train.resume(job["run"], world)
        told = f"resumed after iteration {runner.current_learning_iteration}"
    else:
        config = config_from_dict(job["agent"])
        world = join(config.device)
        env = settings.rebuild(get_task(job["task"]).make_cfg(False), job["env"])
        runner = train.start(job["task"], config, job["num_envs"], job["root"], env, world)
        told = f"run folder: {runner.folder.path}"
    if world.main:
        print(told, flush=True)
    return finish(runner, job["export"])


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends, by SIGKILL too, which no code could answer."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


if __name__ == "__main__":
    main()
