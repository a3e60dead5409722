from dataclasses import replace

import numpy as np
import pytest

from landward.errors import SimulationError
from robots import get_robot
from sims.mujoco.model import build_model, mujoco_module
from sims.physics import PhysicsCfg
from sims.terrain import FLAT, Terrain


@pytest.mark.parametrize(("name", "mass"), [("go1", 13.1), ("solo12", 2.5)])
def test_model_has_the_robots_mass_joints_and_actuators_in_policy_order(name, mass):
    robot = get_robot(name)
    model = build_model(robot, PhysicsCfg(), FLAT)
    assert model.body_subtreemass[0] == pytest.approx(mass, abs=0.01)
    assert [model.actuator(i).name for i in range(model.nu)] == list(robot.joint_names)
    np.testing.assert_allclose(model.actuator_gainprm[:, 0], robot.stiffness)
    np.testing.assert_allclose(model.actuator_forcerange[:, 1], robot.effort_limit)


@pytest.mark.parametrize("name", ["go1", "solo12"])
def test_robot_stands_on_its_feet_at_its_standing_height(name):
    mj, robot = mujoco_module(), get_robot(name)
    model = build_model(robot, PhysicsCfg(), FLAT)
    data = mj.MjData(model)
    data.qpos[2], data.qpos[3] = robot.standing_height, 1.0
    for joint, angle in zip(robot.joint_names, robot.default_joint_pos, strict=True):
        data.joint(joint).qpos = angle
    mj.mj_forward(model, data)
    soles = [
        data.geom(foot).xpos[2] - shape.size[0]
        for foot, shape in zip(robot.foot_names, robot.feet, strict=True)
    ]
    np.testing.assert_allclose(soles, 0.0, atol=1e-3)


def test_only_the_chosen_links_touch_the_ground():
    robot = get_robot("go1")
    counts = {
        kind: int(build_model(robot, PhysicsCfg(contact_bodies=kind), FLAT).geom_conaffinity.sum())
        for kind in ("feet", "watched", "all")
    }
    assert counts == {"feet": 4 + 2, "watched": 4 + 2 + 4, "all": 4 + 2 + 12}


def test_height_field_keeps_its_heights():
    heights = np.array([[0.0, 0.1], [0.2, -0.1]], np.float32)
    model = build_model(get_robot("go1"), PhysicsCfg(), Terrain(heights=heights, cell=1.0))
    low, extent = -0.1, 0.3
    np.testing.assert_allclose(model.hfield_data.reshape(2, 2) * extent + low, heights, atol=1e-6)
    assert model.geom("ground").pos[2] == pytest.approx(low)


def test_a_nan_in_the_robot_is_named():
    broken = replace(get_robot("go1"), armature=(float("nan"),) * 12)
    with pytest.raises(SimulationError, match="go1"):
        build_model(broken, PhysicsCfg(), FLAT)


def test_an_unknown_joint_is_named():
    robot = get_robot("go1")
    renamed = tuple("FR_knee" if n == "FR_calf_joint" else n for n in robot.joint_names)
    mirror = tuple(
        tuple("FR_knee" if part == "FR_calf_joint" else part for part in row) for row in robot.mirror_joints
    )
    with pytest.raises(SimulationError, match="FR_knee"):
        build_model(replace(robot, joint_names=renamed, mirror_joints=mirror), PhysicsCfg(), FLAT)
