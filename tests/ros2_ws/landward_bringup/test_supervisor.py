"""Children are small Python programs that say when they are up and write down when they are told to stop."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from landward.errors import RunError
from landward_bringup.supervisor import Ending, Job, Supervisor

PROLOGUE = """
import os, pathlib, signal, sys, time
here, name = pathlib.Path(sys.argv[1]), sys.argv[2]
def note(text):
    with (here / "events").open("a") as stream:
        stream.write(f"{name} {text}\\n")
def stop(number, frame):
    note("term")
    sys.exit(0)
"""
CALM = "signal.signal(signal.SIGTERM, stop); note('up'); (here / f'{name}.up').touch(); signal.pause()"
DEAF = (
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); (here / f'{name}.up').touch()\nwhile True: time.sleep(9)"
)


class Scene:
    """A folder, jobs in it, and what they left."""

    def __init__(self, here: Path) -> None:
        self.here = here
        self.said: list[str] = []

    def job(self, name: str, program: str, *needs: str, ends: bool = False) -> Job:
        words = (sys.executable, "-S", "-c", PROLOGUE + program, str(self.here), name)
        return Job(name, words, needs, ends)

    def supervisor(self, *jobs: Job, **settings: float) -> Supervisor:
        return Supervisor(jobs, self.here / "logs", self.said.append, **settings)

    def ready(self) -> set[str]:
        return {path.stem for path in self.here.glob("*.up")}

    @property
    def events(self) -> list[str]:
        path = self.here / "events"
        return path.read_text().splitlines() if path.exists() else []


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def eventually(condition, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return False


def test_start_order_follows_needs_and_stop_order_is_the_reverse(scene: Scene) -> None:
    jobs = [scene.job("twin", CALM), scene.job("safety", CALM, "twin"), scene.job("policy", CALM, "safety")]
    with scene.supervisor(*jobs) as supervisor:
        assert supervisor.start(scene.ready) is None
        assert supervisor.wait(0.0) is None
    assert scene.events == [
        "twin up", "safety up", "policy up", "policy term", "safety term", "twin term"
    ]  # fmt: skip


def test_nothing_is_started_that_needs_what_is_not_ready(scene: Scene) -> None:
    jobs = [scene.job("safety", "time.sleep(60)"), scene.job("policy", CALM, "safety")]
    with scene.supervisor(*jobs, start_timeout=0.3) as supervisor:
        ending = supervisor.start(scene.ready)
    assert ending == Ending("safety", "safety was not ready within 0.3 s", 1)
    assert scene.events == []


def test_a_process_that_dies_ends_all_and_its_last_lines_are_shown(scene: Scene) -> None:
    program = "(here / f'{name}.up').touch(); print('loading'); print('no such file', file=sys.stderr); "
    jobs = [scene.job("twin", CALM), scene.job("policy", program + "sys.exit(3)", "twin")]
    with scene.supervisor(*jobs) as supervisor:
        ending = supervisor.start(scene.ready) or supervisor.wait(10.0)
    assert ending is not None and (ending.name, ending.status) == ("policy", 3)
    assert sorted(ending.lines) == ["loading", "no such file"]
    assert str(ending).startswith("policy failed with status 3; its last lines:\n  ")
    assert scene.events == ["twin up", "twin term"]


def test_a_process_that_is_killed_is_named_with_its_signal(scene: Scene) -> None:
    program = "(here / f'{name}.up').touch(); os.kill(os.getpid(), signal.SIGKILL)"
    with scene.supervisor(scene.job("safety", program)) as supervisor:
        ending = supervisor.start(scene.ready) or supervisor.wait(10.0)
    assert ending == Ending("safety", "safety was killed by SIGKILL", 128 + 9)


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (True, Ending("operator", "operator is done", 0)),
        (False, Ending("operator", "operator ended by itself", 1, ("walked",))),
    ],
)
def test_only_some_may_end_by_themselves(scene: Scene, ends: bool, expected: Ending) -> None:
    program = "(here / f'{name}.up').touch(); print('walked')"
    with scene.supervisor(scene.job("operator", program, ends=ends)) as supervisor:
        assert (supervisor.start(scene.ready) or supervisor.wait(10.0)) == expected


def test_one_that_ignores_term_is_killed(scene: Scene) -> None:
    with scene.supervisor(scene.job("twin", DEAF), scene.job("policy", CALM), grace=0.2) as supervisor:
        assert supervisor.start(scene.ready) is None
        pids = [running.child.pid for running in supervisor._running.values()]
        began = time.monotonic()
        supervisor.stop()
    assert 0.2 < time.monotonic() - began < 3.0
    assert not any(is_alive(pid) for pid in pids)
    assert "twin   | does not stop within 0.2 s: killed" in scene.said
    assert not any("policy" in line for line in scene.said)


def test_descendants_go_with_their_process(scene: Scene) -> None:
    program = (
        "import subprocess; child = subprocess.Popen(['sleep', '60']); print(child.pid, flush=True); "
        "(here / f'{name}.up').touch(); sys.exit(5)"
    )
    with scene.supervisor(scene.job("twin", program)) as supervisor:
        ending = supervisor.start(scene.ready) or supervisor.wait(10.0)
    assert ending is not None and ending.status == 5
    assert eventually(lambda: not is_alive(int(ending.lines[0])))


def test_lines_carry_the_name_and_go_to_a_file(scene: Scene) -> None:
    jobs = [scene.job("twin", "print('falls', flush=True); " + CALM), scene.job("policy", CALM, "twin")]
    with scene.supervisor(*jobs) as supervisor:
        assert supervisor.start(scene.ready) is None
    assert scene.said == ["twin   | falls"]
    assert (scene.here / "logs" / "twin.log").read_text() == "falls\n"
    assert (scene.here / "logs" / "policy.log").read_text() == ""


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_all_in_order(scene: Scene, number: int, status: int) -> None:
    before = signal.getsignal(number)
    with scene.supervisor(scene.job("twin", CALM), scene.job("policy", CALM, "twin")) as supervisor:
        assert supervisor.start(scene.ready) is None
        threading.Timer(0.1, os.kill, (os.getpid(), number)).start()
        ending = supervisor.wait(10.0)
    assert ending == Ending("", f"stopped by {signal.Signals(number).name}", status)
    assert scene.events[-2:] == ["policy term", "twin term"]
    assert signal.getsignal(number) is before


def test_a_second_signal_does_not_wait_for_the_grace_time(scene: Scene) -> None:
    with scene.supervisor(scene.job("twin", DEAF), grace=60.0) as supervisor:
        assert supervisor.start(scene.ready) is None
        threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT)).start()
        began = time.monotonic()
        supervisor.stop()
    assert time.monotonic() - began < 10.0


def test_an_error_in_the_supervisors_own_code_stops_all(scene: Scene) -> None:
    with pytest.raises(ZeroDivisionError), scene.supervisor(scene.job("twin", CALM)) as supervisor:
        supervisor.start(scene.ready)
        raise ZeroDivisionError
    assert scene.events == ["twin up", "twin term"]


def test_a_program_that_is_not_there_is_named(scene: Scene) -> None:
    with scene.supervisor(Job("twin", ("no-such-program",))) as supervisor:
        ending = supervisor.start(scene.ready)
    assert ending is not None and ending.status == 1
    assert ending.lines == ("error: cannot start no-such-program: No such file or directory",)


def test_a_log_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot make .*file/logs"), Supervisor([], tmp_path / "file" / "logs"):
        pass


def test_no_orphan_after_kill_9_of_the_supervisor(scene: Scene) -> None:
    script = f"""
import sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from landward_bringup.supervisor import Job, Supervisor
here = Path({str(scene.here)!r})
jobs = [Job(n, (sys.executable, "-S", "-c", {PROLOGUE!r} + p, str(here), n))
        for n, p in (("twin", {DEAF!r}), ("policy", {CALM!r}))]
with Supervisor(jobs, here / "logs") as supervisor:
    supervisor.start(lambda: {{path.stem for path in here.glob("*.up")}})
    print(*(running.child.pid for running in supervisor._running.values()), flush=True)
    supervisor.wait(60.0)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 2 and all(is_alive(pid) for pid in pids)
        parent.kill()
        parent.wait()
    assert eventually(lambda: not any(is_alive(pid) for pid in pids))
