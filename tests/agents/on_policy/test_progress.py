import io

from agents.on_policy import progress
from agents.on_policy.progress import TrainingProgress


def test_without_a_terminal_a_line_appears_every_30_seconds(monkeypatch):
    now, stream = [0.0], io.StringIO()
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with TrainingProgress(100.0, "steps", stream=stream) as shown:
        for iteration in range(1, 71):
            now[0] += 1.0
            shown.update(float(iteration), iteration, {"steps/s": 15234.0, "reward": 0.5, "tracking": None})
    lines = stream.getvalue().splitlines()
    assert [line.split()[1] for line in lines] == ["1", "31", "61"]
    # one step a second: 69 remain after 31
    assert lines[1] == "iteration 31  31 %  steps/s 15.2 k  reward 0.5  left 0:01:09"


def test_a_resumed_run_estimates_from_its_own_speed(monkeypatch):
    now, stream = [0.0], io.StringIO()
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    shown = TrainingProgress(100.0, "steps", done=90.0, stream=stream)
    now[0] = 10.0
    shown.update(95.0, 5, {})
    assert stream.getvalue().endswith("left 0:00:10\n")


def test_a_terminal_gets_one_bar():
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    stream = Terminal()
    with TrainingProgress(10.0, "steps", stream=stream) as shown:
        shown.update(10.0, 3, {"reward": 1.25})
    assert "iteration 3" in stream.getvalue() and "reward 1.25" in stream.getvalue()
