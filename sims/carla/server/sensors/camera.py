"""Cameras: colour, depth, labels, labels with object ids, and surface normals."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from sims.carla.server.errors import RpcError
from sims.carla.server.scene.renderer import Renderer, make_renderer
from sims.carla.server.scene.scene import Scene
from sims.carla.server.scene.view import View, view_of
from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload, Sensor

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors
    from sims.carla.server.world import World

LARGEST_SIDE, LARGEST_AREA = 8192, 16_777_216
"""[px] Of a picture, since clients choose its size."""
HEAD = struct.Struct("<IIf")
"""Width, height, field of view [deg] (PROTOCOL: image payload)."""
NARROWEST, WIDEST = 1.0, 170.0
"""[deg] Fields of view."""


class Camera(Sensor):
    """A pinhole camera; its lens has no distortion and no vignette."""

    output: ClassVar[str]
    """Of `shaders.OUTPUTS`."""
    shot: View
    """From where it takes the picture of this step."""

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.width = read.whole("image_size_x", 1, LARGEST_SIDE)
        self.height = read.whole("image_size_y", 1, LARGEST_SIDE)
        self.fov = read.real("fov", NARROWEST, WIDEST)
        if self.width * self.height > LARGEST_AREA:
            raise RpcError(
                f"Spawn failed because of invalid actor description: a picture of {self.width} x "
                f"{self.height} has more than {LARGEST_AREA} pixels"
            )
        self.buffer = bytearray(HEAD.size + 4 * self.width * self.height)
        """The message, used again for each picture."""
        HEAD.pack_into(self.buffer, 0, self.width, self.height, self.fov)

    @property
    def view(self) -> View:
        """From where it looks now."""
        return view_of(self.actor.pose, self.width, self.height, self.fov)

    def measure(self, dt: float) -> Iterable[Payload]:
        """One picture."""
        self.sensors.studio.take(self)
        return (memoryview(self.buffer),)


class RgbCamera(Camera):
    """sensor.camera.rgb."""

    kind, output = 13, "rgb"


class DepthCamera(Camera):
    """sensor.camera.depth: distance along the optical axis, 24 bits over 1000 m."""

    kind, output = 1, "depth"


class SemanticCamera(Camera):
    """sensor.camera.semantic_segmentation: the label in red."""

    kind, output = 14, "semantic"


class InstanceCamera(Camera):
    """sensor.camera.instance_segmentation: the label in red, the object id in green (low) and blue (high)."""

    kind, output = 15, "instance"


class NormalsCamera(Camera):
    """sensor.camera.normals: 127.5 (1 + normal), x in red, y in green, z in blue, world axes."""

    kind, output = 2, "normals"


class Studio:
    """What the cameras of a world share: the scene and the renderer, made with the first picture.

    Cameras that take their picture in one step from one place through one lens share one drawing.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._scene: Scene | None = None
        self._renderer: Renderer | None = None
        self._waiting: dict[View, list[Camera]] = {}

    @property
    def scene(self) -> Scene:
        """The town and its actors as shapes."""
        if self._scene is None:
            self._scene = Scene(self._world)
        return self._scene

    def expect(self, cameras: Sequence[Camera]) -> None:
        """Say which cameras take a picture in this step."""
        self._waiting = {}
        for camera in cameras:
            camera.shot = camera.view
            self._waiting.setdefault(camera.shot, []).append(camera)

    def take(self, camera: Camera) -> None:
        """Fill the camera's buffer, and those of the cameras that see the same."""
        view = camera.shot
        group = self._waiting.pop(view, None)
        if group is None:
            return
        if self._renderer is None:
            self._renderer = make_renderer(self._world.renderer, self.scene.statics)
        frame = self.scene.look(view)
        first = {each.output: each for each in group}
        outputs = tuple(sorted(first))
        self._renderer.render(frame, outputs, [first[name].buffer for name in outputs], HEAD.size)
        if "rgb" in first:
            size = (view.height, view.width, 4)
            pixels = np.frombuffer(first["rgb"].buffer, np.uint8, offset=HEAD.size).reshape(size)
            self._world.system("drawings").paint(view, pixels)
        for each in group:
            if each is not first[each.output]:
                each.buffer[:] = first[each.output].buffer

    def close(self) -> None:
        """Give back the renderer."""
        if self._renderer is not None:
            self._renderer.release()
            self._renderer = None
