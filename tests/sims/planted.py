"""An engine with a planted fault: a MuJoCo engine behind hooks on what goes in and what comes out."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from robots import get_robot
from sims.engine import Engine
from sims.mujoco.engine import MujocoEngine
from sims.physics import PhysicsCfg
from sims.state import RobotState

JOINTS = ("joint_pos", "joint_vel", "joint_acc", "joint_torque")
FEET = ("foot_pos_w", "foot_height", "foot_contact", "foot_force")
GO1 = get_robot("go1")
SWAP = np.array([3, 4, 5, 0, 1, 2, 6, 7, 8, 9, 10, 11])
"""FR and FL exchanged."""
BREADTH_FIRST = np.array([3, 0, 9, 6, 4, 1, 10, 7, 5, 2, 11, 8])
"""Hips of FL, FR, RL, RR, then thighs, then calves, as PhysX lists a Go1's joints."""


class PlantedEngine(Engine):
    """MuJoCo with hooks.

    targets: (N, J) -> (N, J) before each step. reset: dict of the reset's arguments -> the same, changed.
    state: RobotState -> entries to replace. late: control steps that targets wait. robot: fields of the inner
    robot that differ from the declared one.
    """

    def __init__(
        self,
        num_envs: int = 26,
        physics: PhysicsCfg | None = None,
        targets: Callable[[Any], Any] = lambda x: x,
        reset: Callable[[dict], dict] = lambda x: {},
        state: Callable[[RobotState], dict] = lambda s: {},
        late: int = 0,
        robot: dict | None = None,
    ) -> None:
        inner_robot = dataclasses.replace(GO1, **(robot or {}))
        self.inner = MujocoEngine(inner_robot, physics or PhysicsCfg(), num_envs, threads=1)
        self.robot, self.physics, self.terrain = GO1, self.inner.physics, self.inner.terrain
        self.num_envs, self.device, self.arrays = num_envs, "cpu", "numpy"
        self.total_mass, self.state = self.inner.total_mass, RobotState()
        self._targets, self._change_reset, self._change_state = targets, reset, state
        self._line = [np.tile(np.array(GO1.default_joint_pos), (num_envs, 1)) for _ in range(late)]

    @property
    def diverged(self):
        return self.inner.diverged

    def step(self, targets):
        self._line.append(np.array(targets))
        self.inner.step(self._targets(self._line.pop(0)))
        self._publish()

    def reset(self, env_ids, root_pos, root_quat, velocity, joint_pos, joint_vel):
        given = {
            "root_pos": root_pos,
            "root_quat": root_quat,
            "velocity": velocity,
            "joint_pos": joint_pos,
            "joint_vel": joint_vel,
        }
        self.inner.reset(env_ids, **{**given, **self._change_reset(given)})
        for waiting in self._line:
            waiting[env_ids] = GO1.default_joint_pos
        self._publish()

    def _publish(self):
        for name, value in {**self.inner.state, **self._change_state(self.inner.state)}.items():
            self.state[name] = np.array(value)

    def push(self, env_ids, velocity):
        self.inner.push(env_ids, velocity)

    def set_parameters(self, env_ids, parameters):
        self.inner.set_parameters(env_ids, parameters)

    def parameters(self):
        return self.inner.parameters()

    def state_dict(self):
        return self.inner.state_dict()

    def load_state_dict(self, state):
        self.inner.load_state_dict(state)


class StaleEngine(PlantedEngine):
    """After a step, its state is that of the step before; a reset shows at once."""

    def step(self, targets):
        before = {name: np.array(value) for name, value in self.inner.state.items()}
        super().step(targets)
        for name, value in before.items():
            self.state[name] = value

    def reset(self, env_ids, *values):
        shown = {name: np.array(value) for name, value in self.state.items()}
        super().reset(env_ids, *values)
        for name, value in shown.items():
            value[env_ids] = self.state[name][env_ids]
            self.state[name] = value


class TorchEngine(PlantedEngine):
    """The same with tensors in and out."""

    def __init__(self, **options):
        super().__init__(**options)
        self.arrays = "torch"

    @property
    def diverged(self):
        import torch

        return torch.from_numpy(np.array(self.inner.diverged))

    def step(self, targets):
        super().step(targets.numpy())

    def reset(self, env_ids, *values):
        super().reset(env_ids.numpy(), *(value.numpy() for value in values))

    def _publish(self):
        import torch

        super()._publish()
        for name, value in self.state.items():
            self.state[name] = torch.from_numpy(value)


def reordered(order):
    """Hooks of an adapter that lists joints in another order throughout: reset, state and targets."""
    back = np.argsort(order)
    return {
        "targets": lambda x: x[:, back],
        "reset": lambda given: {name: given[name][:, back] for name in ("joint_pos", "joint_vel")},
        "state": lambda s: {name: s[name][:, order] for name in JOINTS},
    }
