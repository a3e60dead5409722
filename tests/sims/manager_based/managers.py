"""Small hand-made managers with the fields of Isaac Lab's, and a scene of two hinges and a slide."""

from types import SimpleNamespace

import torch

from sims.manager_based.scene import Gains, Joints

JOINTS = ("hip", "knee", "rail")
DEFAULT = (0.5, -1.0, 0.25)


class UniformNoiseCfg:
    def __init__(self, n_min, n_max, operation="add"):
        self.n_min, self.n_max, self.operation = n_min, n_max, operation


class GaussianNoiseCfg:
    def __init__(self, mean, std, operation="add"):
        self.mean, self.std, self.operation = mean, std, operation


class NoiseModelWithAdditiveBiasCfg:
    def __init__(self, noise_cfg, bias_noise_cfg):
        self.noise_cfg, self.bias_noise_cfg = noise_cfg, bias_noise_cfg


def base_ang_vel(env): ...
def projected_gravity(env): ...
def joint_pos_rel(env, asset_cfg="robot"): ...
def joint_vel_rel(env, asset_cfg="robot"): ...
def last_action(env): ...
def generated_commands(env, command_name="walk"): ...
def distance_to_cheese(env): ...
def image_rgb(env): ...


def term(func, **fields):
    """A prepared ObservationTermCfg."""
    fields = {"params": {}, "noise": None, "clip": None, "scale": None, "history_length": 0, **fields}
    return SimpleNamespace(func=func, flatten_history_dim=True, modifiers=None, **fields)


class Scene:
    """Answers for JOINTS; `same` says whether all environments have one default pose."""

    def __init__(self, same=True):
        self.same = same

    def joints(self, entity):
        assert entity == "robot"
        return self.named_joints("robot", JOINTS)

    def named_joints(self, asset, names):
        index = [JOINTS.index(name) for name in names]
        default = tuple(DEFAULT[i] for i in index) if self.same else None
        return Joints(tuple(names), tuple(i == 2 for i in index), default, (0.0,) * len(index))

    def gains(self, asset, names):
        return Gains((25.0,) * len(names), (0.5,) * len(names), (23.7,) * len(names))

    def command(self, name):
        return {"walk": ("lin_vel_x", "lin_vel_y", "ang_vel_z")}.get(name, ())


class JointPositionAction:
    def __init__(self, names, scale, offset, clip=None, envs=2):
        self._joint_names, self.action_dim = list(names), len(names)
        self._scale = scale
        self._offset = torch.tensor([offset] * envs) if isinstance(offset, tuple) else offset
        self.cfg = SimpleNamespace(asset_name="robot", clip=clip)
        if clip is not None:
            self._clip = torch.tensor([clip] * envs)


class BinaryJointPositionAction:
    action_dim = 1
    cfg = SimpleNamespace(asset_name="robot", clip=None)


class ActionManager:
    def __init__(self, **terms):
        self.terms, self.active_terms = terms, list(terms)

    def get_term(self, name):
        return self.terms[name]


class ObservationManager:
    """Groups: name -> {term name: (cfg, shape)}."""

    def __init__(self, groups, concatenated=True, time_major=False):
        self.active_terms = {group: list(terms) for group, terms in groups.items()}
        self._group_obs_term_cfgs = {g: [cfg for cfg, _ in terms.values()] for g, terms in groups.items()}
        self.group_obs_term_dim = {g: [shape for _, shape in terms.values()] for g, terms in groups.items()}
        self.group_obs_concatenate = dict.fromkeys(groups, concatenated)
        self._group_obs_time_major = dict.fromkeys(groups, time_major)
