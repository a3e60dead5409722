"""The judge finds what it must: late reactions, commands outside limits, faults that nobody names."""

import math

import numpy as np
import pytest

from landward_faults.catalogue import KINDS
from landward_faults.judge import LimitCheck, Trial, damps
from landward_faults.kinds import JOINTS, Fault, Kind, draw
from landward_ros.samples import CommandSample, JointSample
from robots import get_robot

GO1 = get_robot("go1")
KIND = {kind.name: kind for kind in KINDS}
STANDING = np.array(GO1.default_joint_pos)
PERIOD = 0.02
STEP = np.array(GO1.safety.target_rate) * PERIOD


def damping(stamp=0.0):
    return CommandSample(stamp, None)


def target(position=STANDING, stamp=0.0):
    return CommandSample(stamp, np.array(position))


def trial(name, everywhere=False):
    drawn = draw(KIND[name], 0, 0)
    return Trial(Fault(drawn.kind, drawn.seed, drawn.wait, drawn.values, everywhere), PERIOD)


def handled(watch, began=10.0, reacted=10.005, named=10.006, reasons=("sensor_nan",)):
    watch.present(began)
    watch.command(reacted, damping(), [])
    watch.reasons(named, reasons)
    return watch.verdict()


def test_a_fault_that_is_handled() -> None:
    watch = trial("joints_nan")
    assert not watch.finished
    verdict = handled(watch)
    assert watch.finished
    assert verdict.caught
    assert verdict.reaction == pytest.approx(0.25)
    assert verdict.named_after == pytest.approx(0.3)


def test_a_late_reaction_is_a_failure() -> None:
    assert handled(trial("joints_nan"), reacted=10.0199).caught
    verdict = handled(trial("joints_nan"), reacted=10.021)
    assert verdict.failures == ("the reaction took 1.05 control periods, the bound is 1",)


def test_a_process_may_take_two_periods() -> None:
    kind_reasons = {"reasons": ("command_silent",)}
    assert handled(trial("policy_killed"), reacted=10.039, **kind_reasons).caught
    assert not handled(trial("policy_killed"), reacted=10.041, **kind_reasons).caught


def test_no_reaction_is_a_failure() -> None:
    watch = trial("joints_nan")
    watch.present(10.0)
    watch.command(10.01, target(), [])
    watch.reasons(10.01, ("sensor_nan",))
    assert watch.verdict().failures == ("no safe state",)
    assert math.isinf(watch.verdict().reaction)


def test_damping_from_before_the_fault_is_no_reaction() -> None:
    watch = trial("joints_nan")
    watch.command(9.99, damping(), [])
    watch.present(10.0)
    watch.reasons(10.001, ("sensor_nan",))
    assert watch.verdict().failures == ("no safe state",)


def test_a_fault_that_is_not_named_is_a_failure() -> None:
    verdict = handled(trial("joints_nan"), reasons=("joint_position", "tilt"))
    assert verdict.failures == ("not named in /diagnostics: expected sensor_nan, heard joint_position, tilt",)


def test_a_name_from_before_the_fault_does_not_count() -> None:
    watch = trial("joints_nan")
    watch.reasons(9.0, ("sensor_nan",))
    assert not handled(watch, reasons=()).caught


def test_the_policy_may_name_what_it_sees_itself() -> None:
    lost = {"reasons": ("input_lost",)}
    assert handled(trial("joints_nan", everywhere=True), **lost).caught
    assert not handled(trial("joints_nan", everywhere=False), **lost).caught
    assert not handled(trial("command_nan", everywhere=True), **lost).caught


def test_a_command_outside_limits_is_a_failure() -> None:
    watch = trial("joints_nan")
    watch.present(10.0)
    watch.command(10.002, target(), ["the target of FR_hip_joint is beyond its limit (2)"])
    watch.command(10.005, damping(), [])
    watch.reasons(10.006, ("sensor_nan",))
    assert watch.verdict().failures == ("the target of FR_hip_joint is beyond its limit (2)",)


def test_a_target_after_the_takeover_is_a_failure() -> None:
    watch = trial("joints_nan")
    handled(watch)
    watch.command(10.03, target(), [])
    assert watch.verdict().failures == ("the monitor let go of the robot without a reset",)


def test_a_grace_is_not_counted() -> None:
    watch = Trial(draw(Kind("c", "c", (JOINTS,), "violate.c", ("constraint.c",), grace=0.2), 0, 0), PERIOD)
    verdict = handled(watch, reacted=10.21, named=10.21, reasons=("constraint.c",))
    assert verdict.caught and verdict.reaction == pytest.approx(0.5)


def test_a_clamped_command_is_answered_by_its_stamp() -> None:
    watch = trial("command_jump")
    watch.asked(10.0, 9_995_000_000)
    watch.command(10.001, target(stamp=9.975), [])  # the answer to the command before
    assert not watch.finished
    watch.command(10.004, target(stamp=9.995), [])
    watch.reasons(10.005, ("clamped.rate",))
    assert watch.finished
    assert watch.verdict().caught and watch.verdict().reaction == pytest.approx(0.2)


def test_a_takeover_answers_too_but_has_to_name_the_clamp() -> None:
    watch = trial("command_jump")
    watch.asked(10.0, 9_995_000_000)
    watch.command(10.004, damping(10.004), [])
    assert watch.verdict().failures == ("not named in /diagnostics: expected clamped.rate, heard nothing",)


def test_one_unanswered_command_of_several_is_a_failure() -> None:
    watch = trial("command_jump")
    watch.asked(10.0, 9_995_000_000)
    watch.command(10.004, target(stamp=9.995), [])
    watch.asked(10.02, 10_015_000_000)
    watch.reasons(10.03, ("clamped.rate",))
    assert watch.verdict().failures == ("no answer came",)


