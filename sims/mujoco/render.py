"""Off-screen pictures of one robot of a batch."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import SimulationError
from robots import Robot
from sims.mujoco.model import build_model, mujoco_module
from sims.physics import PhysicsCfg
from sims.terrain import Terrain


class SceneRenderer:
    """Draws a robot in a given state, the camera following its base."""

    def __init__(self, robot: Robot, physics: PhysicsCfg, terrain: Terrain, size: tuple[int, int]) -> None:
        """Make a drawing context; `size` is (width, height) in pixels.

        Raises:
            SimulationError: no off-screen OpenGL on this machine.
        """
        mj = mujoco_module()
        self.size = size
        self.model = build_model(robot, physics, terrain, visual=True)
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
