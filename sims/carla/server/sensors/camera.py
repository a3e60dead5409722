"""Cameras: colour, depth, labels, labels with object ids, and surface normals."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.errors import RpcError
from sims.carla.server.scene.renderer import Renderer, make_renderer
from sims.carla.server.scene.scene import Scene
from sims.carla.server.scene.view import View, view_of
from sims.carla.server.sensors.attributes import Attributes
from sims.carla.server.sensors.base import Payload, Sensor

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors
    from sims.carla.server.world import World

LARGEST_SIDE, LARGEST_PICTURE = 8192, 64 << 20
"""[px] and [byte]: clients choose the size."""
HEAD = struct.Struct("<IIf")
"""Width, height, field of view [deg] (PROTOCOL: image payload)."""
NARROWEST, WIDEST = 1.0, 170.0
"""[deg] Fields of view."""


class Camera(Sensor):
    """A pinhole camera; its lens has no distortion and no vignette."""

    outputs: ClassVar[tuple[str, ...]]
    """What is drawn for it, of `shaders.OUTPUTS`."""
    pixel: ClassVar[int] = 4
    """[byte] In its message."""
    shot: View
    """From where it takes the picture of this step."""

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        super().__init__(read, sensors)
        self.width = read.whole("image_size_x", 1, LARGEST_SIDE)
        self.height = read.whole("image_size_y", 1, LARGEST_SIDE)
        self.fov = read.real("fov", NARROWEST, WIDEST)
        most = LARGEST_PICTURE // self.pixel
        if self.width * self.height > most:
            raise RpcError(
                f"Spawn failed because of invalid actor description: a picture of {self.width} x "
                f"{self.height} has more than {most} pixels"
            )
        self.head = HEAD.pack(self.width, self.height, self.fov)
        """Of its messages."""
        self.pictures = {
            name: bytearray(self.head + bytes(4 * self.width * self.height)) for name in self.outputs
        }
        """What was drawn, each with a head and used again for each picture."""

    @property
    def view(self) -> View:
        """From where it looks now."""
        return view_of(self.actor.pose, self.width, self.height, self.fov)

    def measure(self, dt: float) -> Iterable[Payload]:
        """One picture."""
        self.sensors.studio.take(self)
        return (memoryview(self.pictures[self.outputs[0]]),)

    def pixels(self, output: str) -> NDArray[np.uint8]:
        """(h, w, 4) blue, green, red, alpha of what was drawn."""
        picture = np.frombuffer(self.pictures[output], np.uint8, offset=HEAD.size)
        return picture.reshape(self.height, self.width, 4)


class RgbCamera(Camera):
    """sensor.camera.rgb."""

    kind, outputs = 13, ("rgb",)


class DepthCamera(Camera):
    """sensor.camera.depth: distance along the optical axis, 24 bits over 1000 m."""

    kind, outputs = 1, ("depth",)


class SemanticCamera(Camera):
    """sensor.camera.semantic_segmentation: the label in red."""

    kind, outputs = 14, ("semantic",)


class InstanceCamera(Camera):
    """sensor.camera.instance_segmentation: the label in red, the object id in green (low) and blue (high)."""

    kind, outputs = 15, ("instance",)


class NormalsCamera(Camera):
    """sensor.camera.normals: 127.5 (1 + normal), x in red, y in green, z in blue, world axes."""

    kind, outputs = 2, ("normals",)


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
        """Fill the camera's pictures, and those of the cameras that see the same."""
        view = camera.shot
        group = self._waiting.pop(view, None)
        if group is None:
            return
        if self._renderer is None:
            self._renderer = make_renderer(self._world.renderer, self.scene.statics)
        frame = self.scene.look(view)
        drawn = {name: each for each in group for name in each.outputs}
        outputs = tuple(sorted(drawn))
        self._renderer.render(frame, outputs, [drawn[name].pictures[name] for name in outputs], HEAD.size)
        if "rgb" in drawn:
            self._world.system("drawings").paint(view, drawn["rgb"].pixels("rgb"))
        for each in group:
            for name in each.outputs:
                if each is not drawn[name]:
                    each.pictures[name][:] = drawn[name].pictures[name]

    def close(self) -> None:
        """Give back the renderer."""
        if self._renderer is not None:
            self._renderer.release()
            self._renderer = None
