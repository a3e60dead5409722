"""Isaac Lab's engines read and write a robot as MuJoCo does: real workers of the main environment."""

import subprocess

import pytest

from sims.environments import find_python

pytestmark = [
    pytest.mark.isaaclab,
    pytest.mark.slow,
    pytest.mark.timeout(1800),  # the first run compiles Warp's kernels
    pytest.mark.skipif(
        find_python("main") is None or find_python("isaaclab") is None,
        reason="needs both environments: make setup, make setup-isaaclab",
    ),
]
CALL = "import sys; from landward.cli.main import main; sys.exit(main(sys.argv[1:]))"


@pytest.mark.parametrize("engine", ["isaaclab-newton", "isaaclab-physx"])
def test_the_engine_is_sound(engine):
    words = [str(find_python("main")), "-c", CALL, "check-engine", engine]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout == f"{engine} reads and writes go1 as mujoco does\n", done.stdout + done.stderr
    assert done.returncode == 0
