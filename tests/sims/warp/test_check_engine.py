"""MuJoCo Warp reads and writes a robot as MuJoCo does; and a fault planted into it is named."""

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("mujoco_warp")

from robots import get_robot  # noqa: E402
from sims.check_engine import check_engine, number_of_rows  # noqa: E402
from sims.engines import make_engine  # noqa: E402
from sims.physics import PhysicsCfg  # noqa: E402

pytestmark = [pytest.mark.warp, pytest.mark.slow]

ROBOT = get_robot("go1")
PHYSICS = PhysicsCfg(timestep=0.005, substeps=4, contact_bodies="feet")
"""As in test_engine.py: another one may have to compile kernels of its own."""


def test_warp_is_sound_and_late_actions_are_named(monkeypatch):
    warp, mujoco = (make_engine(n, ROBOT, PHYSICS, number_of_rows(ROBOT)) for n in ("warp", "mujoco"))
    assert check_engine(warp, mujoco) == []
    home = torch.tensor([ROBOT.default_joint_pos] * number_of_rows(ROBOT))
    step, reset, waiting = warp.step, warp.reset, [home]

    def late(targets):
        waiting.append(targets)
        step(waiting.pop(0))

    def empty(*given):
        waiting[:] = [home]
        reset(*given)

    monkeypatch.setattr(warp, "step", late)
    monkeypatch.setattr(warp, "reset", empty)
    assert "actions take effect 1 control step (0.02 s) late" in check_engine(warp, mujoco)[0]
