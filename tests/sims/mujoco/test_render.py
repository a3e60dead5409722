import os
import subprocess
import sys

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


def test_a_program_that_imports_mujoco_first_can_draw_without_a_display():
    code = (
        "import mujoco\n"
        "from sims.registry import make_env\n"
        "from sims.offscreen import choose_renderer\n"
        "if choose_renderer({}): raise SystemExit(77)\n"
        "print(make_env('go1-flat', 1, play=True).render(0, (64, 48)).shape)\n"
    )
    hidden = ("MUJOCO_GL", "DISPLAY", "WAYLAND_DISPLAY")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment)
    if done.returncode == 77:
        pytest.skip("no off-screen OpenGL")
    assert done.stdout.strip() == "(48, 64, 3)", done.stderr
