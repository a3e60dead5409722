"""`landward check-engine`."""

import json

import pytest

from landward.cli.main import main
from sims.cli import check_engine
from sims.probe import worker
from tests.sims.planted import SWAP, PlantedEngine


def test_a_sound_engine_exits_with_0(capsys):
    assert main(["check-engine", "mujoco"]) == 0
    assert capsys.readouterr().out == "mujoco reads and writes go1 as mujoco does\n"


def test_a_fault_is_printed_and_exits_with_1(capsys, monkeypatch):
    def plant(name, command, folder, watch):
        engine = PlantedEngine(targets=lambda x: x[:, SWAP])
        monkeypatch.setattr(worker, "make_engine", lambda *_, **__: engine)
        assert worker.main(command[3:]) == 0

    monkeypatch.setattr(check_engine, "run_worker", plant)
    assert main(["check-engine", "mujoco"]) == 1
    assert capsys.readouterr().out == (
        "fault: targets: joints FR_* and FL_* are swapped; map joints by name, never by position\n"
    )
    assert main(["check-engine", "mujoco", "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] is False and len(report["faults"]) == 1


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        (["mujoco", "--robot", "go9"], 2, "unknown robot 'go9'"),
        (["mujoko"], 2, "unknown engine 'mujoko'"),
        (["mujoco", "--device", "cuda"], 1, "mujoco failed: the engine mujoco runs on cpu, not on 'cuda'"),
        (["mujoco", "--timestep", "0"], 1, "timestep is 0"),
    ],
)
def test_what_cannot_be_checked_is_one_line(words, status, message, capsys):
    assert main(["check-engine", *words]) == status
    error = capsys.readouterr().err
    assert error.count("error:") == 1 and message in error
