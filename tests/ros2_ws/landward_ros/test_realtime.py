import subprocess
import sys

import pytest

from landward_ros import realtime

ASK = (
    "import os, sys\n"
    "from landward_ros import realtime\n"
    "if sys.argv[1] == 'may not':\n"
    "    def refuse(*_): raise PermissionError(1, 'Operation not permitted')\n"
    "    os.sched_setscheduler = refuse\n"
    "print(realtime.request(realtime.POLICY))\n"
    "print(os.sched_getscheduler(0) == os.SCHED_FIFO and os.sched_getparam(0).sched_priority)\n"
)


def ask(asked: str, may: str = "may") -> list[str]:
    """What a process of its own gets: why not, and its priority."""
    environment = {realtime.VARIABLE: asked, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", ASK, may], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_a_process_that_nobody_asked_stays_as_it_is():
    assert ask("") == ["", "False"]


def test_a_process_gets_its_priority_or_the_reason_why_not():
    refused, priority = ask("1")
    if refused:
        pytest.skip(f"this kernel grants none: {refused}")
    assert priority == "50"


def test_a_refusal_says_how_to_allow_it():
    refused, priority = ask("1", "may not")
    assert refused.startswith("no real-time scheduling (Operation not permitted)")
    assert "rtprio 60" in refused and priority == "False"


def test_the_monitor_goes_first():
    assert realtime.MONITOR > realtime.ROBOT > realtime.POLICY
