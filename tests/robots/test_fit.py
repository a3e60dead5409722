from dataclasses import replace

import pytest

from landward.errors import SpecMismatchError
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from robots.fit import check_policy_fits, policy_differences
from robots.go1 import GO1
from robots.solo12 import SOLO12
from tests.robots.go1_terms import COMMAND, GRAVITY, GYRO, JOINT_POS, JOINT_VEL, JOINTS, LAST_ACTION, TARGET

# Vectors in the order x, y, z need no names.
INPUTS = (GYRO, replace(GRAVITY, names=()), COMMAND, JOINT_POS, JOINT_VEL, LAST_ACTION)
SPEC = PolicySpec("go1-flat", "go1", 0.02, {"policy": INPUTS}, (TARGET,))
WRONG_NAME = ("FR_hip", *JOINTS[1:])


def with_input(name, **change):
    terms = tuple(replace(term, **change) if term.name == name else term for term in INPUTS)
    return replace(SPEC, observations={"policy": terms})


def with_output(**change):
    return replace(SPEC, actions=(replace(TARGET, **change),))


def test_the_robots_own_policy_fits():
    assert policy_differences(SPEC, GO1) == []
    check_policy_fits(SPEC, GO1, 0.02, "policy.onnx")


def test_another_order_of_joints_fits():
    back = JOINTS[::-1]
    per_joint = ("limits", "stiffness", "damping", "effort_limit")
    reversed_output = {name: getattr(TARGET, name)[::-1] for name in per_joint}
    assert policy_differences(with_input("joint_pos", names=back), GO1) == []
    assert policy_differences(with_output(names=back, **reversed_output), GO1) == []


def test_gains_follow_their_joints_not_their_place():
    back = with_output(names=JOINTS[::-1])
    lines = policy_differences(back, GO1)
    # The torque limit of calves (35.55) now stands where hips (23.7) are, and the other way round.
    assert (
        "output target: effort_limit of RL_calf_joint: the policy has 23.7 N m, robot go1 has 35.55 N m"
        in lines
    )
    assert not any("thigh" in line for line in lines if "effort_limit" in line)


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (replace(SPEC, robot="go2"), "robot: the policy is for 'go2', this robot is 'go1'"),
        (
            replace(SPEC, control_period=0.01),
            "control_period: the policy runs every 0.01 s, the robot every 0.02 s",
        ),
        (
            with_input("gyro", unit="deg/s"),
            "input gyro: the policy is in [deg/s], robot go1 in [rad/s]",
        ),
        (
            with_input("joint_pos", unit=("rad",) * 11 + ("deg",)),
            "input joint_pos: the policy is in [" + "rad, " * 11 + "deg], robot go1 in [rad]",
        ),
        (
            with_input("gravity", frame="world"),
            "input gravity: the policy expects frame 'world', robot go1 measures in 'base'",
        ),
        (
            with_input("command", names=()),
            "input command: expected (vx, vy, wz), the policy has (no names), shape (3,)",
        ),
        (
            with_input("gyro", names=("z", "y", "x")),
            "input gyro: expected (x, y, z), the policy has (z, y, x), shape (3,)",
        ),
        (
            with_input("joint_vel", dtype="int32"),
            "input joint_vel: the policy expects dtype 'int32', robot go1 gives 'float32'",
        ),
        (
            with_output(kind="joint_effort"),
            "output target: robot go1 takes joint_position_target, the policy gives joint_effort",
        ),
        (
            with_output(chunk=4),
            "output target: robot go1 takes one target at a time, the policy gives 4",
        ),
        (
            with_output(stiffness=(35.0,) * 11 + (30.0,)),
            "output target: stiffness of RL_calf_joint: the policy has 30 N m/rad, robot go1 has 35 N m/rad",
        ),
        (
            with_output(damping=()),
            "output target: damping: the policy does not say with which it was trained",
        ),
        (
            with_output(limits=()),
            "output target: the policy has no limits; robot go1 needs those of its joints",
        ),
        (
            with_output(limits=((-0.9, 0.863), *TARGET.limits[1:])),
            "output target: limits of FR_hip_joint: the policy's -0.9 to 0.863 rad go beyond -0.863 to "
            "0.863 rad of robot go1",
        ),
        (
            with_input("joint_pos", names=()),
            "input joint_pos: names no joints, so that they cannot be matched with those of robot go1",
        ),
        (
            replace(SPEC, actions=(TARGET, ActionTerm("drive", "twist", (3,)))),
            "outputs: robot go1 takes one joint_position_target, the policy has target, drive",
        ),
    ],
)
def test_one_difference_is_one_readable_line(spec, line):
    assert line in policy_differences(spec, GO1)
    with pytest.raises(SpecMismatchError) as error:
        check_policy_fits(spec, GO1, path="run/policy.onnx")
    assert line in str(error.value) and str(error.value).startswith("run/policy.onnx does not fit robot go1:")


@pytest.mark.parametrize("spec", [with_input("joint_pos", names=WRONG_NAME), with_output(names=WRONG_NAME)])
def test_one_wrong_joint_names_both_sides(spec):
    unknown, lacking = policy_differences(spec, GO1)
    assert "robot go1 has no joint 'FR_hip'; it has FR_hip_joint, FR_thigh_joint" in unknown
    assert lacking.endswith("the policy lacks joint 'FR_hip_joint' of robot go1")


def test_an_input_without_a_sensor_is_refused():
    scan = ObservationTerm("scan", "height_scan", (9,), unit="m", frame="base")
    (line,) = policy_differences(replace(SPEC, observations={"policy": (*INPUTS, scan)}), GO1)
    assert line.startswith("input scan: robot go1 has no sensor for height_scan; it has joint_position")


def test_fewer_joints_are_refused():
    eleven = with_input("joint_vel", names=JOINTS[1:], shape=(11,))
    assert policy_differences(eleven, GO1) == [
        "input joint_vel: the policy lacks joint 'FR_hip_joint' of robot go1"
    ]


def test_a_policy_of_another_robot_is_refused_in_a_few_lines():
    lines = policy_differences(SPEC, SOLO12)
    # The robot, two inputs and one output; not every joint on a line of its own.
    assert len(lines) == 4
    assert lines[1].startswith("input joint_pos: the policy's joints are FR_hip_joint")


def test_the_period_asked_for_counts():
    assert policy_differences(SPEC, GO1, control_period=0.02 * (1.0 + 1e-9)) == []
    (line,) = policy_differences(SPEC, GO1, control_period=0.005)
    assert "every 0.02 s, the robot every 0.005 s" in line


def test_how_a_policy_was_trained_does_not_matter():
    delayed = with_input("joint_pos", delay=(0.0, 0.02), scale=0.5, history=3)
    assert policy_differences(replace(delayed, task="other"), GO1) == []
