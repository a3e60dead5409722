"""The monitor must not cost the policy its deadline."""

import time

import numpy as np

from landward.constraint import Constraint
from landward.spec import ActionTerm, ObservationTerm, PolicySpec
from landward_safety.config import MonitorConfig
from landward_safety.monitor import ARMED, Monitor
from robots import get_robot
from tests.ros2_ws.landward_safety.scenes import START, imu, joints, target

LIMIT = 300e-6
"""[s] For one command and all measurements of one instant; 20 ms is the control period."""


def test_twelve_joints_and_the_constraints_of_the_demo():
    robot = get_robot("go1")
    names, standing = robot.joint_names, robot.default_joint_pos
    action = ActionTerm("target", "joint_position_target", (12,), names=names, unit="rad", scale=0.25)
    observation = ObservationTerm("joint_pos", "joint_position", (12,), unit="rad", names=names)
    constraints = (
        Constraint("joint_torque", "joint_torque", 20.0, "N m"),
        Constraint("joint_velocity", "joint_vel", 20.0, "rad/s"),
        Constraint("action_rate", "action_rate", 80.0, "1/s"),
    )
    spec = PolicySpec("go1-flat", "go1", 0.02, {"policy": (observation,)}, (action,), constraints)
    monitor = Monitor(robot, spec, MonitorConfig(0.02))
    still, costs = tuple(np.zeros(12)), []
    for k in range(200):
        now = START + 0.02 * k
        sample, attitude, wanted = joints(now, standing, still, still), imu(now), target(now, *standing)
        # Time of this thread alone: other programs on the machine are not the monitor's cost.
        begin = time.thread_time()
        monitor.joint_states(sample, now)
        monitor.imu(attitude, now)
        decision = monitor.command(wanted, now)
        monitor.tick(now)
        costs.append(time.thread_time() - begin)
        assert decision.position is not None and monitor.state == ARMED
    assert np.median(costs) < LIMIT
