import math

import numpy as np
import pytest

from landward.errors import SimulationError
from robots import get_robot
from sims.isaaclab.links import forward_kinematics, links_of
from sims.isaaclab.usd import robot_links
from sims.mujoco.model import build_model, mujoco_module
from sims.physics import PhysicsCfg
from sims.terrain import FLAT

TWO_MASSES = """
<mujoco><compiler fusestatic="false"/><worldbody><body name="base" pos="0 0 1">
  <freejoint/><inertial pos="0 0 0" mass="2" diaginertia="0.1 0.1 0.1"/>
  <body name="tool" pos="0.3 0 0">
    <inertial pos="0 0 0" mass="1" diaginertia="0.1 0.1 0.1"/>
    <geom type="sphere" size="0.02" pos="0 0 0.1" mass="0"/>
  </body>
  <body name="arm" pos="0 0.5 0">
    <joint name="elbow" type="hinge" axis="0 0 1" pos="0 0.1 0" range="-90 90"/>
    <inertial pos="0 0 0" mass="1" diaginertia="0.1 0.2 0.25"/>
  </body>
</body></worldbody></mujoco>
"""


def _compile(xml):
    return mujoco_module().MjSpec.from_string(xml).compile()


def test_a_jointless_body_is_merged_by_the_parallel_axis_theorem():
    base, arm = links_of(_compile(TWO_MASSES))
    # 2 kg at 0 and 1 kg at 0.3: centre at 0.1; the spread about it is 2 * 0.1^2 + 1 * 0.2^2 = 0.06.
    assert base.mass == 3.0
    np.testing.assert_allclose(base.com, [0.1, 0.0, 0.0])
    np.testing.assert_allclose(base.inertia, np.diag([0.2, 0.26, 0.26]))
    np.testing.assert_allclose(base.solids[0].pos, [0.3, 0.0, 0.1])
    assert (arm.name, arm.parent, arm.joint.limits) == ("arm", 0, pytest.approx((-math.pi / 2, math.pi / 2)))


def test_a_body_that_is_kept_stays_a_link():
    links = links_of(_compile(TWO_MASSES), ["tool"])
    assert [link.name for link in links] == ["base", "tool", "arm"]
    assert [link.mass for link in links] == [2.0, 1.0, 1.0]
    assert links[1].joint is None


def test_a_hinge_turns_about_its_anchor():
    links = links_of(_compile(TWO_MASSES))
    poses = forward_kinematics(links, np.zeros(3), np.array([1.0, 0, 0, 0]), {"elbow": math.pi / 2})
    # The anchor is at (0, 0.6); the link's origin, 0.1 below it in y, comes to lie 0.1 beside it in x.
    np.testing.assert_allclose(poses["arm"][0], [0.1, 0.6, 0.0], atol=1e-12)
    np.testing.assert_allclose(poses["arm"][1], [math.sqrt(0.5), 0, 0, math.sqrt(0.5)], atol=1e-12)


@pytest.mark.parametrize("name", ["go1", "solo12"])
def test_kinematics_and_masses_are_those_of_the_mujoco_engines_model(name):
    robot, mj = get_robot(name), mujoco_module()
    physics = PhysicsCfg(actuator="dc_motor")
    model = build_model(robot, physics, FLAT)
    data = mj.MjData(model)
    quat = np.array([0.8, 0.2, -0.4, 0.4])
    data.qpos[:7] = [0.1, 0.2, 0.3, *quat]
    angles = dict(zip(robot.joint_names, robot.default_joint_pos, strict=True))
    for joint, angle in angles.items():
        data.joint(joint).qpos = angle
    mj.mj_forward(model, data)
    links = robot_links(robot, physics)
    poses = forward_kinematics(links, np.array([0.1, 0.2, 0.3]), quat, angles)
    for body in range(1, model.nbody):
        np.testing.assert_allclose(poses[model.body(body).name][0], data.xpos[body], atol=1e-9)
    for foot, shape in zip(robot.foot_names, robot.feet, strict=True):
        np.testing.assert_allclose(poses[shape.link][0], data.geom(foot).xpos, atol=1e-9)
    merged = links_of(_without_fusing(robot, physics))
    for link in merged:
        assert link.mass == pytest.approx(model.body(link.name).mass[0], rel=1e-9)
        np.testing.assert_allclose(link.com, model.body(link.name).ipos, atol=1e-9)
        np.testing.assert_allclose(
            np.sort(link.principal()[0]), np.sort(model.body(link.name).inertia), rtol=1e-5
        )


def _without_fusing(robot, physics):
    from dataclasses import replace

    compiler = (*robot.urdf_compiler, ("fusestatic", "false"))
    return build_model(replace(robot, urdf_compiler=compiler), physics, FLAT)


def test_principal_axes_give_the_inertia_back():
    link = robot_links(get_robot("go1"), PhysicsCfg())[2]
    moments, quat = link.principal()
    matrix = np.empty(9)
    mujoco_module().mju_quat2Mat(matrix, quat)
    turn = matrix.reshape(3, 3)
    np.testing.assert_allclose(turn @ np.diag(moments) @ turn.T, link.inertia, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (('type="hinge"', 'type="slide"'), "single hinges"),
        (("<freejoint/>", ""), "single hinges"),
        (('range="-90 90"', 'range="-90 90" ref="10"'), "'elbow' is not zero"),
        (('type="sphere" size="0.02"', 'type="ellipsoid" size="0.1 0.1 0.1"'), "'tool' is no sphere"),
    ],
)
def test_a_model_that_cannot_be_converted_is_refused(change, message):
    with pytest.raises(SimulationError, match=message):
        links_of(_compile(TWO_MASSES.replace(*change)))


def test_a_body_to_keep_that_is_not_there_is_named():
    with pytest.raises(SimulationError, match="no body foot"):
        links_of(_compile(TWO_MASSES), ["foot"])
