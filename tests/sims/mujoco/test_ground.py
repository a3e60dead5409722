import numpy as np
import pytest

from robots.go1 import GO1
from sims.mujoco.model import build_model, mujoco_module
from sims.physics import PhysicsCfg
from sims.terrain_grid import TerrainCfg, make_terrain

mujoco = mujoco_module()


@pytest.fixture(scope="module")
def world():
    terrain = make_terrain(TerrainCfg(levels=2, start_level=0))
    model = build_model(GO1, PhysicsCfg(), terrain)
    data = mujoco.MjData(model)
    data.qpos[2] = 50.0
    mujoco.mj_forward(model, data)
    return terrain, model, data


def test_height_at_is_the_height_that_mujocos_rays_hit(world):
    terrain, model, data = world
    rng = np.random.default_rng(0)
    geom = np.zeros(1, np.int32)
    for column, kind in enumerate(terrain.kinds):
        centre = terrain.origins[1, column, :2]
        xy = (centre + rng.uniform(-3, 3, (300, 2))).astype(np.float32)
        rays = [
            5 - mujoco.mj_ray(model, data, [x, y, 5.0], [0.0, 0.0, -1.0], None, 1, -1, geom) for x, y in xy
        ]
        np.testing.assert_allclose(terrain.height_at(xy), rays, atol=1e-4, err_msg=kind)


def standing_height(model, data, origin):
    mujoco.mj_resetData(model, data)
    data.qpos[:3] = origin + [0.0, 0.0, GO1.standing_height]
    data.qpos[3], data.qpos[7:] = 1.0, GO1.default_joint_pos
    data.ctrl[:] = GO1.default_joint_pos
    for _ in range(60):
        mujoco.mj_step(model, data)
    return data.qpos[2] - origin[2]


def test_a_robot_stands_on_every_start_patch_as_on_flat_ground(world):
    terrain, model, data = world
    flat = standing_height(model, data, terrain.origins[0, terrain.kinds.index("flat")])
    assert 0.2 < flat < GO1.standing_height
    for origin in terrain.origins.reshape(-1, 3):
        assert standing_height(model, data, origin) == pytest.approx(flat, abs=0.002)
