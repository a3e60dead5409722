"""Which renderer draws."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from landward.errors import MissingDependencyError
from sims.carla.server.scene.egl import EglRenderer, NoEglError
from sims.carla.server.scene.raster import RasterRenderer
from sims.carla.server.scene.scene import Frame
from sims.carla.server.scene.statics import Statics

LOG = logging.getLogger(__name__)


class Renderer(Protocol):
    """Draws frames of one town."""

    def render(
        self, frame: Frame, outputs: Sequence[str], into: Sequence[bytearray], offset: int = 0
    ) -> None:
        """Draw a frame; see `EglRenderer.render`."""
        ...

    def release(self) -> None:
        """Give back the memory."""
        ...


def make_renderer(choice: str, statics: Statics) -> Renderer:
    """The renderer "egl" or "cv2"; "auto": OpenGL, else OpenCV with a warning in the log.

    Raises:
        NoEglError: "egl", and OpenGL cannot be had.
        MissingDependencyError: the library is not installed.
    """
    if choice == "cv2":
        return RasterRenderer(statics)
    try:
        return EglRenderer(statics)
    except (NoEglError, MissingDependencyError) as error:
        if choice == "egl":
            raise
        LOG.warning("%s; cameras are drawn with OpenCV, which is about ten times slower", error)
        return RasterRenderer(statics)
