from dataclasses import replace

import pytest

from landward.errors import MissingDependencyError, RegistryError, SpecError
from robots import get_robot, robot_names
from robots.go1 import GO1


@pytest.mark.parametrize("name", ["go1", "solo12"])
def test_robot_is_complete_and_its_urdf_is_shipped(name):
    robot = get_robot(name)
    assert len(robot.joint_names) == 12 and len(set(robot.joint_names)) == 12
    assert robot.urdf_path.is_file()
    assert all(effort > 0 for effort in robot.effort_limit)
    assert set(robot.sources) >= {"stiffness", "armature", "effort_limit"}


def test_unknown_robot_names_the_closest():
    with pytest.raises(RegistryError, match="go1"):
        get_robot("g01")
    assert {"go1", "solo12"} <= set(robot_names())


def test_mirroring_twice_is_the_identity():
    for joint, (image, sign) in GO1.mirror.items():
        assert GO1.mirror[image] == (joint, sign)
    assert GO1.mirror["FR_hip_joint"] == ("FL_hip_joint", -1.0)
    assert GO1.mirror["RL_calf_joint"] == ("RR_calf_joint", 1.0)


def test_diagonals_are_indices_of_feet():
    assert GO1.diagonal_indices == ((0, 3), (1, 2))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stiffness": (1.0,)}, "stiffness has 1 entries for 12 joints"),
        ({"default_joint_pos": (9.0,) * 12}, "outside"),
        ({"mirror_joints": GO1.mirror_joints[1:]}, "each joint once"),
        ({"sources": {}}, "say in `sources`"),
        ({"foot_names": ("a",)}, "4 feet but 1 foot names"),
    ],
)
def test_a_wrong_declaration_is_refused(change, message):
    with pytest.raises(SpecError, match=message):
        replace(GO1, **change)


def test_a_mirror_that_is_no_involution_is_refused():
    swapped = (("FR_hip_joint", "FL_hip_joint", 1.0), *GO1.mirror_joints[1:])
    with pytest.raises(SpecError, match="twice does not give"):
        replace(GO1, mirror_joints=swapped)


def test_a_missing_urdf_says_what_to_install():
    with pytest.raises(MissingDependencyError, match=r"landward\[sim\]"):
        _ = replace(GO1, urdf="nowhere/nothing.urdf").urdf_path
