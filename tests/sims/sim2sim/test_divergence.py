"""How trajectories part, by hand."""

import dataclasses
import math

import numpy as np
import pytest

from landward.spec import Noise, ObservationTerm
from sims.rotation import rotate_inverse
from sims.sim2sim.divergence import differences, divergence, first_lines, rms_difference, tolerance
from tests.sims.planted import BREADTH_FIRST, SWAP
from tests.sims.sim2sim.walks import GO1, PERIOD, SPEC, result

XYZW = [1, 2, 3, 0]


def changed(name, change, start=0):
    """The synthetic engine with one term changed from a step on."""
    other = result("other")
    other.terms[name] = other.terms[name].copy()
    other.terms[name][start:] = change(other.terms[name][start:])
    return other


def found(other):
    return {d.term: d for d in differences(result("reference"), other, SPEC, GO1)}


def test_root_mean_square_over_episodes_and_elements():
    a = np.zeros((2, 2, 2))
    b = np.array([[[3.0, 0.0], [0.0, 0.0]], [[1.0, 1.0], [np.nan, np.nan]]])
    np.testing.assert_allclose(rms_difference(a, b), [1.5, 1.0])  # sqrt(9 / 4); the fallen one does not count
    assert math.isnan(rms_difference(a[:1], np.full((1, 2, 2), np.nan))[0])


def test_divergence_of_bases_and_joints():
    reference, other = result("a", episodes=2, steps=2), result("b", episodes=2, steps=2)
    reference.poses["root_quat_w"][:] = [1.0, 0.0, 0.0, 0.0]
    other.poses["root_quat_w"][:] = [1.0, 0.0, 0.0, 0.0]
    other.poses["root_pos_w"][1, 0] += [3.0, 4.0, 0.0]
    other.poses["root_quat_w"][1, 0] = [
        -math.cos(0.1),
        0.0,
        0.0,
        -math.sin(0.1),
    ]  # 0.2 rad, and the other sign
    other.poses["joint_pos"][1, 1, 0] += 1.2
    apart = divergence(reference, other)
    np.testing.assert_allclose(apart["base_position"], [0.0, 5.0 / math.sqrt(2.0)], rtol=1e-5)
    np.testing.assert_allclose(apart["base_orientation"], [0.0, 0.2 / math.sqrt(2.0)], atol=1e-3)
    np.testing.assert_allclose(apart["joint_pos"], [0.0, 1.2 / math.sqrt(24.0)], rtol=1e-5)


def test_tolerances_come_from_the_noise_or_from_the_variation():
    quiet = ObservationTerm("x", "joint_position", (1,), names=("a",))
    uniform = dataclasses.replace(quiet, noise=Noise("uniform", 0.3))
    normal = dataclasses.replace(quiet, noise=Noise("gaussian", 0.3))
    series = np.array([[[10.0]], [[14.0]]])  # varies by 2 around 12
    assert tolerance(uniform, series) == pytest.approx(0.3 / math.sqrt(3.0))
    assert tolerance(normal, series) == pytest.approx(0.3)
    assert tolerance(quiet, series) == pytest.approx(0.05 * 2.0)
    assert tolerance(quiet, 0 * series) == 1e-4


def test_the_first_difference_is_found_with_its_time_and_element():
    def bend(values):
        values = values.copy()
        values[..., 7] += 0.1  # RR_thigh; RMS over 12 joints 0.029, tolerance 0.01 / sqrt(3)
        return values

    other = changed("joint_pos", bend, start=3)
    other.terms["joint_vel"] = other.terms["joint_vel"].copy()
    other.terms["joint_vel"][4:] += 10.0
    several = differences(result("reference"), other, SPEC, GO1)
    assert [d.term for d in several[:2]] == ["joint_pos", "joint_vel"]
    first = several[0]
    assert (first.first, first.element, first.seen) == (pytest.approx(3 * PERIOD), "RR_thigh_joint", True)
    np.testing.assert_allclose(first.rms[3:], 0.1 / math.sqrt(12.0), rtol=1e-5)
    assert first.clarity == pytest.approx(5.0, rel=1e-3)  # 0.1 / sqrt(12) / (0.01 / sqrt(3))
    assert all(d.first is None for d in several[2:])
    line = first_lines({"other": several})[0]
    assert (
        line
        == "other: of what the policy reads, joint_pos differs first, after 0.06 s (most in RR_thigh_joint)"
    )


