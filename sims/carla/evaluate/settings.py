"""What an evaluation of driving runs, and the settings that make no sense."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from landward.errors import LandwardError
from landward.spec import PolicySpec
from sims.carla.cfg import DrivingCfg

DEFAULT_TASK = "carla-route"
"""Whose traffic and routes are driven where no policy says another."""
EXPERT, AUTOPILOT = "expert", "autopilot"
"""Drivers that are no file."""
BLOCKED = 180.0
"""[s] Leaderboard's."""
MOST_ROUTES = 1000


@dataclass(frozen=True)
class Settings:
    """What is run."""

    task: str = DEFAULT_TASK
    """Whose settings are the beginning."""
    town: str = ""
    """Name of a map, or path of an OpenDRIVE file; "" takes the task's."""
    routes: Literal["heldout", "train"] = "heldout"
    """Which set of routes."""
    episodes: int = 10
    """How many of them, at most."""
    repetitions: int = 1
    """How often each is driven, each time with other traffic."""
    traffic: int | None = None
    """Other cars; None takes the task's."""
    walkers: int | None = None
    """Pedestrians; None takes the task's."""
    server: str = ""
    """HOST:PORT of a CARLA server; "" starts an embedded one."""
    seed: int = 100
    video: bool = True
    """Whether the first route is filmed."""

    def validate(self) -> None:
        """Refuse what cannot be driven.

        Raises:
            LandwardError: names the first setting that makes no sense.
        """
        for name, least, most in (("episodes", 1, MOST_ROUTES), ("repetitions", 1, MOST_ROUTES)):
            if not least <= getattr(self, name) <= most:
                raise LandwardError(f"{name} is {getattr(self, name)}: choose from {least} to {most}")
        for name in ("traffic", "walkers"):
            if (getattr(self, name) or 0) < 0:
                raise LandwardError(f"{name} is {getattr(self, name)}: it cannot be negative")
        if self.town.endswith(".xodr") and not Path(self.town).is_file():
            raise LandwardError(f"there is no OpenDRIVE file {self.town}")


def driving_cfg(settings: Settings, spec: PolicySpec | None = None) -> DrivingCfg:
    """The task's configuration under the leaderboard's rules, its view fitted to what a policy wants to see.

    Args:
        settings: of the evaluation.
        spec: of the policy, None for drivers that need no terms.

    Raises:
        RegistryError: no such task.
        LandwardError: the task is not one of driving.
    """
    from sims.registry import get_task

    cfg = get_task(settings.task).make_cfg(True)
    if not isinstance(cfg, DrivingCfg):
        raise LandwardError(f"task {settings.task!r} is no driving task; use carla-route or another carla-*")
    cfg.town = settings.town or cfg.town
    cfg.server, cfg.rendering = settings.server, settings.video
    drive = cfg.drive
    drive.endings, drive.route.split, drive.route.count = "leaderboard", settings.routes, settings.episodes
    drive.terminations.blocked_s = BLOCKED
    if settings.traffic is not None:
        drive.traffic.vehicles = settings.traffic
    if settings.walkers is not None:
        drive.traffic.walkers = settings.walkers
    if spec is not None:
        fit_view(cfg, spec)
    return cfg


def fit_view(cfg: DrivingCfg, spec: PolicySpec) -> None:
    """Take from a policy's spec what is a matter of settings: size and scale of the view, sort of control.

    What remains different is an error of its own, `check_expected`'s.
    """
    drive = cfg.drive
    for term in spec.actions:
        drive.control = "speed" if term.kind == "ackermann" else "pedals"
    for term in spec.inputs:
        details: dict[str, Any] = dict(term.details)
        if term.kind == "bird_eye_view" and "pixels_per_metre" in details and "ego_row" in details:
            scale = float(details["pixels_per_metre"])
            behind = (term.shape[0] - float(details["ego_row"])) / scale
            drive.bev = replace(drive.bev, size=term.shape[0], pixels_per_metre=scale, behind=behind)
