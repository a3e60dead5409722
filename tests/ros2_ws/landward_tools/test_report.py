import json
import math

import numpy as np
import pytest

bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")

from landward_tools.bag import Statuses  # noqa: E402
from landward_tools.plots import stretches  # noqa: E402
from landward_tools.report import plot, summarise, to_json, to_text  # noqa: E402

MS = 10**6
SECOND = 10**9


def walk(space=""):
    """Six seconds at 50 Hz: command 0.5 m/s, measured 0.4 m/s; commands arrive 3 ms after their stamp."""
    rows = [(0, f"{space}/cmd_vel", bags.cmd_vel(0, vx=0.5, wz=0.2))]
    for tick in range(301):
        time = tick * 20 * MS
        rows += [
            (time, f"{space}/joint_states", bags.joint_state(time, (1, 2, 3), (0, 0, 0), (0, 0, 0))),
            (time, f"{space}/odom", bags.odom(time, vx=0.4, vy=-0.03, wz=0.2)),
            (time + MS, f"{space}/policy/observation", bags.observation(time, tick, gravity=(0, 0, -1))),
            (time + 3 * MS, f"{space}/joint_command", bags.joint_state(time, (1, 2, 3))),
        ]
    end = 6100 * MS
    # Five periods missed: two before the robot moves, one while it stands, two while it walks.
    for time, state, missed in ((0, "passive", 0), (1, "stand", 2), (2, "policy", 3), (3, "policy", 3)):
        values = {"state": state, "missed ticks": missed}
        rows.append((time * MS, f"{space}/policy/status", bags.status(0, state, **values)))
    early = (5000 * MS, f"{space}/safety/status", bags.status(2, "tilt: 1.1 rad", fault="tilt"))
    rows.append(early)
    rows += [
        (end, f"{space}/joint_command", bags.joint_state(end, velocity=(0, 0, 0))),
        (
            end,
            f"{space}/policy/status",
            bags.status(0, "passive", **{"missed ticks": 5, "lateness": "p50 0.100 p99 0.400 max 1.500 ms"}),
        ),
        (0, f"{space}/safety/status", bags.status(0, "running", **{"clamped.rate": 0, "late.command": 0})),
        (
            end,
            f"{space}/safety/status",
            bags.status(2, "tilt: 1.2 rad", **{"fault": "tilt", "clamped.rate": 7, "late.command": 1}),
        ),
    ]
    return rows


@pytest.mark.parametrize("space", ["", "/left"])
def test_numbers_of_a_walk(tmp_path, space):
    summary = summarise(bags.write(tmp_path / "bag", walk(space)), space)
    assert summary.seconds == pytest.approx(6.1)
    assert summary.seconds_walked == pytest.approx(6.0)
    assert summary.rmse == pytest.approx({"vx": 0.1, "vy": 0.03, "wz": 0.0})
    assert summary.commands == 1
    assert summary.latency == pytest.approx({"p50": 3.0, "p99": 3.0, "max": 3.0})
    assert summary.command_rate == pytest.approx(50.0)
    assert summary.deadline_misses == 3
    assert summary.lateness == {"p50": 0.1, "p99": 0.4, "max": 1.5}
    assert summary.faults == ("tilt",)
    assert summary.clamps == {"clamped.rate": 7, "late.command": 1}
    assert summary.missing == ()


def test_what_was_not_recorded_is_unknown_not_zero(tmp_path):
    path = bags.write(tmp_path / "bag", [(5, "/joint_states", bags.joint_state(0, (1, 2, 3)))])
    summary = summarise(path)
    assert summary.deadline_misses is None
    assert math.isnan(summary.rmse["vx"])
    assert summary.missing == ("joint_command", "policy/observation", "cmd_vel", "odom")
    text = to_text(summary)
    assert "vx unknown" in text
    assert "not recorded" in text
    assert json.loads(json.dumps(to_json(summary), allow_nan=False))["latency"]["p99"] is None


def test_text_has_the_numbers(tmp_path):
    text = to_text(summarise(bags.write(tmp_path / "bag", walk())))
    assert "RMSE vx 0.100 m/s, vy 0.030 m/s, wz 0.000 rad/s over 1 commands" in text
    assert "p99 3.000 ms" in text
    assert "tilt" in text
    assert "clamped.rate 7" in text


def test_stretches_of_one_state_are_merged():
    texts = ("armed", "armed: clamped.rate", "armed: late.command", "tilt: 1.2 rad", "tilt: 1.3 rad")
    level, received = np.array([0, 1, 1, 2, 2]), np.array([0, 1, 2, 3, 4])
    found = stretches(Statuses(received, level, texts, ({},) * 5))
    assert found == [(0, 1, "armed", 0), (1, 3, "armed", 1), (3, 4, "tilt", 2)]
    assert stretches(Statuses(received[:0], level[:0], (), ())) == []


def test_plot_draws_every_curve(tmp_path):
    pytest.importorskip("matplotlib")
    path = tmp_path / "walk.svg"
    plot(bags.write(tmp_path / "bag", walk()), path)
    drawn = path.read_text()
    for words in (
        "commanded",
        "measured",
        "sensor stamp to robot command",
        "p99 3.00 ms",
        "monitor",
        " tilt",
    ):
        assert words in drawn
