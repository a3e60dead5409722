import numpy as np
import pytest
import torch

from robots import get_robot
from sims.isaaclab.motors import Motors, dc_motor_torque
from sims.mujoco import actuators
from sims.physics import PhysicsCfg

ROBOT = get_robot("go1")
CPU = torch.device("cpu")


def _values(**changed):
    """Parameters in force of two environments."""
    ones = torch.ones(2)
    nominal = {
        "strength": ones,
        "latency": 0 * ones,
        "stiffness": torch.ones(2, 12),
        "damping": torch.ones(2, 12),
    }
    return {**nominal, **changed}


def _motors(**changed):
    motors = Motors(ROBOT, PhysicsCfg(timestep=0.005, substeps=4, max_latency=0.02, **changed), 2, CPU)
    motors.set(torch.arange(2), _values())
    return motors


def test_torque_is_that_of_pd_control_clipped_at_the_effort_limit():
    motors = _motors()
    target = torch.tensor(ROBOT.default_joint_pos).repeat(2, 1)
    motors.delay.push(target)
    position, velocity = target.clone(), torch.zeros(2, 12)
    position[0, 0] -= 0.1
    velocity[0, 0] = 2.0
    position[1, 2] += 5.0
    torque = motors.torque(0, position, velocity)
    # 35 * 0.1 - 0.8 * 2 = 1.9 N m; 35 * 5 = 175 N m meets the calf's limit.
    assert float(torque[0, 0]) == pytest.approx(1.9, abs=1e-5)
    assert float(torque[1, 2]) == pytest.approx(-35.55, abs=1e-5)
    assert float(torque[0, 1:].abs().max()) == 0.0


def test_strength_and_gains_belong_to_the_environment_they_are_set_in():
    motors = _motors()
    stiffness = torch.ones(2, 12)
    stiffness[1] = 0.5
    motors.set(torch.tensor([1]), _values(strength=torch.tensor([9.0, 0.5]), stiffness=stiffness))
    target = torch.tensor(ROBOT.default_joint_pos).repeat(2, 1)
    motors.delay.push(target)
    torque = motors.torque(0, target - 0.1, torch.zeros(2, 12))
    assert float(torque[0, 0]) == pytest.approx(3.5, abs=1e-5)
    assert float(torque[1, 0]) == pytest.approx(3.5 * 0.5 * 0.5, abs=1e-5)
    strong = motors.torque(0, target - 5.0, torch.zeros(2, 12))
    assert float(strong[1, 0]) == pytest.approx(23.7 / 2, abs=1e-4)


@pytest.mark.parametrize(("actuator", "steps"), [("pd", 2), ("dc_motor", 1)])
def test_latency_is_rounded_as_in_the_mujoco_engine(actuator, steps):
    motors = _motors(actuator=actuator)
    motors.set(torch.arange(2), _values(latency=torch.tensor([0.0, 0.007])))
    default = torch.tensor(ROBOT.default_joint_pos).repeat(2, 1)
    motors.delay.push(default + 0.1)
    moved = [int((motors.torque(k, default, torch.zeros(2, 12))[1].abs() > 0).all()) for k in range(4)]
    # 7 ms are 1.4 physics steps of 5 ms: a delay line holds the command back for 2, a DC motor for 1.
    assert moved == [0] * steps + [1] * (4 - steps)


def test_dc_motor_is_the_mujoco_engines():
    rng = np.random.default_rng(0)
    torque, velocity = rng.uniform(-80, 80, (64, 12)), rng.uniform(-40, 40, (64, 12))
    stall, limit = np.full((64, 12), 40.0), np.full((64, 12), 23.7)
    no_load = np.array(ROBOT.velocity_limit)
    expected = actuators.dc_motor_torque(torque, velocity, stall, no_load, limit)
    given = [torch.tensor(x) for x in (torque, velocity, stall, no_load, limit)]
    np.testing.assert_allclose(dc_motor_torque(*given).numpy(), expected, atol=1e-12)
