"""The twin's drives, body and ideal sensors, by hand where there is an equation."""

import math

import numpy as np
import pytest

from landward.errors import LandwardError
from landward_twin.robot import LIMIT_TOLERANCE, TwinCfg, TwinRobot
from robots import get_robot
from sims.rotation import projected_gravity
from sims.terrain import Terrain

STEP = 0.002
GO1 = get_robot("go1")
STANDING = np.array(GO1.default_joint_pos)
CONTROL = round(GO1.control_period / STEP)


def make(**settings: object) -> TwinRobot:
    return TwinRobot(GO1, TwinCfg(timestep=STEP, **settings))  # type: ignore[arg-type]


def drive(twin: TwinRobot, position: np.ndarray | None, seconds: float) -> None:
    """Repeat a command every control period."""
    for _ in range(round(seconds / GO1.control_period)):
        twin.command(position)
        twin.step(CONTROL)


def energy(twin: TwinRobot) -> float:
    """Kinetic and potential energy [J]."""
    twin.model.opt.enableflags |= 2  # mjENBL_ENERGY
    twin._mj.mj_forward(twin.model, twin.data)
    return float(twin.data.energy.sum())


def float_freely(twin: TwinRobot) -> None:
    """High up, where nothing touches the ground."""
    twin.data.qpos[2] = 100.0
    twin._mj.mj_forward(twin.model, twin.data)


def test_the_pd_torque_of_one_joint_by_hand() -> None:
    twin = make()
    float_freely(twin)
    twin.data.qvel[twin._dof[2]] = 0.5  # FR calf, at its default of -1.8 rad
    target = STANDING.copy()
    target[2] = -1.7
    twin.command(target)
    twin.step()
    effort = twin.read().joint_effort
    assert effort[2] == pytest.approx(35.0 * 0.1 - 0.8 * 0.5)  # stiffness, damping of the declaration
    assert np.delete(effort, 2) == pytest.approx(np.zeros(11), abs=1e-9)


def test_torque_ends_at_the_effort_limit() -> None:
    twin = make()
    float_freely(twin)
    target = STANDING.copy()
    target[1] = 3.0  # 2.1 rad away: 73.5 N m wanted of a joint that gives 23.7
    twin.command(target)
    twin.step()
    assert twin.read().joint_effort[1] == pytest.approx(23.7)


def test_a_fast_joint_gets_less_torque_as_on_the_line_of_a_dc_motor() -> None:
    twin = make()
    float_freely(twin)
    twin.data.qvel[twin._dof[1]] = 15.05  # half the no-load speed: half the stall torque is left
    target = STANDING.copy()
    target[1] = 3.0
    twin.command(target)
    twin.step()
    assert twin.read().joint_effort[1] == pytest.approx(23.7 / 2)


def test_strength_scales_gains_and_limits() -> None:
    twin = make(strength=0.5)
    float_freely(twin)
    target = STANDING.copy()
    target[1], target[2] = 3.0, -1.7
    twin.command(target)
    twin.step()
    assert twin.read().joint_effort[1:3] == pytest.approx([23.7 / 2, 35.0 * 0.1 / 2])


def test_damping_is_minus_the_declared_gain_times_the_velocity() -> None:
    twin = make()
    float_freely(twin)
    twin.data.qvel[twin._dof] = np.linspace(-2.0, 2.0, 12)
    twin.command(None)
    twin.step()
    expected = -np.array(GO1.safety.damping) * np.linspace(-2.0, 2.0, 12)
    assert twin.read().joint_effort == pytest.approx(expected)


def test_damping_torque_is_limited_too() -> None:
    twin = make()
    float_freely(twin)
    twin.data.qvel[twin._dof[0]] = 25.0  # 75 N m of damping wanted
    twin.step()
    assert twin.read().joint_effort[0] == pytest.approx(-23.7)


def test_in_damping_mode_energy_only_falls() -> None:
    twin = make()
    twin.data.qvel[twin._dof] = np.linspace(-3.0, 3.0, 12)
    energies = [energy(twin)]
    for _ in range(50):
        twin.step(20)
        energies.append(energy(twin))
    assert max(np.diff(energies)) < 0.05  # J; the soft contact gives a little back
    assert energies[0] - energies[-1] > 0.5 * 12.0 * 9.81 * 0.2  # it sank by about 0.2 m