def test_a_dead_monitor_needs_a_drive_that_damps() -> None:
    watch = trial("monitor_killed")
    watch.present(10.0)
    watch.reasons(10.03, ("command_lost",))
    assert watch.verdict().failures == ("no safe state",)
    watch.robot_damps(10.035)
    assert watch.verdict().caught and watch.verdict().reaction == pytest.approx(1.75)


def test_a_takeover_for_want_of_computing_time_voids_the_trial() -> None:
    watch = trial("joints_nan")
    handled(watch, reasons=("command_silent",))
    assert watch.overtaken
    watch.reasons(10.01, ("sensor_nan",))
    assert not watch.overtaken and watch.verdict().caught


def test_a_wrong_name_does_not_void_the_trial() -> None:
    watch = trial("joints_nan")
    handled(watch, reasons=("joint_position",))
    assert not watch.overtaken


def test_a_takeover_within_the_grace_voids_the_trial() -> None:
    watch = Trial(draw(Kind("c", "c", (JOINTS,), "violate.c", ("constraint.c",), grace=0.2), 0, 0), PERIOD)
    handled(watch, reacted=10.1, reasons=("tilt",))
    assert watch.overtaken


def test_a_fault_that_never_began_is_a_failure() -> None:
    assert trial("joints_nan").verdict().failures == ("it could not be injected",)


def measured(position=STANDING, velocity=0.0):
    return JointSample(1.0, np.array(position), np.full(12, velocity), np.zeros(12))


def check(*samples):
    limits = LimitCheck(GO1, PERIOD)
    for sample in samples:
        limits.measured(sample)
    return limits


def moved(joint, by, start=STANDING):
    position = np.array(start)
    position[joint] += by
    return position


def test_targets_within_all_limits_pass() -> None:
    limits = check(measured())
    # 0.6 rad: below the step of 30.1 rad/s * 0.02 s, and 35 N m/rad * 0.6 rad = 21 N m, below 23.7 N m.
    assert limits.command(target(moved(1, 0.6))) == []
    assert limits.command(target()) == []
    assert limits.command(damping()) == []
    assert limits.checked == 3


def test_a_target_beyond_a_joint_limit() -> None:
    (found,) = check(measured(moved(0, 0.95))).command(target(moved(0, 0.98)))
    assert found == "the target of FR_hip_joint is beyond its limit (0.88)"


def test_a_target_that_jumps() -> None:
    limits = check(measured(), measured(moved(1, 0.4)))
    assert limits.command(target()) == []
    (found,) = limits.command(target(moved(1, STEP[1] + 0.01)))
    assert found.startswith("the target of FR_thigh_joint moves too fast")


def test_the_first_target_starts_from_the_measured_pose() -> None:
    assert "moves too fast" in check(measured(moved(1, 0.8))).command(target())[0]
    limits = check(measured())
    limits.command(target())
    limits.command(damping())
    limits.measured(measured(moved(1, 0.3)))
    assert limits.command(target(moved(1, 0.3 + 0.6))) == []


def test_a_target_that_asks_for_too_much_torque() -> None:
    limits = check(measured())
    limits.command(target(moved(1, 0.5)))
    # 35 * 0.7 = 24.5 N m, above 23.7 N m.
    (found,) = limits.command(target(moved(1, 0.7)))
    assert found == "the target of FR_thigh_joint asks for too much torque (24.5)"
    # The joint turns away at 1 rad/s: its damping takes 0.8 N m off.
    limits = check(measured(velocity=1.0))
    limits.command(target(moved(1, 0.5)))
    assert limits.command(target(moved(1, 0.69))) == []


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_target_that_is_not_a_number(bad) -> None:
    assert "is not finite" in check(measured()).command(target(moved(3, bad)))[0]


def test_a_robot_that_was_started_again_has_no_past() -> None:
    limits = check(measured())
    limits.command(target())
    limits.forget()
    assert limits.command(target(moved(1, 1.0))) == []


def test_the_excess_of_a_late_reaction() -> None:
    watch = trial("joints_nan")
    assert watch.excess == 0.0
    handled(watch, reacted=10.03)
    assert watch.excess == pytest.approx(0.01)
    watch = trial("joints_nan")
    handled(watch, reacted=10.019)
    assert watch.excess == 0.0


def moving(offset, velocity, effort):
    return JointSample(1.0, STANDING + offset, np.full(12, float(velocity)), np.full(12, float(effort)))


def test_a_drive_damps_where_its_torques_follow_the_velocity() -> None:
    # Damping of Go1's safe state: 3 N m s/rad. Its drives hold with 35 N m/rad and 0.8 N m s/rad.
    still, sunk = moving(0.0, 0.0, 0.0), moving(-0.1, 0.0, 0.0)
    assert damps(GO1, sunk, sunk, STANDING)
    assert not damps(GO1, sunk, moving(-0.1, 0.0, 3.5), STANDING)
    assert damps(GO1, still, moving(0.0, 1.0, -3.0), STANDING)
    assert not damps(GO1, still, moving(0.0, 1.0, -0.8), STANDING)
    # The joint was turning at 2 rad/s when the torque was applied.
    assert damps(GO1, still, moving(0.0, 4.0, -6.0), STANDING)


def test_an_impact_at_one_joint_does_not_hide_that_the_others_damp() -> None:
    sample = moving(-0.1, 1.0, -3.0)
    sample.effort[5] = 4.0
    assert damps(GO1, moving(-0.1, 1.0, -3.0), sample, STANDING)


def test_drives_that_were_told_to_damp_damp() -> None:
    assert damps(GO1, moving(0.0, 0.0, 0.0), moving(0.0, 0.0, 2.0), None)
