"""The twin's ROS parameters: names, defaults and what they mean."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.node import Node

from landward.errors import LandwardError
from landward_twin.robot import TwinCfg
from landward_twin.sensors import SensorsCfg
from robots import Robot
from sims.terrain import FLAT, Terrain
from sims.terrain_grid import TerrainCfg, make_terrain
from sims.terrain_shapes import SHAPES

LONGEST_STEP = 0.002
"""[s] The physics step of `landward eval`'s fine simulation; a sensor period is cut into steps no longer."""
_TILE = 24.0
"""[m] Side of the one tile of rough ground."""


@dataclass(frozen=True)
class Settings:
    """One field a ROS parameter; they are read once, at the start."""

    robot: str = "go1"
    """Name of the robot (`landward list robots`)."""
    rate: float = 1.0
    """Simulated seconds per second; other than 1 it needs publish_clock."""
    publish_clock: bool = False
    """Publish /clock and live on it; one node of a ROS domain may."""
    noise: bool = True
    """Sensor noise as in training."""
    encoder_step: float = 0.0
    """Joint positions are rounded to multiples of this [rad]; 0: not."""
    latency: float = 0.0
    """Delay of the drives [s], on top of the transport's own."""
    sensor_latency: float = 0.0
    """From measurement, which the stamp tells, to publication [s]."""
    dropout: float = 0.0
    """Probability that a sensor message is not published."""
    strength: float = 1.0
    """Factor on gains and torque limits."""
    seed: int = 0
    """Of noise, dropout and the directions of pushes."""
    start: str = "standing"
    """standing, or lying as after sinking down in damping mode; also what twin/reset restores."""
    push: float = 0.5
    """Speed that twin/push adds in a random horizontal direction [m/s]."""
    odom: bool = True
    """Publish the true pose and velocity on odom at 50 Hz."""
    terrain: str = "flat"
    """The endless plane "flat", or a kind of rough ground: the names of sims.terrain_shapes.SHAPES."""
    difficulty: float = 0.25
    """Of rough ground, 0 to 1."""
    control_period: float = 0.0
    """[s] Commands are expected at this period; 0: the robot's."""

    def twin(self, robot: Robot) -> TwinCfg:
        """What concerns the robot."""
        return TwinCfg(
            timestep=physics_step(robot.safety.sensor_rate),
            latency=self.latency,
            strength=self.strength,
            start=self.start,
            control_period=self.control_period or robot.control_period,
        )

    def sensors(self) -> SensorsCfg:
        """What concerns the sensors."""
        return SensorsCfg(
            noise=self.noise,
            encoder_step=self.encoder_step,
            latency=self.sensor_latency,
            dropout=self.dropout,
        )

    def ground(self) -> Terrain:
        """The ground.

        Raises:
            LandwardError: no such kind of terrain, or an impossible difficulty.
        """
        if self.terrain == "flat":
            return FLAT
        if self.terrain not in SHAPES:
            raise LandwardError(f"terrain is {self.terrain!r}: use one of {', '.join(['flat', *SHAPES])}")
        if not 0 <= self.difficulty <= 1:
            raise LandwardError(f"difficulty is {self.difficulty}: use 0 to 1")
        kinds, level = {self.terrain: 1}, (self.difficulty, self.difficulty)
        return make_terrain(
            TerrainCfg(kinds=kinds, levels=1, difficulty=level, tile=_TILE, start_level=0, seed=self.seed)
        )


def physics_step(sensor_rate: float) -> float:
    """The longest physics step that divides the sensor period and is no longer than LONGEST_STEP [s]."""
    period = 1.0 / sensor_rate
    return period / math.ceil(period / LONGEST_STEP - 1e-9)


def read_settings(node: Node) -> Settings:
    """Declare the parameters of a node and read them.

    Raises:
        LandwardError: a value of the wrong type; it names the parameter.
    """
    descriptor = ParameterDescriptor(read_only=True, dynamic_typing=True)
    values = {
        entry.name: _typed(
            entry.name, node.declare_parameter(entry.name, entry.default, descriptor).value, entry.default
        )
        for entry in fields(Settings)
    }
    return Settings(**values)


def _typed(name: str, value: Any, default: Any) -> Any:
    """A whole number passes where a number is wanted: `rate:=1` is no mistake."""
    wanted = type(default)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if type(value) is not wanted:
        raise LandwardError(
            f"parameter {name} is {value!r}: it must be of type {wanted.__name__}, such as {default!r}"
        )
    return value
