"""Draw docs/images/terrain.png: Go1s on the rough terrain, one on each kind of tile.

Run from the repository's root: python docs/images/make_terrain.py
"""

from __future__ import annotations

import os
from pathlib import Path

os.environ.setdefault("MUJOCO_GL", "egl")

import imageio.v3 as imageio
import mujoco
import numpy as np

from robots.go1 import GO1
from sims.mujoco.model import build_model
from sims.physics import PhysicsCfg
from sims.terrain_grid import TerrainCfg, make_terrain
from sims.terrain_shapes import ShapeCfg

SIZE = (1280, 400)
KINDS = ("slope_down", "stairs_up", "steps", "uneven", "stairs_down", "slope_up", "flat")


def main() -> None:
    """Settle a robot on each tile of two levels and draw them all in one picture."""
    shape = ShapeCfg(patch=0.9, rim=0.15)
    cfg = TerrainCfg(
        dict.fromkeys(KINDS, 1), 2, (0.6, 1.0), tile=3.75, border=0.75, start_level=0, shape=shape
    )
    terrain = make_terrain(cfg)
    model = build_model(GO1, PhysicsCfg(), terrain, visual=True)
    light_from_the_side(model)
    data, option, camera = mujoco.MjData(model), mujoco.MjvOption(), mujoco.MjvCamera()
    option.geomgroup[3] = 0
    camera.lookat[:], camera.distance, camera.azimuth, camera.elevation = (0.2, 0.0, -0.3), 14.2, 0.0, -46.0
    perturb, robot = mujoco.MjvPerturb(), mujoco.mjtCatBit.mjCAT_DYNAMIC
    with mujoco.Renderer(model, SIZE[1], SIZE[0], max_geom=2000) as renderer:
        for index, origin in enumerate(terrain.origins.reshape(-1, 3)):
            settle(model, data, origin)
            if index == 0:
                renderer.update_scene(data, camera, option)
            else:
                mujoco.mjv_addGeoms(model, data, option, perturb, robot, renderer.scene)
        picture = renderer.render()
    imageio.imwrite(Path(__file__).with_name("terrain.png"), picture)


def light_from_the_side(model: mujoco.MjModel) -> None:
    """Plain ground under a low sun shows its shape; the checkerboard hides it."""
    ground = model.geom("ground").id
    model.geom_matid[ground], model.geom_rgba[ground] = -1, (0.78, 0.76, 0.72, 1.0)
    model.hfield_size[0, 3] = 0.1
    model.vis.headlight.ambient[:], model.vis.headlight.diffuse[:] = 0.25, 0.15
    model.light_dir[0], model.light_pos[0] = (0.35, 0.75, -0.55), (-4.0, -9.0, 7.0)
    model.light_mode[0] = mujoco.mjtCamLight.mjCAMLIGHT_FIXED
    model.light_diffuse[0], model.light_castshadow[0] = 0.85, 1
    model.vis.quality.shadowsize, model.vis.map.shadowclip = 8192, 14.0


def settle(model: mujoco.MjModel, data: mujoco.MjData, origin: np.ndarray) -> None:
    """Let the robot fall onto its feet at a start point."""
    mujoco.mj_resetData(model, data)
    data.qpos[:3], data.qpos[3] = origin + [0.0, 0.0, GO1.standing_height], 1.0
    data.qpos[7:] = data.ctrl[:] = GO1.default_joint_pos
    mujoco.mj_step(model, data, nstep=60)


if __name__ == "__main__":
    main()
