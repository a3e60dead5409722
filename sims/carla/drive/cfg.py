"""Everything that can be set in the driving task; each task's settings are a function at the end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Range = tuple[float, float]


@dataclass
class RouteCfg:
    """Which routes are driven."""

    kind: Literal["plan", "lane"] = "plan"
    """plan: shortest way between two spawn points; lane: straight on from a spawn point, as roads lead."""
    split: Literal["train", "heldout"] = "train"
    """Routes of the two sets begin at different spawn points."""
    length: Range = (150.0, 400.0)
    """Shortest and longest route [m]; of kind "lane" the longest counts."""
    junctions: int = 1
    """Least number of junctions on a route."""
    stop_signs: bool = True
    """Whether routes may lead over the lines of stop signs."""
    count: int = 200
    """Routes in the set, fewer where the town has fewer."""
    seed: int = 0
    """Of the division into the two sets and of the choice; the same in training and evaluation."""
    heldout: float = 0.25
    """Share of the spawn points at which held-out routes begin."""


@dataclass
class TrafficCfg:
    """Other road users, driven by the TrafficManager and by straight walks across."""

    vehicles: int = 15
    """Cars that the TrafficManager drives; fewer where the town has too few free spawn points."""
    walkers: int = 3
    """Pedestrians who cross the route."""
    around_route: float = 80.0
    """Vehicles start at the spawn points within this distance of the route first [m]."""
    clear: float = 12.0
    """Free distance around the ego's start [m]."""
    slower: Range = (-10.0, 30.0)
    """Each vehicle's target speed below the limit, drawn uniformly [%]."""
    lights: Literal["cycle", "green"] = "cycle"
    """green: all traffic lights stay green."""
    ignore_lights: float = 0.0
    """Chance that a vehicle passes a red light [%]."""
    walker_speed: Range = (0.8, 1.6)
    """[m/s]."""


@dataclass
class BevCfg:
    """The bird's-eye raster; the ego looks up, in the middle column."""

    size: int = 64
    """Rows and columns [pixels]."""
    pixels_per_metre: float = 1.5
    """Resolution [1/m]."""
    behind: float = 9.0
    """Ground that is seen behind the ego's centre [m]."""
    route_width: float = 3.0
    """Width of the drawn route [m]."""
    speed_line_s: float = 1.5
    """Others' motion is drawn this far into the future, at constant velocity [s]."""


@dataclass
class RewardCfg:
    """CaRL's reward (card C8, Jaeger et al. 2025); the defaults are the card's numbers."""

    penalties: Literal["soft", "constraints"] = "soft"
    """soft: progress times the soft factors; constraints: progress alone, the limits are constraints."""
    progress: float = 1.0
    """Per percent of the route."""
    terminal: float = -1.0
    """At the end by a collision or a red light."""
    speeding_span: float = 2.23
    """Excess of the speed limit at which the factor is 0 [m/s]."""
    penalty_s: float = 50.0
    """How long a violation of comfort or of time to collision lowers the reward [s]."""
    comfort: float = 0.5
    """Factor while all comfort limits count as violated."""
    time_to_collision: float = 0.5
    """Factor after a forecast collision."""
    lane: float = 0.5
    """Factor while away from the lane's centre."""
    lane_offset: float = 0.5
    """Distance from the lane's centre that is tolerated [m] ..."""
    lane_s: float = 3.0
    """... and for how long it may be exceeded [s]."""
    forecast_s: float = 1.0
    """Horizon of the forecast [s]."""


@dataclass
class TerminationCfg:
    """What ends an episode."""

    blocked_s: float = 180.0
    """Standing still for this long [s] (leaderboard: 180)."""
    blocked_speed: float = 0.1
    """Below this the ego stands [m/s]."""
    deviation: float = 30.0
    """Distance from the route [m]."""
    off_road: float = 0.95
    """Share of the ego's footprint that lies off every driving lane."""
    seconds_per_metre: float = 0.8
    """The route's time-out grows by this with its length [s/m] ..."""
    seconds: float = 5.0
    """... from this [s]."""
    goal: float = 3.0
    """The route is completed this close to its end [m]."""


@dataclass
class DriveCfg:
    """A driving task."""

    control: Literal["pedals", "speed"] = "pedals"
    """pedals: (steer, throttle), a negative throttle brakes; speed: (steer, target speed [m/s])."""
    endings: Literal["training", "leaderboard"] = "training"
    """leaderboard: only completion, deviation, blocking and time-out end an episode; all else is counted."""
    ego: str = "vehicle.lincoln.mkz_2020"
    """Blueprint of the ego vehicle."""
    settle_s: float = 1.0
    """Braked start of an episode, before the first observation [s]."""
    start_speed: Range = (0.0, 8.0)
    """Drawn uniformly, and lowered where something ahead is near, for the start of a training episode: a
    policy that knows nothing hardly moves from a standstill. Evaluation (endings "leaderboard") starts at
    rest [m/s]."""
    speed_gain: float = 0.5
    """Of the speed controller of control = "speed" [pedal per m/s]."""
    top_speed: float = 14.0
    """Largest target speed of control = "speed" [m/s]."""
    least_speed: float = -4.0
    """Smallest one. Below 0 is the brake: a policy that explores within bounds has no mean at a bound, so it
    could not stand still if the range ended at 0 [m/s]."""
    sight: float = 50.0
    """How far lights, stop signs and lead vehicles are reported [m]."""
    route: RouteCfg = field(default_factory=RouteCfg)
    """Which routes are driven."""
    traffic: TrafficCfg = field(default_factory=TrafficCfg)
    """Other road users."""
    bev: BevCfg = field(default_factory=BevCfg)
    """The bird's-eye raster."""
    reward: RewardCfg = field(default_factory=RewardCfg)
    """What driving is worth."""
    terminations: TerminationCfg = field(default_factory=TerminationCfg)
    """What ends an episode."""


def route_cfg() -> DriveCfg:
    """carla-route: a route with junctions through moderate traffic; CaRL's soft factors."""
    return DriveCfg(terminations=TerminationCfg(blocked_s=45.0))


def route_cat_cfg() -> DriveCfg:
    """carla-route-cat: the same with the limits as constraints."""
    cfg = route_cfg()
    cfg.reward.penalties = "constraints"
    return cfg


def lane_cfg() -> DriveCfg:
    """carla-lane: keep the lane at the speed limit, alone; nothing makes it stop."""
    return DriveCfg(
        route=RouteCfg(kind="lane", length=(150.0, 250.0), junctions=0, stop_signs=False),
        traffic=TrafficCfg(vehicles=0, walkers=0, lights="green"),
        terminations=TerminationCfg(blocked_s=20.0),
    )


def junction_cfg() -> DriveCfg:
    """carla-junction: across a junction in dense traffic."""
    return DriveCfg(
        route=RouteCfg(length=(70.0, 160.0), junctions=1),
        traffic=TrafficCfg(vehicles=25, walkers=5, around_route=50.0),
        terminations=TerminationCfg(blocked_s=45.0),
    )