def test_before_the_first_command_the_drives_damp() -> None:
    twin = make()
    assert twin.waiting and twin.target is None and not twin.command_lost
    twin.step(1000)
    assert twin.waiting and not twin.command_lost  # silence is not loss where nobody spoke
    assert twin.truth().position[2] < 0.1


def test_the_standing_pose_holds() -> None:
    twin = make()
    drive(twin, STANDING, 2.0)
    truth = twin.truth()
    assert truth.position[2] == pytest.approx(GO1.standing_height, abs=0.05)
    assert np.hypot(*truth.position[:2]) < 0.1
    assert np.abs(truth.linear_velocity).max() < 0.02
    assert projected_gravity(truth.orientation[None])[0, 2] < -0.99


def test_a_lying_robot_rests_on_the_ground_and_can_be_lifted() -> None:
    twin = make(start="lying")
    before = twin.read()
    assert twin.steps == 0
    assert twin.truth().position[2] < 0.08
    twin.step(500)
    assert np.abs(twin.read().joint_position - before.joint_position).max() < 0.01
    start = twin.read().joint_position
    for share in np.linspace(0.0, 1.0, 100):
        drive(twin, np.clip(start + share * (STANDING - start), *np.array(GO1.joint_limits).T), 0.02)
    drive(twin, STANDING, 1.0)
    assert twin.truth().position[2] > 0.8 * GO1.standing_height


@pytest.mark.parametrize(("latency", "steps"), [(0.0, 0), (0.002, 1), (0.01, 5), (0.0129, 6)])
def test_a_command_takes_effect_after_exactly_its_latency(latency: float, steps: int) -> None:
    twin = make(latency=latency)
    float_freely(twin)
    twin.step(3)
    twin.command(STANDING + 0.05)
    in_force = []
    for _ in range(8):
        twin.step()
        in_force.append(twin.target is not None)
    assert in_force == [i >= steps for i in range(8)]


def test_commands_under_way_keep_their_order() -> None:
    twin = make(latency=0.004)
    for offset in (0.01, 0.02, 0.03):
        twin.command(STANDING + offset)
        twin.step()
    seen = []
    for _ in range(3):
        assert twin.target is not None
        seen.append(round(twin.target[0] - STANDING[0], 6))
        twin.step()
    assert seen == [0.01, 0.02, 0.03]


def test_after_one_and_a_half_periods_of_silence_the_drives_damp() -> None:
    twin = make()
    drive(twin, STANDING, 1.0)
    twin.command(STANDING)
    twin.step(14)  # 28 ms; 30 are accepted
    assert twin.target is not None and not twin.command_lost
    twin.step(3)
    assert twin.target is None and twin.command_lost
    assert twin.read().joint_effort == pytest.approx(
        -np.array(GO1.safety.damping) * twin.read().joint_velocity, abs=1.5
    )
    twin.command(STANDING)
    twin.step()
    assert twin.target is not None and not twin.command_lost


def test_a_command_still_under_way_when_the_drives_give_up_is_forgotten() -> None:
    twin = make(latency=0.1)
    twin.command(STANDING)
    twin.step(100)
    assert twin.command_lost and twin.target is None


def test_a_slower_control_period_waits_longer() -> None:
    twin = make(control_period=0.1)
    twin.command(STANDING)
    twin.step(74)
    assert not twin.command_lost and twin.longest_silence == pytest.approx(0.15)
    twin.step(3)
    assert twin.command_lost


def test_at_rest_the_accelerometer_measures_gravity_upwards() -> None:
    twin = make()
    drive(twin, STANDING, 3.0)
    reading = twin.read()
    up = -projected_gravity(reading.orientation[None])[0]
    assert reading.linear_acceleration == pytest.approx(9.81 * up, abs=0.1)
    assert reading.linear_acceleration[2] == pytest.approx(9.81, abs=0.1)
    assert np.abs(reading.angular_velocity).max() < 0.02


def test_in_free_fall_it_measures_nothing_whatever_the_orientation() -> None:
    twin = make()
    float_freely(twin)
    twin.data.qpos[3:7] = math.cos(0.4), math.sin(0.4), 0.0, 0.0
    twin.step(5)
    assert twin.read().linear_acceleration == pytest.approx(np.zeros(3), abs=0.05)


