"""Command lines of nodes, and how long a process waited for a processor."""

import os
import subprocess
import sys
import time

from landward_faults.nodes import NodeCommand, starved


def test_the_command_line_of_a_node() -> None:
    node = NodeCommand("twin", "landward_twin.node", {"rate": 0.5, "noise": False}, (("a", "raw/a"),))
    words = node.words()
    assert words[1:5] == ["-P", "-m", "landward_twin.node", "--ros-args"]
    assert words[-6:] == ["-r", "a:=raw/a", "-p", "rate:=0.5", "-p", "noise:=false"]


def test_a_process_that_shares_a_processor_waits_for_it() -> None:
    """Two busy processes on one core: each waits about half of the time."""
    core = min(os.sched_getaffinity(0))
    busy = f"import os; os.sched_setaffinity(0, {{{core}}}); print(flush=True)\nwhile True: pass"
    processes = [
        subprocess.Popen([sys.executable, "-I", "-S", "-c", busy], stdout=subprocess.PIPE) for _ in range(2)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            process.stdout.readline()
        before = [starved(process.pid) for process in processes]
        time.sleep(0.5)
        waited = [starved(p.pid) - b for p, b in zip(processes, before, strict=True)]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert 0.2 < sum(waited) <= 1.1


def test_a_process_that_is_gone_waited_for_nothing() -> None:
    assert starved(2**22 + 1) == 0.0
