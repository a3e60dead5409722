"""A direct environment with the calls that `IsaacLabEnv` makes: a counter that moves by its action."""

from types import SimpleNamespace

import torch

JOINTS = ["hip", "knee"]


class Proxy:
    """Isaac Lab's arrays have their tensor in `.torch`."""

    def __init__(self, read):
        self._read = read

    @property
    def torch(self):
        return self._read()


class FakeLab:
    """Three environments; position += action; a fall beyond 3, the clock after 5 steps."""

    num_envs, device, step_dt, max_episode_length = 3, "cpu", 0.1, 5

    def __init__(self, cut_early=False):
        self.cut_early = cut_early
        self.position = torch.zeros(3, 2)
        self.episode_length_buf = torch.zeros(3, dtype=torch.long)
        self.reset_terminated = torch.zeros(3, dtype=torch.bool)
        self.reset_time_outs = torch.zeros(3, dtype=torch.bool)
        self.extras, self.given, self.closed = {}, None, 0
        self.single_action_space = SimpleNamespace(shape=(2,))
        zeros = Proxy(lambda: torch.zeros(3, 3))
        fields = ("root_link_pos_w", "root_link_lin_vel_b", "root_link_ang_vel_b", "projected_gravity_b")
        data = SimpleNamespace(
            joint_pos=Proxy(lambda: self.position),
            joint_vel=Proxy(lambda: 2.0 * self.position),
            joint_acc=Proxy(lambda: self.position),
            default_joint_pos=Proxy(lambda: torch.zeros(3, 2)),
            root_link_quat_w=Proxy(lambda: torch.tensor([[0.1, 0.2, 0.3, 0.9]]).repeat(3, 1)),
            **dict.fromkeys(fields, zeros),
        )
        robot = SimpleNamespace(
            data=data, joint_names=JOINTS, actuators=SimpleNamespace(applied_effort=zeros)
        )
        forces = SimpleNamespace(
            net_forces_w=Proxy(lambda: torch.tensor([[[3.0, 0.0, 4.0]]]).repeat(3, 1, 1))
        )
        sensor = SimpleNamespace(data=forces, body_names=["foot"])
        self.scene = SimpleNamespace(
            articulations={"robot": robot}, sensors={"contact": sensor}, write_data_to_sim=lambda: None
        )
        self.sim = SimpleNamespace(forward=lambda: None)

    def reset(self, seed=None):
        self._reset_idx(torch.arange(3))
        return self._compute_observations(), self.extras

    def _reset_idx(self, env_ids):
        self.position[env_ids] = 0.0
        self.episode_length_buf[env_ids] = 0
        self.extras["log"] = {"Episode/ended": torch.tensor(float(len(env_ids)))}

    def _compute_observations(self):
        return {"policy": self.position.clone()}

    def _get_rewards(self):
        return self.position.sum(1)

    def step(self, action):
        self.given = action.clone()
        self.position = self.position + action
        self.episode_length_buf += 1
        limit = self.max_episode_length - int(self.cut_early)
        self.reset_terminated[:] = self.position.abs().amax(1) > 3.0
        self.reset_time_outs[:] = self.episode_length_buf >= limit
        reward = self._get_rewards()
        ids = (self.reset_terminated | self.reset_time_outs).nonzero().squeeze(1)
        if len(ids):
            self.extras["final_obs"] = self._compute_observations()
            self._reset_idx(ids)
        return self._compute_observations(), reward, self.reset_terminated, self.reset_time_outs, self.extras

    def close(self):
        self.closed += 1
