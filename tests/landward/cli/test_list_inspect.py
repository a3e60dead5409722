import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from landward.cli import main as cli
from landward.cli.inspect import spec_tables
from landward.constraint import Constraint
from landward.errors import RunError
from landward.runs import RunFolder
from landward.spec import ActionTerm, ObservationTerm, PolicySpec

LEGS = ("FR", "FL")


def make_spec() -> PolicySpec:
    position = ObservationTerm(
        "joint_pos", "joint_position", (2,), unit="rad", names=LEGS, scale=0.5, offset=(0.1, -0.1), history=3
    )
    height = ObservationTerm("height", "height_scan", (4,), unit="m", clip=(-1.0, 1.0))
    target = ActionTerm(
        "joint_pos_target",
        "joint_position_target",
        (2,),
        names=LEGS,
        unit="rad",
        scale=0.3,
        limits=((-1.0, 1.5), (-1.0, 1.5)),
        stiffness=(35.0, 35.0),
    )
    torque = Constraint("torque", "joint_torque", 23.7, "N m", elements=("FR",))
    return PolicySpec(
        task="go1-flat",
        robot="go1",
        control_period=0.02,
        observations={"policy": (position,), "critic": (position, height)},
        actions=(target,),
        constraints=(torque,),
    )


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    return RunFolder.create(tmp_path / "runs", "go1-flat", 3, {}, make_spec()).path


def test_inspect_shows_the_spec(
    run_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert cli.main(["inspect", str(run_path)]) == 0
    text = capsys.readouterr().out
    for part in (
        "0.02 s (50 Hz)",
        make_spec().hash,
        "observations: policy (read by the policy)",
        "observations: critic (training only)",
        "(x - [0.1, -0.1]) * 0.5",
        "FR, FL",
        "-1 .. 1.5",
        "35",
        "|joint_torque[FR]| <= 23.7 N m",
    ):
        assert part in text, part


def test_inspect_as_json_is_lossless(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["inspect", str(run_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert PolicySpec.from_json(json.dumps(found["spec"])) == make_spec()
    assert found["spec_hash"] == make_spec().hash
    assert found["provenance"]["seed"] == 3


def test_inspect_refuses_what_is_no_policy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "policy.onnx").write_bytes(b"no policy")
    for name in ("policy.onnx", "missing.onnx", "."):
        assert cli.main(["inspect", str(tmp_path / name)]) == 1
        error = capsys.readouterr().err
        assert error.startswith("error: ")
        assert str(tmp_path) in error


def test_no_constraints_no_table() -> None:
    spec = make_spec()
    assert len(spec_tables(spec)) == 5
    assert len(spec_tables(PolicySpec("t", "go1", 0.02, spec.groups, spec.actions))) == 4


def shown(spec: PolicySpec) -> str:
    console = Console(width=100, record=True, file=io.StringIO())
    for table in spec_tables(spec):
        console.print(table)
    return console.export_text()


def test_names_are_shown_once_and_vectors_in_brackets() -> None:
    legs = tuple(f"{leg}_{joint}" for leg in ("FR", "FL", "RR", "RL") for joint in ("hip", "thigh", "calf"))
    position = ObservationTerm(
        "q", "joint_position", (12,), unit="rad", names=legs, offset=(0.1, 0.9, -1.8) * 4, scale=2.0
    )
    velocity = ObservationTerm("dq", "joint_velocity", (12,), unit="rad/s", names=legs)
    command = ObservationTerm("command", "command", (3,), unit=("m/s", "m/s", "rad/s"))
    scan = ObservationTerm("scan", "height_scan", (99,), unit="m", names=tuple(f"p{i}" for i in range(99)))
    target = ActionTerm("target", "joint_position_target", (12,), names=legs, unit="rad")
    groups = {"policy": (position, velocity, command, scan)}
    text = shown(PolicySpec("go1-flat", "go1", 0.02, groups, (target,)))
    assert text.count("FR_hip") == text.count("RL_calf") == 1
    assert "q, dq, target" in text
    assert "(x - [0.1, 0.9, -1.8] x 4) * 2" in text
    assert "[m/s, m/s, rad/s]" in text
    assert "p0, p1, p2, p3, ... 94 more ..., p98" in text
    assert "(x - 0)" not in text and "clip" not in text and "stiffness" not in text


def test_list_as_json(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_path / "policy.onnx").write_bytes(b"")
    runs = str(run_path.parent.parent)
    assert cli.main(["list", "--runs", runs, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"go1", "solo12"} <= {robot["name"] for robot in found["robots"]}
    assert {"list", "inspect"} <= {verb["name"] for verb in found["verbs"]}
    assert found["runs"] == [
        {
            "path": str(run_path),
            "task": "go1-flat",
            "robot": "go1",
            "checkpoints": 0,
            "policy": True,
            "note": "",
        }
    ]


def test_list_one_kind(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "robots"]) == 0
    text = capsys.readouterr().out
    assert "solo12" in text
    assert "inspect" not in text
    assert cli.main(["list", "runs", "--runs", str(tmp_path)]) == 0
    assert "runs: none" in capsys.readouterr().out


def test_a_damaged_run_is_listed_with_its_fault(run_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (run_path / "spec.json").write_text("{")
    assert cli.main(["list", "runs", "--runs", str(run_path.parent.parent), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["note"]


def test_inspect_of_an_exported_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from landward.cli import inspect as module
    from landward.policy_file import PolicyFile, State

    path = tmp_path / "policy.onnx"
    path.write_bytes(b"")
    states = (State("state.first", "state.first.next", (1,), 1.0),)
    git = {"commit": "abc", "dirty": True}
    file = PolicyFile(make_spec(), states, {"seed": 1, "git": git}, "f" * 64, b"")
    monkeypatch.setattr(module, "read_policy_file", lambda given: file)
    found = module.describe(path)
    assert found["graph_hash"] == "f" * 64
    assert found["states"][0]["input"] == "state.first"
    assert module.Inspect(path).run() == 0
    with pytest.raises(RunError, match="nothing at"):
        module.describe(tmp_path / "other.onnx")
