"""What this machine has beside Python packages: processors, graphics, ROS 2."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from sims.offscreen import choose_renderer

QUERY = ("--query-gpu=name,memory.total,driver_version", "--format=csv,noheader")
PATIENCE = 20.0
"""[s]; a driver that is starting up takes some."""


@dataclass(frozen=True)
class Machine:
    """What was found; a field says in words what is there, or why it is not."""

    cpus: int
    """Threads that this process may run on."""
    gpus: tuple[str, ...]
    """Name, memory and driver version of each NVIDIA GPU."""
    gpu_note: str
    """Why there is none; empty where there is one."""
    offscreen: str
    """OpenGL that draws without a display: egl, osmesa; empty for none."""
    offscreen_note: str
    """What to install; empty where there is one."""
    display: str
    """The display that windows open on; empty for none."""
    ros: str
    """The ROS 2 installation that is sourced; empty for none."""


def look(environment: Mapping[str, str] = os.environ) -> Machine:
    """Look at the machine."""
    gpus, gpu_note = find_gpus()
    offscreen, offscreen_note = find_offscreen(environment)
    return Machine(
        cpus=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        gpus=gpus,
        gpu_note=gpu_note,
        offscreen=offscreen,
        offscreen_note=offscreen_note,
        display=environment.get("WAYLAND_DISPLAY") or environment.get("DISPLAY") or "",
        ros=find_ros(environment),
    )


def find_gpus() -> tuple[tuple[str, ...], str]:
    """NVIDIA's GPUs, by its own tool; and why there are none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return (), "no nvidia-smi: simulators run on the CPU; a GPU needs NVIDIA's driver"
    try:
        done = subprocess.run([tool, *QUERY], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return (), f"{tool} does not answer ({error}): check NVIDIA's driver"
    lines = tuple(line.strip() for line in done.stdout.splitlines() if line.strip())
    if done.returncode != 0 or not lines:
        said = (done.stderr or done.stdout).strip().splitlines()
        return (), f"{tool} finds no GPU ({said[-1] if said else 'no output'}): check NVIDIA's driver"
    return lines, ""


def find_offscreen(environment: Mapping[str, str]) -> tuple[str, str]:
    """The renderer that MuJoCo's pictures are made with, and what is to be installed where there is none."""
    # Without a display and without MuJoCo: only then is a renderer looked for.
    copy = {name: value for name, value in environment.items() if name != "DISPLAY"}
    note = choose_renderer(copy)
    return ("", note) if note else (copy.get("MUJOCO_GL", ""), "")


def find_ros(environment: Mapping[str, str]) -> str:
    """The sourced ROS 2 installation, when this interpreter finds its Python packages too."""
    if not environment.get("ROS_DISTRO"):
        return ""
    has_rclpy = importlib.util.find_spec("rclpy") is not None
    return f"{environment['ROS_DISTRO']}{'' if has_rclpy else ' (this Python does not find rclpy)'}"
