import numpy as np
import pytest

from landward.constraint import Constraint
from landward.errors import SpecError
from landward_safety.constraints import PolicyConstraints
from tests.ros2_ws.landward_safety.scenes import PERIOD, ROBOT, imu, joints, spec

SOFT = Constraint("fast", "joint_vel", 2.0, "rad/s")
HARD = Constraint("bent", "joint_pos", 0.8, "rad", kind="hard", elements=("hip",))


def constraints(*items: Constraint, grace: float = 0.2) -> PolicyConstraints:
    done = PolicyConstraints(spec(*items), ROBOT, PERIOD, grace)
    done.arm()
    return done


def test_what_is_monitored_and_what_is_not():
    c = constraints(
        SOFT,
        Constraint("force", "foot_force", 50.0, "N"),
        Constraint("still", "joint_vel", 1.0, "rad/s", when="resting"),
        Constraint("near", "joint_pos", 0.2, "rad", reference="default_joint_pos"),
        Constraint("far", "joint_pos", 0.2, "rad", reference="somewhere"),
        Constraint("odd", "default_joint_pos", 0.2, "rad"),
    )
    assert c.monitored == ("fast", "near")
    assert c.not_monitored == (
        "force (needs foot_force)",
        "still (needs resting)",
        "far (needs somewhere)",
        "odd (needs default_joint_pos)",
    )


def test_a_hard_one_is_a_fault_at_once():
    c = constraints(HARD)
    assert c.joints(joints(0.0, (0.79, 1.9)), 0.0) is None
    found = c.joints(joints(0.005, (0.95, 1.9)), 0.005)
    assert str(found) == ("constraint.bent: joint_pos of hip is 0.15 rad beyond the policy's hard constraint")


def test_a_soft_one_after_the_grace():
    c = constraints(SOFT)
    c.joints(joints(0.0), 0.0)
    for k in range(40):
        assert c.joints(joints(0.005 * k, velocity=(0.0, -2.5)), 1.0 + 0.005 * k) is None
    assert c.violated == ("fast",) and c.counts == {"fast": 40}
    found = c.joints(joints(0.2, velocity=(0.0, -2.5)), 1.2001)
    assert str(found) == (
        "constraint.fast: joint_vel of knee is 0.5 rad/s beyond the policy's soft constraint for 0.200 s"
    )


def test_a_break_ends_the_grace():
    c = constraints(SOFT)
    c.joints(joints(0.0), 0.0)
    for k in range(100):
        speed = 2.5 if k % 30 else 1.9
        assert c.joints(joints(0.01 * k, velocity=(speed, 0.0)), 0.01 * k) is None or k % 30 >= 20


def test_it_counts_from_the_first_time_it_is_met():
    c = constraints(HARD, SOFT)
    assert c.joints(joints(0.0, (0.95, 0.0)), 0.0) is None
    assert c.waiting == ("bent",) and c.violated == ()
    assert c.joints(joints(0.005, (0.7, 0.0)), 0.005) is None
    assert c.waiting == ()
    assert c.joints(joints(0.010, (0.95, 0.0)), 0.010) is not None


def test_arming_begins_anew():
    c = constraints(HARD)
    c.joints(joints(0.0), 0.0)
    c.arm()
    assert c.waiting == ("bent",)
    assert c.joints(joints(0.005, (0.95, 0.0)), 0.005) is None


@pytest.mark.parametrize(
    ("item", "fine", "bad"),
    [
        (Constraint("t", "tilt", 0.1, "1", kind="hard", measure="upper"), 0.1, 0.101),
        (Constraint("u", "upside_down", 0.0, "1", kind="hard", measure="upper"), 1.5, 1.6),
        (
            Constraint("g", "projected_gravity_b", -0.9, "1", kind="hard", measure="upper", elements=()),
            None,
            None,
        ),
    ],
)
def test_imu(item, fine, bad):
    c = constraints(item)
    if fine is None:
        # All three components are bounded; x = 0 is above -0.9 from the start, so it is never met.
        assert c.imu(imu(0.0), 0.0) is None and c.waiting == ("g",)
        return
    assert c.imu(imu(0.0, roll=fine), 0.0) is None
    assert c.imu(imu(0.0, roll=bad), 0.0) is not None
    assert c.persists(item.name)


def test_action_rate():
    # 4 rad of action / s * 0.02 s * scale 0.5 = 0.04 rad a command.
    c = constraints(Constraint("rate", "action_rate", 4.0, "1/s", kind="hard"))
    assert c.command(np.array((0.1, -0.5)), 0.0) is None
    assert c.command(np.array((0.139, -0.5)), 0.02) is None
    found = c.command(np.array((0.180, -0.5)), 0.04)
    assert str(found) == (
        "constraint.rate: action_rate of hip is 0.1 1/s beyond the policy's hard constraint"
    )
    assert not c.persists("rate")


def test_a_reference_of_another_topic_may_come_later():
    c = constraints(Constraint("odd", "joint_vel", 2.0, "rad/s", kind="hard", reference="tilt"))
    assert c.joints(joints(0.0), 0.0) is None and c.waiting == ("odd",)
    c.imu(imu(0.0), 0.0)
    c.joints(joints(0.005), 0.005)
    assert c.waiting == ()
    assert c.joints(joints(0.010, velocity=(2.1, 0.0)), 0.010) is not None


def test_one_limit_a_joint_follows_the_action():
    item = Constraint("v", "joint_vel", (1.0, 3.0), "rad/s", kind="hard")
    c = PolicyConstraints(spec(item, names=("knee", "hip")), ROBOT, PERIOD, 0.2)
    c.arm()
    assert c.joints(joints(0.0, velocity=(2.9, 0.9)), 0.0) is None
    assert c.joints(joints(0.005, velocity=(0.9, 2.9)), 0.005) is not None


def test_a_constraint_that_does_not_fit_is_found_at_the_start():
    with pytest.raises(SpecError, match="'joint_vel' has no element 'ankle'"):
        constraints(Constraint("v", "joint_vel", 1.0, "rad/s", elements=("ankle",)))
    with pytest.raises(SpecError, match="limit has 3 numbers"):
        constraints(Constraint("v", "joint_acc", (1.0, 2.0, 3.0), "rad/s^2"))
