import numpy as np
import pytest

from robots import get_robot
from sims.mujoco.actuators import DCMotorPD, dc_motor_torque


@pytest.mark.parametrize(
    ("wanted", "velocity", "given"),
    [
        (50.0, 0.0, 20.0),  # at rest: the continuous limit
        (50.0, 15.0, 15.0),  # half the no-load speed: half the stall torque of 30
        (50.0, 30.0, 0.0),  # at the no-load speed: nothing
        (50.0, 40.0, 0.0),  # beyond it: still nothing forwards
        (-50.0, 15.0, -20.0),  # braking: the continuous limit
        (5.0, 15.0, 5.0),  # within the line: as wanted
    ],
)
def test_torque_speed_line(wanted, velocity, given):
    stall, no_load, limit = np.array([30.0]), np.array([30.0]), np.array([20.0])
    torque = dc_motor_torque(np.array([[wanted]]), np.array([[velocity]]), stall, no_load, limit)
    assert torque[0, 0] == pytest.approx(given)


def test_delay_is_each_environments_own():
    robot = get_robot("go1")
    motor = DCMotorPD(robot, timestep=0.005, max_latency=0.02, num_envs=2)
    values = {
        "latency": np.array([0.0, 0.01]),
        "strength": np.ones(2),
        "stiffness": np.ones((2, 12)),
        "damping": np.ones((2, 12)),
    }
    home = np.tile(np.array(robot.default_joint_pos), (2, 1))
    still = np.zeros((2, 12))
    torques = [motor.torque(home + 0.1, home, still, values) for _ in range(3)]
    np.testing.assert_allclose([t[0, 0] for t in torques], 3.5)  # 35 N m/rad x 0.1 rad at once
    np.testing.assert_allclose([t[1, 0] for t in torques], [0.0, 0.0, 3.5])  # two steps of 5 ms later
