"""`landward play`."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import tyro

from landward.runs import find_policy
from landward.velocity_commands import COMMANDS
from sims.engines import engine_overrides
from sims.evaluate.rollout import NEEDED, require_velocity_env
from sims.offscreen import choose_renderer
from sims.play.drive import HELP, Drive
from sims.play.session import Session, Viewer, play
from sims.play.web import HOST, PORT, WebViewer


@dataclass
class Play:
    """Drive an exported policy with the keyboard, in MuJoCo's window or in a browser page.

    The page needs no display on this machine: open it through an SSH tunnel. Gauges show how close the robot
    is to each limit of its task.

    Examples:
        landward play runs/go1-flat/2026-11-23_14-05-09_seed1
        landward play policy.onnx --viewer web --port 8090
    """

    policy: tyro.conf.Positional[Path]
    """A run folder with policy.onnx in it (`landward export RUN` writes it), or an exported policy.onnx."""
    task: str | None = None
    """Task to run it in; default: the one that it was trained for."""
    viewer: Literal["auto", "native", "web"] = "auto"
    """native: MuJoCo's window. web: a browser page. auto: the window where there is a display."""
    host: str = HOST
    """Address that the page is served on; 0.0.0.0 lets other machines drive the robot."""
    port: int = PORT
    """Port of the page."""
    engine: str | None = None
    """Engine of the physics: mujoco, warp, isaaclab-newton or isaaclab-physx; default: that of the task."""
    device: str | None = None
    """Where the engine computes: cpu, cuda or cuda:N; default: the task's."""
    seconds: float | None = None
    """Stop after this long; default: when the window is closed, or at Ctrl-C."""
    seed: int = 0
    """Of the reset, the sensor noise and the pushes."""

    def run(self) -> int:
        """Open the view and step in real time."""
        from landward.onnx_policy import OnnxPolicy
        from sims.registry import make_env

        choose_renderer()
        file = find_policy(self.policy)
        task = self.task or OnnxPolicy(file).spec.task
        overrides = engine_overrides(self.engine, self.device)
        with make_env(task, num_envs=1, seed=self.seed, play=True, overrides=overrides) as env:
            require_velocity_env(env, task, (*NEEDED, "push", "render_model"))
            policy = OnnxPolicy(file, expected=env.spec, num_envs=1)
            drive = Drive(tuple(getattr(env, "command_ranges", COMMANDS)))
            session = Session(env, policy, drive, self.seed)
            viewer = open_viewer(self.viewer, env, drive, self.host, self.port)
            if isinstance(viewer, WebViewer):
                print(f"{viewer.url}  (Ctrl-C ends)", file=sys.stderr)
            print(HELP, file=sys.stderr)
            try:
                play(session, viewer, self.seconds)
            except KeyboardInterrupt:
                print(file=sys.stderr)
        return 0


def choose_viewer(wanted: str, environment: Any = os.environ, platform: str = sys.platform) -> str:
    """The viewer, "native" or "web": the window needs a display, on macOS a Python started by mjpython."""
    if wanted != "auto":
        return wanted
    if platform == "darwin":
        return "native" if environment.get("MJPYTHON_BIN") else "web"
    if platform.startswith("linux"):
        return "native" if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY") else "web"
    return "native"


def open_viewer(wanted: str, env: Any, drive: Drive, host: str, port: int) -> Viewer:
    """The viewer that `choose_viewer` names."""
    if choose_viewer(wanted) == "native":
        from sims.play.native import NativeViewer

        return NativeViewer(env, drive)
    return WebViewer(env, drive, host, port)