def test_velocities_are_in_the_frame_of_the_base() -> None:
    twin = make()
    twin.data.qpos[3:7] = math.cos(math.pi / 4), 0.0, 0.0, math.sin(math.pi / 4)  # heading +90 degrees
    twin.data.qvel[:6] = 0.0, 1.0, 0.0, 0.1, 0.2, 0.3  # along the world's y: forward
    truth = twin.truth()
    assert truth.linear_velocity == pytest.approx([1.0, 0.0, 0.0], abs=1e-12)
    assert truth.angular_velocity == pytest.approx([0.1, 0.2, 0.3])


def test_a_push_is_in_the_world() -> None:
    twin = make()
    twin.push(np.array([0.3, -0.4]))
    assert twin.data.qvel[:3] == pytest.approx([0.3, -0.4, 0.0])


def test_a_fallen_robot_stays_down_until_it_is_reset() -> None:
    twin = make()
    twin.data.qpos[3:7] = 0.0, 1.0, 0.0, 0.0  # on its back
    twin.data.qpos[2] = 0.15
    drive(twin, STANDING, 1.5)
    assert projected_gravity(twin.read().orientation[None])[0, 2] > 0.5
    steps = twin.steps
    twin.reset()
    assert twin.truth().position == pytest.approx([0.0, 0.0, GO1.standing_height])
    assert twin.target is None and twin.steps == steps  # time does not go back
    assert np.abs(twin.data.qvel).max() == 0.0


def test_reset_forgets_a_command_under_way() -> None:
    twin = make(latency=0.01)
    twin.command(STANDING)
    twin.reset()
    twin.step(10)
    assert twin.target is None


@pytest.mark.parametrize(
    ("joint", "value", "said"),
    [
        (4, math.nan, "FL_thigh_joint is nan"),
        (0, math.inf, "FR_hip_joint is inf"),
        (2, -2.9, r"FR_calf_joint is -2.9000 rad, outside \[-2.818, -0.888\]"),
        (3, 0.864, r"FL_hip_joint is 0.8640 rad, outside \[-0.863, 0.863\]"),
    ],
)
def test_the_drives_refuse_what_their_firmware_would(joint: int, value: float, said: str) -> None:
    twin = make()
    twin.command(STANDING)
    twin.step()
    bad = STANDING.copy()
    bad[joint] = value
    with pytest.raises(LandwardError, match=said):
        twin.command(bad)
    twin.step()
    assert twin.target == pytest.approx(STANDING)
    twin.step(20)
    assert twin.command_lost  # a refused command is no sign of life


def test_a_target_at_the_limit_in_single_precision_is_accepted() -> None:
    limits = np.array(GO1.joint_limits)
    for bound in limits.T:
        rounded = bound.astype(np.float32).astype(np.float64)
        assert np.abs(rounded - bound).max() > 0.0
        make().command(rounded)
    with pytest.raises(LandwardError):
        make().command(limits[:, 1] + 2 * LIMIT_TOLERANCE)


def test_a_command_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(LandwardError, match=r"\(11,\) positions for 12 joints"):
        make().command(STANDING[:11])


def test_the_robot_stands_on_raised_ground() -> None:
    ground = Terrain(heights=np.full((21, 21), 0.3, np.float32), cell=0.2)
    twin = TwinRobot(GO1, TwinCfg(timestep=STEP), ground)
    assert twin.truth().position[2] == pytest.approx(0.3 + GO1.standing_height)
    drive(twin, STANDING, 1.0)
    assert twin.truth().position[2] == pytest.approx(0.3 + GO1.standing_height, abs=0.06)


@pytest.mark.parametrize("name", ["go1", "solo12"])
def test_every_robot_has_a_twin(name: str) -> None:
    robot = get_robot(name)
    twin = TwinRobot(robot, TwinCfg(start="lying"))
    assert twin.truth().position[2] < 0.4 * robot.standing_height
    assert len(twin.read().joint_effort) == len(robot.joint_names)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"timestep": 0.0}, "timestep is 0.0 s"),
        ({"latency": -0.01}, "latency is -0.01 s"),
        ({"latency": math.nan}, "latency is nan s"),
        ({"strength": 0.0}, "strength is 0.0"),
        ({"start": "sitting"}, "start is 'sitting': use standing or lying"),
        ({"control_period": -0.02}, "control_period is -0.02 s"),
    ],
)
def test_settings_without_sense_are_refused(settings: dict, said: str) -> None:
    with pytest.raises(LandwardError, match=said):
        TwinRobot(GO1, TwinCfg(**settings))
