from pathlib import Path

import pytest

from sims.doctor import machine


def tool(folder: Path, body: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program nvidia-smi, the only one on PATH."""
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_gpus_are_what_nvidias_tool_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = "--query-gpu=name,memory.total,driver_version --format=csv,noheader"
    tool(
        tmp_path,
        f'[ "$*" = "{asked}" ] && echo "RTX 9, 24564 MiB, 580.1" && echo "T4, 1 MiB, 5"',
        monkeypatch,
    )
    assert machine.find_gpus() == (("RTX 9, 24564 MiB, 580.1", "T4, 1 MiB, 5"), "")


def test_a_driver_that_does_not_work_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, 'echo "has failed: no driver" >&2; exit 9', monkeypatch)
    gpus, note = machine.find_gpus()
    assert gpus == ()
    assert note.endswith("nvidia-smi finds no GPU (has failed: no driver): check NVIDIA's driver")


def test_a_driver_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool(tmp_path, "exec /bin/sleep 60", monkeypatch)
    monkeypatch.setattr(machine, "PATIENCE", 0.2)
    assert "does not answer" in machine.find_gpus()[1]


def test_no_tool_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.find_gpus() == (
        (),
        "no nvidia-smi: simulators run on the CPU; a GPU needs NVIDIA's driver",
    )


def test_a_renderer_is_looked_for_in_spite_of_a_display(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def choose(environment: dict[str, str]) -> str:
        seen.append(dict(environment))
        environment["MUJOCO_GL"] = "osmesa"
        return ""

    monkeypatch.setattr(machine, "choose_renderer", choose)
    assert machine.find_offscreen({"DISPLAY": ":0", "HOME": "/home"}) == ("osmesa", "")
    assert seen == [{"HOME": "/home"}]
    monkeypatch.setattr(machine, "choose_renderer", lambda environment: "neither loads: install one")
    assert machine.find_offscreen({}) == ("", "neither loads: install one")


def test_a_sourced_ros_whose_packages_are_not_found_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: None)
    assert machine.find_ros({}) == ""
    assert machine.find_ros({"ROS_DISTRO": "jazzy"}) == "jazzy (this Python does not find rclpy)"
    monkeypatch.setattr(machine.importlib.util, "find_spec", lambda name: object())
    assert machine.find_ros({"ROS_DISTRO": "kilted"}) == "kilted"


def test_the_machine_has_processors() -> None:
    found = machine.look({"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":1"})
    assert found.cpus >= 1
    assert found.display == "wayland-0"
