"""MuJoCo's own window."""

from __future__ import annotations

import threading
from typing import Any

from landward.errors import LandwardError, require
from sims.play.drive import AXIS_NAMES, AXIS_UNITS, HELP, Drive
from sims.play.session import Session

SPECIAL_KEYS = {262: "arrowright", 263: "arrowleft", 264: "arrowdown", 265: "arrowup", 32: "space"}
"""GLFW key codes of keys that are no letters."""
FRAME_RATE = 25.0
"""[1/s] States shown."""
GAUGE_WIDTH = 20
"""Characters of a full gauge."""


def key_name(code: int) -> str:
    """The name in `KEYS` of a GLFW key code; a letter's code is its ASCII code."""
    return SPECIAL_KEYS.get(code, chr(code) if 0 < code < 128 else "")


def overlay(session: Session) -> tuple[str, str]:
    """Two columns of text: names; command, measurement and gauges (!! marks a violated limit)."""
    drive = session.drive
    rows = [
        (name, f"told {told:+.2f}  does {does:+.2f} {unit}")
        for name, unit, told, does in zip(
            AXIS_NAMES, AXIS_UNITS, drive.command, session.velocity, strict=True
        )
    ]
    rows.append(("falls", str(session.falls)))
    for gauge in session.gauges():
        filled = min(GAUGE_WIDTH, round(gauge.percent / 100 * GAUGE_WIDTH))
        mark = " !!" if gauge.violated else ""
        bar = "#" * filled + "." * (GAUGE_WIDTH - filled)
        rows.append((gauge.name, f"{bar} {gauge.percent:.0f} % of {gauge.limit}{mark}"))
    if drive.paused:
        rows.append(("paused", "space goes on"))
    names, values = zip(*rows, strict=True)
    return "\n".join(names), "\n".join(values)


class NativeViewer:
    """MuJoCo's passive viewer; its own shortcuts stay active.

    Letters therefore also switch what it draws. The arrow keys do not.

    Args:
        env: with `render_model()`.
        drive: that the keys act on.

    Raises:
        LandwardError: no window can be opened.
    """

    def __init__(self, env: Any, drive: Drive) -> None:
        self._mj = require("mujoco", "sim", "the window is MuJoCo's")
        running = set(threading.enumerate())
        viewer = require("mujoco.viewer", "sim", "the window is MuJoCo's")
        self._env = env
        self.model, data = env.render_model()
        self.data = self._mj.MjData(self.model)
        self._copy(data)
        try:
            self._handle = viewer.launch_passive(
                self.model,
                self.data,
                key_callback=lambda code: drive.key(key_name(code)),
                show_left_ui=False,
                show_right_ui=False,
            )
        except Exception as error:
            raise LandwardError(
                f"MuJoCo's window does not open ({error}); use a browser page instead: --viewer web"
            ) from error
        self._threads = set(threading.enumerate()) - running
        self._ticks = 0
        with self._handle.lock():
            self._handle.cam.distance, self._handle.cam.azimuth, self._handle.cam.elevation = 2.0, 120, -20

    def _copy(self, data: Any) -> None:
        self.data.qpos[:] = data.qpos
        self._mj.mj_forward(self.model, self.data)

    def update(self, session: Session) -> None:
        """Copy the state and follow the robot."""
        self._ticks += 1
        every = max(1, round(1.0 / (FRAME_RATE * session.period)))
        if self._ticks % every or not self._handle.is_running():
            return
        _, data = self._env.render_model()
        with self._handle.lock():
            self._copy(data)
            self._handle.cam.lookat[:] = self.data.qpos[:3]
        text = self._mj.mjtFontScale.mjFONTSCALE_150, self._mj.mjtGridPos.mjGRID_TOPLEFT
        help_place = self._mj.mjtFontScale.mjFONTSCALE_100, self._mj.mjtGridPos.mjGRID_BOTTOMLEFT
        self._handle.set_texts([(*text, *overlay(session)), (*help_place, HELP, "")])
        self._handle.sync()

    def is_open(self) -> bool:
        """Whether the window is there."""
        return self._handle.is_running()

    def close(self) -> None:
        """Close the window, and wait until its thread has left OpenGL."""
        self._handle.close()
        for thread in self._threads:
            thread.join(timeout=2.0)
