"""The driving tasks on Landward's command line."""

from __future__ import annotations

from collections.abc import Callable

from sims.carla.cfg import DrivingCfg
from sims.carla.drive.cfg import DriveCfg, junction_cfg, lane_cfg, route_cat_cfg, route_cfg
from sims.carla.env import make_driving_env
from sims.registry import TaskEntry, register_task

NUM_ENVS = 4
"""Servers side by side, unless told otherwise."""


def _register(name: str, summary: str, drive: Callable[[], DriveCfg], episode_s: float) -> None:
    def make_cfg(play: bool) -> DrivingCfg:
        cfg = DrivingCfg(drive=drive(), episode_s=episode_s)
        if play:
            cfg.drive.route.split = "heldout"
        return cfg

    recipe = f"agents.recipes:{name.replace('-', '_')}"
    register_task(TaskEntry(name, summary, make_cfg, make_driving_env, recipe, NUM_ENVS))


_register("carla-route", "Drive a route through traffic: CaRL's task and reward", route_cfg, 120.0)
_register(
    "carla-route-cat", "Drive a route through traffic, with limits as constraints", route_cat_cfg, 120.0
)
_register("carla-lane", "Keep the lane at the speed limit, alone", lane_cfg, 60.0)
_register("carla-junction", "Cross junctions in dense traffic", junction_cfg, 60.0)
