import importlib
import importlib.util
import math
from dataclasses import replace

import numpy as np
import pytest

from landward.errors import RegistryError, RunError
from robots import get_robot
from sims.isaaclab import usd
from sims.isaaclab.links import compose, forward_kinematics
from sims.physics import PhysicsCfg


def needs_pxr(test):
    """Mark a test of files that only OpenUSD can read."""
    missing = importlib.util.find_spec("pxr") is None
    return pytest.mark.isaaclab(
        pytest.mark.skipif(missing, reason="needs Isaac Lab: make setup-isaaclab")(test)
    )


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _stage(path):
    return importlib.import_module("pxr.Usd").Stage.Open(str(path))


def _physics():
    return importlib.import_module("pxr.UsdPhysics")


@needs_pxr
@pytest.mark.parametrize(("name", "mass"), [("go1", 13.1), ("solo12", 2.5), ("go2", 16.085)])
def test_bodies_are_children_of_the_robot_and_have_its_mass(name, mass):
    api, stage = _physics(), _stage(usd.robot_usd(name))
    root = stage.GetDefaultPrim()
    bodies = [prim for prim in root.GetChildren() if prim.HasAPI(api.RigidBodyAPI)]
    assert len(bodies) == 17
    assert sum(api.MassAPI(body).GetMassAttr().Get() for body in bodies) == pytest.approx(mass, abs=0.01)
    assert root.HasAPI(api.ArticulationRootAPI)


@needs_pxr
def test_joint_frames_limits_and_drives_are_those_of_the_robot():
    robot, api = get_robot("go1"), _physics()
    stage = _stage(usd.robot_usd("go1"))
    angles = dict(zip(robot.joint_names, robot.default_joint_pos, strict=True))
    links = usd.robot_links(robot, PhysicsCfg())
    start, quat = np.array([0.0, 0, 1]), np.array([1.0, 0, 0, 0])
    poses = forward_kinematics(links, start, quat, angles)
    seen = set()
    for prim in stage.Traverse():
        if not prim.IsA(api.Joint):
            continue
        joint = api.Joint(prim)
        parent, child = (
            poses[rel.GetTargets()[0].name] for rel in (joint.GetBody0Rel(), joint.GetBody1Rel())
        )
        one = compose(*parent, joint.GetLocalPos0Attr().Get(), _wxyz(joint.GetLocalRot0Attr().Get()))
        two = compose(*child, joint.GetLocalPos1Attr().Get(), _wxyz(joint.GetLocalRot1Attr().Get()))
        np.testing.assert_allclose(one[0], two[0], atol=1e-6)
        if prim.IsA(api.FixedJoint):
            continue
        # Turned by the joint's angle about the x axis of the frame, the parent's frame meets the child's.
        half = angles[prim.GetName()] / 2
        turned = compose(np.zeros(3), one[1], np.zeros(3), [math.cos(half), math.sin(half), 0, 0])[1]
        assert abs(turned @ two[1]) == pytest.approx(1.0, abs=1e-6)
        index = robot.joint_names.index(prim.GetName())
        revolute = api.RevoluteJoint(prim)
        limits = revolute.GetLowerLimitAttr().Get(), revolute.GetUpperLimitAttr().Get()
        np.testing.assert_allclose(np.radians(limits), robot.joint_limits[index], atol=1e-5)
        assert api.DriveAPI.Get(prim, "angular")
        assert prim.GetAttribute("physxJoint:armature").Get() == pytest.approx(robot.armature[index])
        assert prim.GetAttribute("newton:armature").Get() == pytest.approx(robot.armature[index])
        seen.add(prim.GetName())
    assert seen == set(robot.joint_names)


def _wxyz(quat):
    return np.array([quat.GetReal(), *quat.GetImaginary()])


@needs_pxr
def test_only_the_shapes_that_the_task_asks_for_collide():
    robot, api = get_robot("go1"), _physics()
    for bodies, links in (("feet", {"base"}), ("watched", set(robot.watched))):
        stage = _stage(usd.engine_usd(robot, PhysicsCfg(contact_bodies=bodies)))
        touching = {prim.GetParent().GetName() for prim in stage.Traverse() if prim.HasAPI(api.CollisionAPI)}
        assert touching == links | {shape.link for shape in robot.feet}


@needs_pxr
def test_feet_and_bodies_have_their_own_friction():
    api, stage = _physics(), _stage(usd.robot_usd("go1"))
    shade = importlib.import_module("pxr.UsdShade")

    def friction(path):
        bound = shade.MaterialBindingAPI(stage.GetPrimAtPath(path)).ComputeBoundMaterial("physics")[0]
        return api.MaterialAPI(bound.GetPrim()).GetDynamicFrictionAttr().Get()

    assert friction("/go1/FL_foot/FL_foot") == pytest.approx(0.8)
    assert friction("/go1/base/base_0") == pytest.approx(1.0)


@needs_pxr
def test_a_file_is_converted_once_and_again_when_the_robot_changes():
    robot, physics = get_robot("solo12"), PhysicsCfg()
    path = usd.engine_usd(robot, physics)
    written = path.stat().st_mtime_ns
    assert usd.engine_usd(robot, physics) == path
    assert path.stat().st_mtime_ns == written
    heavier = replace(robot, armature=tuple(2 * a for a in robot.armature))
    assert usd.engine_usd(heavier, physics) != path
    assert [p.name for p in path.parent.iterdir()] == ["solo12.usda"]


@needs_pxr
def test_the_grounds_own_friction_gives_way_to_what_touches_it():
    stage, api = _stage(usd.ground_usd()), _physics()
    material = next(prim for prim in stage.Traverse() if prim.HasAPI(api.MaterialAPI))
    assert api.MaterialAPI(material).GetDynamicFrictionAttr().Get() < 1e-3
    assert material.GetAttribute("physxMaterial:frictionCombineMode").Get() == "max"


def test_go2s_collision_meshes_become_primitives_around_them():
    links = {link.name: link for link in usd.described_links(usd.DESCRIBED["go2"])}
    assert sum(link.mass for link in links.values()) == pytest.approx(16.085, abs=1e-3)
    (base,) = links["base"].solids
    # The mesh reaches from -0.128 to 0.346 m in x.
    assert base.kind == "box"
    assert base.pos[0] == pytest.approx(0.109, abs=0.001)
    assert max(base.size) == pytest.approx(0.237, abs=0.003)
    (foot,) = links["FL_foot"].solids
    assert foot.kind == "sphere"
    assert foot.size[0] == pytest.approx(0.0225, abs=0.003)


def test_the_key_of_a_robot_knows_its_shapes_but_not_the_last_bits():
    robot = get_robot("go1")
    one = usd.robot_links(robot, PhysicsCfg())
    two = usd.robot_links(robot, PhysicsCfg())
    two[0].com = two[0].com + 1e-13
    assert usd.digest(one) == usd.digest(two)
    assert usd.digest(one) != usd.digest(usd.robot_links(robot, PhysicsCfg(contact_bodies="all")))


def test_an_unknown_robot_is_an_error_that_lists_the_known_ones():
    with pytest.raises(RegistryError, match="'go3'.*go1, go2, solo12"):
        usd.robot_usd("go3")


@needs_pxr
def test_a_cache_that_cannot_be_written_says_so(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(RunError, match="XDG_CACHE_HOME"):
        usd.ground_usd()
