"""What the driving policy sees and which limits it is held to, as Landward's terms; no simulator needed."""

from __future__ import annotations

from landward.constraint import Constraint
from landward.terms import ObservationTerm
from sims.carla.drive.cfg import DriveCfg

CHANNELS = ("road", "lane_marks", "route", "vehicles", "motion", "walkers", "stop_lines")
"""Channels of the bird's-eye view."""
LOOKAHEAD = (3.0, 6.0, 9.0, 12.0, 16.0, 20.0, 25.0, 30.0, 36.0, 42.0)
"""Distances along the route of the points that the policy sees [m]."""
COMFORT = ("lon_acceleration", "lat_acceleration", "jerk", "lon_jerk", "yaw_rate", "yaw_acceleration")
"""nuPlan's six comfort metrics."""
TIMERS = ("time_to_collision", *COMFORT, "lane")
"""What lowers the reward for some time."""


def observation_groups(cfg: DriveCfg) -> dict[str, tuple[ObservationTerm, ...]]:
    """Group -> its terms. Vectors are in the body frame: x forward, y left, yaw to the left."""
    return {"bev": (_bird_eye_view(cfg),), "state": _state(cfg), "privileged": _privileged(cfg)}


def _bird_eye_view(cfg: DriveCfg) -> ObservationTerm:
    bev = cfg.bev
    return ObservationTerm(
        "bev",
        "bird_eye_view",
        (bev.size, bev.size, len(CHANNELS)),
        dtype="uint8",
        frame="body",
        names=CHANNELS,
        scale=1.0 / 255.0,
        details={
            "pixels_per_metre": bev.pixels_per_metre,
            "ego_row": bev.size - bev.behind * bev.pixels_per_metre,
            "ego_column": bev.size / 2.0,
        },
    )


def _state(cfg: DriveCfg) -> tuple[ObservationTerm, ...]:
    near = 1.0 / cfg.sight
    return (
        ObservationTerm("speed", "speed", (1,), unit="m/s", frame="body", scale=1.0 / 15.0),
        ObservationTerm("speed_limit", "traffic", (1,), unit="m/s", scale=1.0 / 15.0),
        ObservationTerm("pedals", "state", (3,), names=("steer", "throttle", "brake")),
        ObservationTerm(
            "acceleration",
            "linear_acceleration",
            (2,),
            unit="m/s^2",
            frame="body",
            names=("x", "y"),
            scale=0.2,
            clip=(-10.0, 10.0),
        ),
        ObservationTerm("yaw_rate", "angular_velocity", (1,), unit="rad/s", frame="body"),
        ObservationTerm(
            "lane_error",
            "state",
            (2,),
            unit=("m", "rad"),
            names=("offset", "heading"),
            scale=(0.5, 1.0),
            clip=(-4.0, 4.0),
            details={"sign": "positive where the ego is left of the route, or points left of it"},
        ),
        ObservationTerm(
            "route_ahead",
            "route",
            (len(LOOKAHEAD), 2),
            unit="m",
            frame="body",
            names=("x", "y"),
            scale=(1.0 / 40.0, 1.0 / 20.0),
            details={"distance": LOOKAHEAD},
        ),
        ObservationTerm(
            "light",
            "traffic",
            (4,),
            unit=("m", "1", "1", "1"),
            names=("distance", "red", "yellow", "green"),
            scale=(near, 1.0, 1.0, 1.0),
        ),
        ObservationTerm(
            "stop_sign",
            "traffic",
            (2,),
            unit=("m", "1"),
            names=("distance", "must_stop"),
            scale=(near, 1.0),
        ),
        ObservationTerm(
            "lead",
            "traffic",
            (3,),
            unit=("m", "m/s", "1"),
            names=("gap", "speed", "present"),
            scale=(near, 1.0 / 15.0, 1.0),
        ),
    )


def _privileged(cfg: DriveCfg) -> tuple[ObservationTerm, ...]:
    """Card C8: what the value must know and the policy cannot."""
    return (
        ObservationTerm(
            "penalty_timers",
            "state",
            (len(TIMERS),),
            unit="s",
            names=TIMERS,
            scale=1.0 / cfg.reward.penalty_s,
        ),
        ObservationTerm("time_left", "state", (1,), unit="s", scale=1.0 / 300.0),
        ObservationTerm("route_left", "state", (1,), unit="m", scale=1.0 / cfg.route.length[1]),
        ObservationTerm("standing_for", "state", (1,), unit="s", scale=1.0 / cfg.terminations.blocked_s),
    )


def state_constraints(cfg: DriveCfg) -> tuple[Constraint, ...]:
    """The limits of CaRL's soft factors as constraints; none where the reward holds the factors.

    Comfort limits are nuPlan's (Karnchanachari et al. 2024), as in card C8.
    """
    if cfg.reward.penalties == "soft":
        return ()
    return (
        Constraint("collision", "collision", 0.0, "1", kind="hard", measure="upper"),
        Constraint("red_light", "red_light", 0.0, "1", kind="hard", measure="upper"),
        Constraint("stop_sign", "stop_sign", 0.0, "1", kind="hard", measure="upper"),
        Constraint("off_lane", "outside", 0.0, "m", measure="upper", dead_band=0.1),
        Constraint(
            "speed_limit", "speed", 0.0, "m/s", measure="upper", reference="speed_limit", dead_band=0.3
        ),
        Constraint("lane_centre", "lane_offset", cfg.reward.lane_offset, "m", p_max=0.1, when="lane_keeping"),
        Constraint("time_to_collision", "time_to_collision", cfg.reward.forecast_s, "s", measure="lower"),
        Constraint("acceleration", "lon_acceleration", 2.40, "m/s^2", measure="upper", p_max=0.05),
        Constraint("deceleration", "lon_acceleration", -4.05, "m/s^2", measure="lower", p_max=0.05),
        Constraint("lateral", "lat_acceleration", 4.89, "m/s^2", p_max=0.05),
        Constraint("jerk", "jerk", 8.37, "m/s^3", measure="upper", p_max=0.05),
        Constraint("lon_jerk", "lon_jerk", 4.13, "m/s^3", p_max=0.05),
        Constraint("yaw_rate", "yaw_rate", 0.95, "rad/s", p_max=0.05),
        Constraint("yaw_acceleration", "yaw_acceleration", 1.93, "rad/s^2", p_max=0.05),
    )
