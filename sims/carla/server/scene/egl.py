"""Pictures by OpenGL without a display: EGL, on a GPU or on Mesa's llvmpipe.

At 84x84 the fixed costs decide: one call draws everything, one buffer transfer reads it, and llvmpipe draws
on the calling thread, because waking its threads takes longer than the drawing.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from landward.errors import LandwardError, require
from sims.carla.server.scene.light import Light
from sims.carla.server.scene.scene import Frame
from sims.carla.server.scene.shaders import fragment_shader, vertex_shader
from sims.carla.server.scene.statics import Statics
from sims.carla.server.scene.tiles import Seen
from sims.carla.server.scene.vertices import VERTEX
from sims.carla.server.scene.view import View, clip_matrix

VERTEX_FORMAT = "3f4 4i1 4f1 4u1"
INSTANCE_FORMAT = "4f4 4f4 4f4 4f1 4u1 /i"
TARGETS = 16
"""Picture sizes that are kept ready; beyond that the one unused for longest goes."""
GUARD, LARGEST_VIEWPORT = 9, 16384
"""See `guard_band`; odd, and the size [px] that OpenGL implementations have at least."""
MOST_INSTANCES, MOST_COMMANDS = 64, 16
"""Room for the first to begin with, which is doubled when it does not suffice, and for the second."""


class NoEglError(LandwardError):
    """OpenGL without a display cannot be had here."""


@cache
def context() -> Any:
    """The process's OpenGL context.

    Raises:
        NoEglError: there is no EGL, or it is older than OpenGL 4.3.
        MissingDependencyError: moderngl is not installed.
    """
    moderngl = require("moderngl", "carla", "drawing camera pictures with OpenGL")
    os.environ.setdefault("LP_NUM_THREADS", "0")
    try:
        return moderngl.create_context(standalone=True, backend="egl", require=430)
    except Exception as error:
        raise NoEglError(
            f"the EGL renderer cannot start: {error}. Install libEGL with Mesa's llvmpipe or a GPU driver "
            "(Debian: libegl1 libgl1-mesa-dri), or choose --renderer cv2"
        ) from None


class EglRenderer:
    """Draws frames of one town.

    Args:
        statics: the town's triangles; those that can be seen go to OpenGL whenever they are others.

    Raises:
        NoEglError: see `context`.
        MissingDependencyError: moderngl is not installed.
    """

    def __init__(self, statics: Statics) -> None:
        self._gl = context()
        self._vertices = self._gl.buffer(statics.vertices.tobytes(), dynamic=True)
        self._instances = self._gl.buffer(reserve=56 * MOST_INSTANCES, dynamic=True)
        self._commands = self._gl.buffer(reserve=20 * MOST_COMMANDS, dynamic=True)
        self._shapes, self._town = statics.begin * VERTEX.itemsize, Seen(statics.vertices[:0], 0)
        self._programs: dict[tuple[str, ...], _Program] = {}
        self._targets: OrderedDict[tuple[int, int, tuple[str, ...]], _Target] = OrderedDict()

    def render(
        self, frame: Frame, outputs: Sequence[str], into: Sequence[bytearray], offset: int = 0
    ) -> None:
        """Draw a frame.

        Args:
            frame: what to draw.
            outputs: pictures to make, of `shaders.OUTPUTS`.
            into: a buffer for each, to which blue, green, red, alpha bytes are written, the top row first.
            offset: where in the buffers they begin.
        """
        names = tuple(outputs)
        target, program = self._target(frame.view, names), self._program(names)
        self._upload(frame, program)
        guard = guard_band(frame.view)
        target.clear(frame.light)
        target.aim(guard)
        program.set(frame, guard)
        self._gl.enable_only(self._gl.DEPTH_TEST | self._gl.CULL_FACE)
        program.array.render_indirect(self._commands, self._gl.TRIANGLES, count=len(frame.commands))
        for attachment, buffer in enumerate(into):
            target.framebuffer.read_into(buffer, components=4, attachment=attachment, write_offset=offset)

    def release(self) -> None:
        """Give back the memory; the context stays for the next town."""
        for target in self._targets.values():
            target.release()
        for program in self._programs.values():
            program.release()
        for buffer in (self._vertices, self._instances, self._commands):
            buffer.release()

    def _upload(self, frame: Frame, program: _Program) -> None:
        instances, commands = frame.instances.tobytes(), frame.commands.tobytes()
        if len(instances) > self._instances.size:
            self._instances.orphan(2 * len(instances))
        self._instances.write(instances)
        self._commands.write(commands)
        if self._town is not frame.town:
            self._vertices.write(frame.town.vertices.tobytes(), offset=self._shapes)
            self._town = frame.town

    def _program(self, outputs: tuple[str, ...]) -> _Program:
        if outputs not in self._programs:
            self._programs[outputs] = _Program(self._gl, outputs, self._vertices, self._instances)
        return self._programs[outputs]

    def _target(self, view: View, outputs: tuple[str, ...]) -> _Target:
        key = (view.width, view.height, outputs)
        if key not in self._targets:
            if len(self._targets) == TARGETS:
                self._targets.popitem(last=False)[1].release()
            self._targets[key] = _Target(self._gl, view.width, view.height, outputs)
        self._targets.move_to_end(key)
        return self._targets[key]


class _Program:
    """Shaders for one set of outputs, with the buffers that they read."""

    def __init__(self, gl: Any, outputs: tuple[str, ...], vertices: Any, instances: Any) -> None:
        self._program = gl.program(vertex_shader=vertex_shader(), fragment_shader=fragment_shader(outputs))
        self._uniforms = {name: self._program[name] for name in self._program}
        """Those that the outputs need; looked up once, since moderngl searches all members each time."""
        self._light: Light | None = None
        vertex = (vertices, VERTEX_FORMAT, "position", "normal", "colour", "tag")
        instance = (instances, INSTANCE_FORMAT, "place_x", "place_y", "place_z", "paint", "mark")
        self.array = gl.vertex_array(self._program, [vertex, instance], skip_errors=True)

    def set(self, frame: Frame, guard: int) -> None:
        """Camera and light."""
        matrix = clip_matrix(frame.view)
        matrix[:2] /= guard
        self._write("camera", matrix.T)
        light = frame.light
        if light is not self._light:
            self._light = light
            self._write("sun", [*light.sun, light.ambient])
            self._write("haze", [*light.sky, light.haze])

    def _write(self, name: str, value: Any) -> None:
        if name in self._uniforms:
            self._uniforms[name].write(np.asarray(value, dtype=np.float32).tobytes())

    def release(self) -> None:
        """Give back the memory."""
        self.array.release()
        self._program.release()


class _Target:
    """What is drawn to: one attachment an output, and a depth buffer."""

    def __init__(self, gl: Any, width: int, height: int, outputs: tuple[str, ...]) -> None:
        self._outputs, self._size = outputs, (width, height)
        self._attachments = [gl.renderbuffer((width, height), 4) for _ in outputs]
        self._depth = gl.depth_renderbuffer((width, height))
        self.framebuffer = gl.framebuffer(self._attachments, self._depth)
        self._single = [gl.framebuffer([attachment]) for attachment in self._attachments]

    def clear(self, light: Light) -> None:
        """To the sky; the rectangle is given, or that of the last target would hold."""
        colours = [background(name, light) for name in self._outputs]
        everything = (0, 0, *self._size)
        self.framebuffer.clear(*colours[0], viewport=everything)
        for single, colour in zip(self._single[1:], colours[1:], strict=True):
            single.clear(*colour, viewport=everything)

    def aim(self, guard: int) -> None:
        """Draw to it: to the middle of a viewport that is so many times as large."""
        width, height = self._size
        self.framebuffer.use()
        x, y = -(guard - 1) // 2 * width, -(guard - 1) // 2 * height
        self.framebuffer.viewport = (x, y, guard * width, guard * height)
        self.framebuffer.scissor = (0, 0, width, height)

    def release(self) -> None:
        """Give back the memory."""
        for item in (self.framebuffer, *self._single, self._depth, *self._attachments):
            item.release()


def guard_band(view: View) -> int:
    """How many times as large as the picture the viewport is.

    What reaches out of the viewport has to be cut, which is slow; what reaches out of the picture alone is
    left out by the scissor rectangle at no cost.
    """
    largest = LARGEST_VIEWPORT // max(view.width, view.height)
    return min(GUARD, largest - 1 + largest % 2)


def background(output: str, light: Light) -> tuple[float, float, float, float]:
    """The sky in a picture: blue, green, red, alpha, 0..1."""
    red, green, blue = light.sky
    return {
        "rgb": (blue, green, red, 1.0),
        "depth": (1.0, 1.0, 1.0, 1.0),
        "semantic": (0.0, 0.0, 11.0 / 255.0, 1.0),
        "instance": (0.0, 0.0, 11.0 / 255.0, 1.0),
        "normals": (0.5, 0.5, 0.5, 1.0),
    }[output]
