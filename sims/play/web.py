"""A browser page with the robot, its command and its limits (viser)."""

from __future__ import annotations

import contextlib
import html
import io
import socket
from typing import Any

import numpy as np

from landward.errors import LandwardError, require
from sims.play.drive import AXIS_NAMES, AXIS_UNITS, HELP, KEYS, Drive
from sims.play.meshes import ground_height, shapes
from sims.play.session import Gauge, Session

HOST = "127.0.0.1"
PORT = 8080
FRAME_RATE = 30.0
"""[1/s] Poses sent to the page."""
PANEL_RATE = 8.0
"""[1/s] Texts and gauges sent to the page."""
GOOD, BAD, SOFT = "#2e7d32", "#c62828", "#8895a1"


def gauges_html(gauges: list[Gauge]) -> str:
    """Bars in percent of each limit; red and bold where it is violated."""
    rows = []
    for gauge in gauges:
        colour = BAD if gauge.violated else GOOD
        weight = "700" if gauge.violated else "400"
        head = f"<span>{html.escape(gauge.name)}</span>"
        rows.append(
            f'<div style="margin:0.4em 0;font-weight:{weight}">'
            f'<div style="display:flex;justify-content:space-between">{head}'
            f'<span style="color:{colour}">{gauge.percent:.0f} % of {html.escape(gauge.limit)}</span></div>'
            '<div style="background:#0002;border-radius:4px;height:8px;overflow:hidden">'
            f'<div style="background:{colour};height:8px;width:{min(gauge.percent, 100):.0f}%">'
            "</div></div></div>"
        )
    body = "".join(rows) or "This task declares no constraints."
    return f'<div style="padding:0 1em;font-size:0.875em">{body}</div>'


def status_html(session: Session) -> str:
    """Measured velocity, falls and time."""
    rows = "".join(
        f"<tr><td>{name}</td><td style='text-align:right'>{value:+.2f} {unit}</td></tr>"
        for name, unit, value in zip(AXIS_NAMES, AXIS_UNITS, session.velocity, strict=True)
    )
    state = "paused" if session.drive.paused else "running"
    seconds = session.steps * session.period
    return (
        f'<div style="padding:0 1em;font-size:0.875em"><table style="width:100%">{rows}</table>'
        f'<div style="color:{SOFT}">{state}, {seconds:.0f} s, {session.falls} falls</div></div>'
    )


class WebViewer:
    """Serves the page on one port, for any number of browsers.

    Args:
        env: with `render_model()`.
        drive: that keys, sliders and buttons act on.
        host: address to listen on; only this machine by default.
        port: where.

    Raises:
        LandwardError: the port is taken.
    """

    def __init__(self, env: Any, drive: Drive, host: str = HOST, port: int = PORT) -> None:
        viser = require("viser", "sim", "the browser page is made with it")
        check_port(host, port)
        self._env, self._drive, self._open, self._ticks = env, drive, True, 0
        # viser prints a banner to stdout in spite of verbose=False.
        with contextlib.redirect_stdout(io.StringIO()):
            self._server = viser.ViserServer(host=host, port=port, label="Landward", verbose=False)
        # viser moves on to the next port where another program was faster.
        self.url = f"http://{host}:{self._server.get_port()}"
        self._server.scene.set_up_direction("+z")
        self._server.initial_camera.position = (1.0, -1.2, 0.75)
        self._server.initial_camera.look_at = (0.0, 0.0, 0.25)
        self._bodies = self._build_scene()
        self._build_panel()
        self._bind_keys()

    def _build_scene(self) -> dict[int, Any]:
        """Ground, and a frame with its meshes for each body."""
        model, _ = self._env.render_model()
        scene = self._server.scene
        # Everything hangs below one frame: to follow the robot the world moves, the camera is the user's.
        self._world = scene.add_frame("/world", show_axes=False)
        height = ground_height(model)
        if height is not None:
            scene.add_grid(
                "/world/ground",
                40.0,
                40.0,
                position=(0.0, 0.0, height),
                plane_color=(228, 232, 236),
                plane_opacity=1.0,
                fade_distance=30.0,
            )
        parts = shapes(model)
        bodies = {
            body: scene.add_frame(f"/world/body{body}", show_axes=False) for body in {p.body for p in parts}
        }
        for part in parts:
            scene.add_mesh_simple(
                f"/world/body{part.body}/{part.name}", part.vertices, part.faces, color=part.colour,
                opacity=None if part.opacity >= 1.0 else part.opacity, flat_shading=True, side="double",
                position=part.position, wxyz=part.orientation,
            )  # fmt: skip
        return bodies

    def _build_panel(self) -> None:
        gui, drive = self._server.gui, self._drive
        self._sliders = []
        with gui.add_folder("Command"):
            for axis, (name, unit) in enumerate(zip(AXIS_NAMES, AXIS_UNITS, strict=True)):
                low, high = drive.box[axis]
                slider = gui.add_slider(
                    f"{name} [{unit}]", low, high, 0.01, round(float(drive.command[axis]), 3)
                )
                slider.on_update(lambda event, axis=axis: drive.set(axis, event.target.value))
                self._sliders.append(slider)
            for label in ("stop", "pause", "push", "reset"):
                gui.add_button(label).on_click(lambda _, label=label: drive.do(label))
            self._follow = gui.add_checkbox("follow the robot", True)
        with gui.add_folder("Measured"):
            self._status = gui.add_html("")
        with gui.add_folder("Limits"):
            self._gauges = gui.add_html("")
        gui.add_markdown(f"Keys: {HELP}.")

    def _bind_keys(self) -> None:
        for key, move in KEYS.items():
            command = self._server.gui.add_command(f"{move} ({key})", hotkey=key)
            command.on_trigger(lambda _, key=key: self._drive.key(key))

    def update(self, session: Session) -> None:
        """Send poses and panels, less often than the control steps."""
        steps_per_second = 1.0 / session.period
        if self._ticks % max(1, round(steps_per_second / FRAME_RATE)) == 0:
            self._send_poses()
        if self._ticks % max(1, round(steps_per_second / PANEL_RATE)) == 0:
            self._status.content = status_html(session)
            self._gauges.content = gauges_html(session.gauges())
            for slider, value in zip(self._sliders, self._drive.command, strict=True):
                if abs(slider.value - float(value)) > 1e-3:
                    slider.value = round(float(value), 3)
        self._ticks += 1

    def _send_poses(self) -> None:
        _, data = self._env.render_model()
        with self._server.atomic():
            for body, frame in self._bodies.items():
                frame.position, frame.wxyz = np.array(data.xpos[body]), np.array(data.xquat[body])
            x, y = data.qpos[:2] if self._follow.value else (0.0, 0.0)
            self._world.position = (-float(x), -float(y), 0.0)

    def is_open(self) -> bool:
        """Until `close`: pages come and go."""
        return self._open

    def close(self) -> None:
        """Stop the server."""
        if self._open:
            self._open = False
            self._server.stop()


def check_port(host: str, port: int) -> None:
    """Refuse a port that is taken, rather than open the page elsewhere.

    Raises:
        LandwardError: it is.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise LandwardError(
                f"cannot listen on {host}:{port} ({error.strerror}); choose another --port"
            ) from error
