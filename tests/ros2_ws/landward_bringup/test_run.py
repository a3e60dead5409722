import sys

import pytest

pytest.importorskip("rich", reason="needs rich: pip install 'landward[cli]'")

from landward_bringup.process import Process  # noqa: E402
from landward_bringup.run import job  # noqa: E402


def test_a_process_becomes_a_job() -> None:
    flags = {"needs": ("safety",), "terminal": True, "ends": True}
    made = job(Process("teleop", "landward_tools.teleop", "teleop", **flags))
    assert (made.name, made.needs, made.ends, made.terminal) == ("teleop", ("safety",), True, True)
    assert made.command[:4] == (sys.executable, "-P", "-m", "landward_tools.teleop")
