"""The choice of MuJoCo's OpenGL."""

import subprocess
import sys

import pytest

from sims.offscreen import choose_renderer

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the choice is made on Linux only")


@pytest.mark.parametrize(
    ("environment", "libraries", "chosen"),
    [
        ({}, {"libEGL.so.1", "libGL.so.1"}, "egl"),
        ({}, {"libOSMesa.so.8"}, "osmesa"),
        ({}, {"libEGL.so.1"}, "disable"),
        ({"MUJOCO_GL": "osmesa"}, {"libEGL.so.1", "libGL.so.1"}, "disable"),
        ({"MUJOCO_GL": "EGL"}, {"libEGL.so", "libOpenGL.so.0"}, "egl"),
        ({"MUJOCO_GL": "glfw"}, set(), "glfw"),
        ({"DISPLAY": ":0"}, set(), None),
        ({"DISPLAY": ":0", "MUJOCO_GL": "egl"}, set(), "disable"),
    ],
)
def test_a_renderer_that_loads_is_chosen(environment, libraries, chosen):
    problem = choose_renderer(environment, libraries.__contains__)
    assert environment.get("MUJOCO_GL") == chosen
    assert ("apt-get install" in problem) == (chosen == "disable")


def test_mujoco_imports_where_the_renderer_that_was_asked_for_is_missing():
    code = (
        "import os; os.environ['MUJOCO_GL'] = 'osmesa'\n"
        "from sims.offscreen import choose_renderer\n"
        "assert choose_renderer(loads=lambda name: False)\n"
        "import mujoco\n"
        "assert mujoco.MjModel.from_xml_string('<mujoco/>').nq == 0\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
