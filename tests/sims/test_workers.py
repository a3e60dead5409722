"""Worker processes: progress, failure, death, hanging, and that none is left behind."""

import os
import sys
import time

import pytest

from landward.errors import LandwardError, RegistryError, SimulationError
from sims import workers
from sims.workers import LOG, Progress, Watch, interpreter, run_worker

QUICK = Watch(patience=1.0, grace=0.3, poll=0.02)
PATIENT = Watch(patience=60.0, grace=0.3, poll=0.02)


def run(folder, code, watch=PATIENT, **options):
    run_worker("engine", [sys.executable, "-S", "-c", code], folder, watch=watch, **options)


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid, seconds=5.0):
    """Whether a process ends within the time."""
    limit = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < limit:
        time.sleep(0.02)
    return not alive(pid)


def test_progress_is_shown_and_the_log_is_kept(tmp_path):
    code = (
        "import json, os, time\n"
        f"for i in range(3):\n"
        f"    open({str(tmp_path / 'p')!r}, 'w').write(json.dumps(dict(done=i + 1, total=3)))\n"
        f"    os.replace({str(tmp_path / 'p')!r}, {str(tmp_path / 'progress.json')!r})\n"
        "    time.sleep(0.3)\n"
        "print('hello')\n"
    )
    seen = []
    run(tmp_path, code, show=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert (tmp_path / LOG).read_text() == "hello\n"


def test_progress_is_noted_now_and_then_and_at_the_end(tmp_path):
    progress = Progress(tmp_path)
    for done in range(1, 101):
        progress(done, 100)
    assert workers._read(tmp_path) == {"done": 100, "total": 100}
    progress.finished()
    assert workers._read(tmp_path) == {"finished": True}


def test_the_workers_own_error_is_the_message(tmp_path):
    code = "import sys; print('warming up'); print('error: no such robot', file=sys.stderr); sys.exit(1)"
    with pytest.raises(SimulationError, match="^engine failed: no such robot$"):
        run(tmp_path, code)


def test_a_death_is_told_with_the_last_words(tmp_path):
    with pytest.raises(
        SimulationError, match="engine was killed by SIGKILL; its last lines: bye; all of them: "
    ):
        run(tmp_path, "import os; print('bye', flush=True); os.kill(os.getpid(), 9)")
    with pytest.raises(SimulationError, match="died with exit status 3; its last lines: none"):
        run(tmp_path, "import sys; sys.exit(3)")


def test_one_that_hangs_is_ended_with_its_children(tmp_path):
    code = (
        "import os, signal, subprocess, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen([sys.executable, '-S', '-c', 'import time; time.sleep(100)'])\n"
        "print(os.getpid(), child.pid, flush=True)\n"
        "time.sleep(100)\n"
    )
    with pytest.raises(SimulationError, match="engine hangs: no progress for 1 s, so its process was ended"):
        run(tmp_path, code, QUICK)
    pids = [int(word) for word in (tmp_path / LOG).read_text().split()]
    assert len(pids) == 2 and all(gone(pid) for pid in pids)


def test_one_that_hangs_after_its_work_has_done_it(tmp_path):
    code = (
        "import pathlib, time\n"
        f"pathlib.Path({str(tmp_path / 'progress.json')!r}).write_text('{{\"finished\": true}}')\n"
        "time.sleep(100)\n"
    )
    began = time.monotonic()
    run(tmp_path, code)
    assert time.monotonic() - began < 30.0


def test_none_is_left_when_we_are_interrupted(tmp_path):
    def interrupt(done, total):
        raise KeyboardInterrupt

    code = (
        "import os, pathlib, time\n"
        "print(os.getpid(), flush=True)\n"
        f'pathlib.Path({str(tmp_path / "progress.json")!r}).write_text(\'{{"done": 1, "total": 2}}\')\n'
        "time.sleep(100)\n"
    )
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, code, show=interrupt)
    assert gone(int((tmp_path / LOG).read_text()))


def test_an_old_log_is_not_quoted(tmp_path):
    (tmp_path / LOG).write_text("error: of yesterday\n")
    with pytest.raises(SimulationError, match="exit status 2; its last lines: none"):
        run(tmp_path, "import os; os._exit(2)")


def test_the_interpreter_of_an_engine(monkeypatch, tmp_path):
    assert os.access(interpreter("mujoco"), os.X_OK)
    with pytest.raises(RegistryError, match="unknown engine 'mujocu'"):
        interpreter("mujocu")
    monkeypatch.setenv("LANDWARD_ISAACLAB_PYTHON", str(tmp_path / "none"))
    with pytest.raises(LandwardError, match="make setup-isaaclab"):
        interpreter("isaaclab-newton")
