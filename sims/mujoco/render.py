"""Off-screen pictures of one robot of a batch."""

from __future__ import annotations

import importlib
import os
from collections.abc import MutableMapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import SimulationError
from robots import Robot
from sims.mujoco.model import build_model, mujoco_module
from sims.offscreen import LIBRARIES, choose_renderer
from sims.physics import PhysicsCfg
from sims.terrain import Terrain

SHADOW_SIZE = 1024
"""[pixels] Side of the shadow map."""
MULTISAMPLES = 0
"""Samples of a pixel. Four of them took more than half of the time of a software renderer, for edges that the
film's compression softens anyway."""


def load_renderer(environment: MutableMapping[str, str] = os.environ) -> None:
    """Load off-screen OpenGL where the program imported MuJoCo before anything of ours.

    MuJoCo decides while it is imported: without MUJOCO_GL it would draw through a window, which a machine
    without a display cannot open.
    """
    chosen = dict(environment)
    choose_renderer(chosen)
    if not environment.get("MUJOCO_GL") and chosen.get("MUJOCO_GL") in LIBRARIES:
        environment["MUJOCO_GL"] = chosen["MUJOCO_GL"]
        importlib.reload(importlib.import_module("mujoco.rendering.classic.gl_context"))


class RobotScene:
    """Pictures of one robot of an engine, and the model that live viewers draw; both made when asked for."""

    def __init__(self, robot: Robot, physics: PhysicsCfg, terrain: Terrain) -> None:
        self._made_of = robot, physics, terrain
        self._renderer: SceneRenderer | None = None
        self._live: tuple[Any, Any] | None = None

    def model(self, qpos: NDArray[np.float64]) -> tuple[Any, Any]:
        """(MjModel with meshes and lights, MjData in the configuration `qpos`); always the same pair."""
        mj = mujoco_module()
        if self._live is None:
            model = build_model(*self._made_of, visual=True)
            self._live = model, mj.MjData(model)
        model, data = self._live
        data.qpos[:] = qpos
        mj.mj_forward(model, data)
        return model, data

    def frame(self, qpos: NDArray[np.float64], size: tuple[int, int]) -> NDArray[np.uint8]:
        """(H, W, 3) picture of the configuration `qpos`; `size` is (width, height) in pixels."""
        if self._renderer is None or self._renderer.size != size:
            self._renderer = SceneRenderer(*self._made_of, size)
        return self._renderer.frame(qpos)

    def close(self) -> None:
        """Free the drawing context. Safe to call twice."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None


class SceneRenderer:
    """Draws a robot in a given state, the camera following its base."""

    def __init__(self, robot: Robot, physics: PhysicsCfg, terrain: Terrain, size: tuple[int, int]) -> None:
        """Make a drawing context; `size` is (width, height) in pixels.

        Raises:
            SimulationError: no off-screen OpenGL on this machine.
        """
        mj = mujoco_module()
        load_renderer()
        self.size = size
        self.model = build_model(robot, physics, terrain, visual=True)
        visual = self.model.vis
        visual.global_.offwidth, visual.global_.offheight = size
        visual.quality.offsamples, visual.quality.shadowsize = MULTISAMPLES, SHADOW_SIZE
        self.data = mj.MjData(self.model)
        self._mj = mj
        try:
            self._renderer = mj.Renderer(self.model, height=size[1], width=size[0])
        except Exception as error:
            raise SimulationError(
                f"cannot draw: no OpenGL for MUJOCO_GL={os.environ.get('MUJOCO_GL', 'glfw')} ({error}). "
                "Install a software renderer (Debian: apt-get install libegl1 libgl1-mesa-dri), "
                "or set MUJOCO_GL=osmesa"
            ) from error
        self._camera = mj.MjvCamera()
        self._camera.distance, self._camera.azimuth, self._camera.elevation = (
            3 * robot.standing_height + 0.5,
            120,
            -15,
        )
        self._option: Any = mj.MjvOption()
        self._option.geomgroup[3] = 0

    def frame(self, qpos: NDArray[np.float64]) -> NDArray[np.uint8]:
        """(H, W, 3) picture of the configuration `qpos`."""
        self.data.qpos[:] = qpos
        self._mj.mj_forward(self.model, self.data)
        self._camera.lookat[:] = self.data.qpos[:3] - [0.0, 0.0, 0.08]
        self._renderer.update_scene(self.data, self._camera, self._option)
        return self._renderer.render().copy()

    def close(self) -> None:
        """Free the drawing context."""
        self._renderer.close()