def test_what_only_the_simulator_knows_is_told_apart():
    other = changed("joint_pos", lambda values: values + 0.1, start=3)
    other.terms["foot_contact"] = other.terms["foot_contact"].copy()
    other.terms["foot_contact"][1:] = 1.0
    line = first_lines({"other": differences(result("reference"), other, SPEC, GO1)})[0]
    assert "joint_pos differs first, after 0.06 s" in line
    assert line.endswith("in the simulator before that: foot_contact (0.02 s)")


def test_equal_engines_have_no_difference():
    several = differences(result("reference"), result("other"), SPEC, GO1)
    assert {d.term for d in several} == set(result("x").terms)
    assert all(d.first is None and not d.bookkeeping for d in several)
    assert first_lines({"other": several}) == [
        "other: nothing that the policy reads differs in the first second"
    ]


@pytest.mark.parametrize(
    ("term", "change", "words"),
    [
        ("joint_pos", lambda x: x[..., SWAP], "joints FR_* and FL_* are swapped"),
        ("joint_pos", lambda x: x[..., BREADTH_FIRST], "joint order is breadth-first: FL_hip_joint, FR_hip"),
        ("joint_vel", lambda x: x[..., BREADTH_FIRST], "joint order is breadth-first"),
        ("joint_pos", lambda x: x - np.array(GO1.default_joint_pos), "relative to the default pose"),
        ("joint_pos", np.rad2deg, "degrees instead of radians"),
        ("joint_vel", np.rad2deg, "degrees instead of radians"),
        ("base_ang_vel", np.rad2deg, "degrees instead of radians"),
        ("base_lin_vel", lambda x: x[..., [1, 0, 2]], "order y, x, z instead of x, y, z"),
        ("foot_height", lambda x: x[..., [1, 0, 3, 2]], "order FL_foot, FR_foot, RL_foot, RR_foot instead"),
        ("projected_gravity", np.negative, "the signs are reversed"),
        ("physics", lambda x: x + [0.0, 0.0, 0.0, 0.5, 0.0], "latency is "),
    ],
)
def test_a_difference_in_the_start_state_is_bookkeeping_and_named(term, change, words):
    several = differences(result("reference"), changed(term, change), SPEC, GO1)
    assert several[0].term == term and several[0].first == 0.0
    assert words in several[0].bookkeeping
    assert all(not d.bookkeeping for d in several[1:])
    line = first_lines({"other": several})[0]
    assert line.startswith(f"other: in the start state already, before any physics: {term}: ")
    assert line.endswith("This is bookkeeping, not physics")


def test_contacts_of_the_start_state_are_no_bookkeeping():
    contact = found(changed("foot_contact", lambda value: value + 1.0))["foot_contact"]
    assert not contact.bookkeeping and contact.first == 0.0


def test_frames_and_quaternions_are_named():
    quat = result("x").poses["root_quat_w"][0]
    to_world = quat * [1, -1, -1, -1]
    other = changed("base_ang_vel", lambda x: np.stack([rotate_inverse(to_world, row) for row in x]))
    assert found(other)["base_ang_vel"].bookkeeping == "in the world frame instead of the base frame"
    x, y, z, w = quat[:, 0], quat[:, 1], quat[:, 2], quat[:, 3]  # (w, x, y, z) taken for (x, y, z, w)
    gravity = np.stack([2 * (w * y - x * z), -2 * (y * z + w * x), 2 * (x * x + y * y) - 1], -1)
    other = changed("projected_gravity", lambda rows: np.broadcast_to(gravity, rows.shape))
    assert found(other)["projected_gravity"].bookkeeping == "from a quaternion read as (x, y, z, w)"
