import numpy as np
import pytest

from landward.errors import SimulationError
from sims.mujoco.render import SceneRenderer
from sims.registry import make_env


def test_robot_is_in_the_middle_of_the_picture_and_moves_with_its_pose():
    env = make_env("go1-flat", 2, seed=0, play=True)
    try:
        picture = env.render(0, (160, 120))
    except SimulationError as error:
        pytest.skip(f"no off-screen OpenGL: {error}")
    assert picture.shape == (120, 160, 3) and picture.dtype == np.uint8
    middle = picture[40:90, 50:110].astype(int)
    orange = (middle[..., 0] > 150) & (middle[..., 2] < 90)  # the feet
    assert orange.any()
    for _ in range(10):
        env.step(np.full((2, 12), 3.0, np.float32))
    assert (env.render(0, (160, 120)) != picture).mean() > 0.01
    env.close()


def test_no_opengl_says_what_to_install(monkeypatch):
    from robots import get_robot
    from sims.mujoco.model import mujoco_module
    from sims.physics import PhysicsCfg
    from sims.terrain import FLAT

    def refuse(*args, **kwargs):
        raise RuntimeError("no display")

    monkeypatch.setattr(mujoco_module(), "Renderer", refuse)
    with pytest.raises(SimulationError, match="apt-get install libegl1"):
        SceneRenderer(get_robot("go1"), PhysicsCfg(), FLAT, (64, 48))
