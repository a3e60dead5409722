import json
import shlex

import pytest

from landward_tools import joy, record, teleop
from landward_tools.arguments import ros_arguments
from landward_tools.record_command import Record
from landward_tools.teleop_command import Teleop
from landward_tools.velocity import Limits


def parameters(words):
    """What ROS reads from the words after --ros-args."""
    assert words[1] == "--ros-args"
    pairs = [word.split(":=", 1) for flag, word in zip(words, words[1:], strict=False) if flag == "-p"]
    return {name: json.loads(value) for name, value in pairs}


@pytest.fixture
def called(monkeypatch):
    """The command lines that nodes were started with."""
    calls = []
    for module in (record, teleop, joy):
        monkeypatch.setattr(module, "main", lambda words, module=module: calls.append((module, words)) or 7)
    return calls


def test_values_keep_their_types_through_ros():
    given = {"a": 1.0, "b": 3, "c": True, "d": "run:1 x", "e": ["/a", "/b"], "f": None, "g": "1"}
    words = ros_arguments(given, "/left/")
    assert parameters(["", *words]) == {name: value for name, value in given.items() if value is not None}
    # ROS tells 1.0 from 1 and refuses an integer where a double was declared.
    assert "a:=1.0" in words
    assert words[-2:] == ["-r", "__ns:=/left"]
    assert ros_arguments({}) == []


def test_record_passes_its_options_on(called, tmp_path):
    out = tmp_path / "a b"
    command = Record(out=out, namespace="left", seconds=5.0, topics=("/a",), seed=3, sim_time=True)
    assert command.run() == 7
    module, words = called[0]
    assert module is record
    assert parameters(words) == {
        "out": str(out),
        "seconds": 5.0,
        "topics": ["/a"],
        "seed": 3,
        "use_sim_time": True,
    }
    assert "__ns:=/left" in words


def test_teleop_starts_keyboard_or_joystick(called):
    Teleop(limits=Limits(forward=0.5), deadman_seconds=0.7).run()
    Teleop(joy=True).run()
    (first, words), (second, others) = called
    assert (first, second) == (teleop, joy)
    assert parameters(words)["forward"] == 0.5
    assert parameters(words)["deadman_seconds"] == 0.7
    assert set(parameters(others)) == {*vars(Limits()), "use_sim_time"}


def test_record_recovers(tmp_path, capsys):
    bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")
    whole = bags.write(tmp_path / "walk", [(1, "/joint_states", bags.joint_state(0, (1, 2, 3)))])
    (tmp_path / "cut.part").mkdir()
    whole.rename(tmp_path / "cut.part" / "cut")
    assert Record(recover=tmp_path / "cut.part").run() == 0
    said = capsys.readouterr().out
    assert said == f"{tmp_path}/cut: 1 messages; {tmp_path}/cut.part can be deleted\n"


def test_report_prints_lines_or_json(tmp_path, capsys):
    bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")
    from landward_tools.report_command import Report

    bag = bags.write(tmp_path / "walk", [(1, "/joint_states", bags.joint_state(0, (1, 2, 3)))])
    assert Report(bag).run() == 0
    assert "deadline misses  not said" in capsys.readouterr().out
    assert Report(bag, json=True).run() == 0
    assert json.loads(capsys.readouterr().out)["deadline_misses"] is None


def test_examples_of_the_verbs_parse():
    import tyro

    from landward_tools.replay_command import Replay
    from landward_tools.report_command import Report
    from landward_tools.view_command import View

    for command in (Record, Replay, Report, Teleop, View):
        lines = [line.strip() for line in (command.__doc__ or "").splitlines()]
        examples = [shlex.split(line)[2:] for line in lines if line.startswith("landward ")]
        assert len(examples) >= 2
        for words in examples:
            assert isinstance(tyro.cli(command, args=words), command)
