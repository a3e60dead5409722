import json
import math
from pathlib import Path
from typing import Any

import pytest

from landward.errors import RunError
from landward_bringup.verdict import Reference, find_reference, judge, passed, to_json
from landward_tools.report import Summary

REFERENCE = Reference(Path("evaluation.json"), {"vx": 0.04, "vy": 0.05, "wz": 0.1})


def summary(**changes: Any) -> Summary:
    found: dict[str, Any] = {
        "bag": "bag",
        "namespace": "",
        "seconds": 66.0,
        "seconds_walked": 60.0,
        "rmse": {"vx": 0.05, "vy": 0.05, "wz": 0.1},
        "commands": 6,
        "deadline_misses": 0,
        "lateness": {"p50": 0.1, "p99": 0.4, "max": 1.0},
        "latency": {"p50": 1.0, "p99": 2.0, "max": 3.456},
        "command_rate": 50.0,
        "faults": (),
        "clamps": {"clamped.rate": 2, "clamped.torque": 0},
        "missing": (),
    }
    return Summary(**{**found, **changes})


def row(name: str, reference: Reference | None = REFERENCE, seconds: float = 60.0, **changes: Any):
    return next(r for r in judge(summary(**changes), reference, seconds) if r.label.startswith(name))


def test_a_good_walk_passes() -> None:
    rows = judge(summary(), REFERENCE, 60.0)
    assert passed(rows)
    assert [r.label for r in rows if r.passed is None] == [
        "loop lateness p50/p99/max",
        "sensor to command p50/p99/max",
        "clamped commands",
    ]


def test_errors_are_held_against_the_evaluation() -> None:
    vx = row("vx")
    assert vx.label == "vx error, RMS over 6 commands"
    assert (vx.value, vx.limit, vx.passed) == ("0.050 m/s (1.25 x)", "1.3 x eval", True)


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("walked", {"seconds_walked": 59.0}),
        ("vx", {"rmse": {"vx": 0.053, "vy": 0.05, "wz": 0.1}}),
        ("wz", {"rmse": {"vx": 0.04, "vy": 0.05, "wz": 0.131}}),
        ("deadline misses", {"deadline_misses": 1}),
        ("deadline misses", {"deadline_misses": None}),
        ("faults", {"faults": ("tilt",)}),
    ],
)
def test_what_is_missed_fails(name: str, changes: dict[str, Any]) -> None:
    assert row(name, **changes).passed is False
    assert not passed(judge(summary(**changes), REFERENCE, 60.0))


def test_numbers_in_words() -> None:
    assert row("sensor").value == "1.00 / 2.00 / 3.46 ms"
    assert row("clamped").value == "clamped.rate 2"
    assert row("faults", faults=("tilt", "deadman")).value == "tilt, deadman"
    unknown = {"p50": math.nan, "p99": math.nan, "max": math.nan}
    assert row("loop", lateness=unknown).value == "unknown"


def test_without_a_reference_errors_are_shown_and_not_judged() -> None:
    vx = row("vx", reference=None)
    assert (vx.value, vx.limit, vx.passed) == ("0.050 m/s", "", None)
    assert row("vx", rmse=dict.fromkeys(("vx", "vy", "wz"), math.nan)).value == "unknown"


def test_standing_is_not_judged_as_walking() -> None:
    labels = [r.label for r in judge(summary(commands=0), REFERENCE, 0.0)]
    assert not any(label.startswith(("walked", "vx", "vy", "wz")) for label in labels)


def test_a_walk_of_a_person_has_no_length_to_keep() -> None:
    labels = [r.label for r in judge(summary(seconds_walked=3.0), REFERENCE, 0.0)]
    assert labels[0] == "vx error, RMS over 6 commands"


def write_evaluation(folder: Path, document: Any) -> Path:
    (folder / "report").mkdir()
    (folder / "report" / "evaluation.json").write_text(
        document if isinstance(document, str) else json.dumps(document)
    )
    return folder / "policy.onnx"


EVALUATION = {
    "policy": {"hash": "abc"},
    "metrics": {f"rmse_{axis}": {"value": value} for axis, value in REFERENCE.rmse.items()},
}


def test_the_evaluation_beside_the_policy_is_the_reference(tmp_path: Path) -> None:
    policy = write_evaluation(tmp_path, EVALUATION)
    reference, note = find_reference(policy, "abc")
    assert (reference, note) == (Reference(tmp_path / "report" / "evaluation.json", REFERENCE.rmse), "")


def test_an_evaluation_of_another_file_is_none(tmp_path: Path) -> None:
    reference, note = find_reference(write_evaluation(tmp_path, EVALUATION), "def")
    assert reference is None
    assert "is of another policy file" in note


def test_no_evaluation(tmp_path: Path) -> None:
    reference, note = find_reference(tmp_path / "policy.onnx", "abc")
    assert reference is None
    assert f"landward eval {tmp_path}" in note


@pytest.mark.parametrize("document", ["{", {"policy": {"hash": "abc"}, "metrics": {}}, [], "{}"])
def test_a_damaged_evaluation_is_named(tmp_path: Path, document: Any) -> None:
    policy = write_evaluation(tmp_path, document)
    with pytest.raises(RunError, match="evaluation.json is no evaluation: .*run landward eval again"):
        find_reference(policy, "abc")


def test_json_has_the_table_and_the_verdict() -> None:
    found = json.loads(to_json(judge(summary(faults=("tilt",)), REFERENCE, 60.0), {"robot": "go1"}))
    assert (found["robot"], found["passed"]) == ("go1", False)
    assert found["table"][0] == {"label": "walked", "value": "60.0 s", "limit": "60 s", "passed": True}
