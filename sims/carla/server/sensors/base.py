"""What all sensors have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.actor import Actor
from sims.carla.server.geometry import rotation_matrix
from sims.carla.server.sensors.attributes import Attributes

if TYPE_CHECKING:
    from sims.carla.server.sensors.system import Sensors

Payload = bytes | memoryview
LONGEST_TICK = 86400.0
"""[s]"""


class Sensor:
    """One sensor.

    Args:
        read: its attributes.
        sensors: the system, which gives access to the world and to what sensors share.

    Raises:
        RpcError: an attribute is not what it must be.
    """

    kind: ClassVar[int]
    """Index in the client's sensor registry (PROTOCOL: type index)."""
    ticks: ClassVar[bool] = True
    """Whether it has the attribute sensor_tick."""
    noise_seed = 0
    """Of its random numbers."""

    def __init__(self, read: Attributes, sensors: Sensors) -> None:
        self.sensors, self.world = sensors, sensors.world
        self.period = read.real("sensor_tick", 0.0, LONGEST_TICK) if self.ticks else 0.0
        """[s] Between measurements; 0: every step."""
        self.next_due = 0.0
        """[s] World time of the next measurement."""

    def attach(self, actor: Actor) -> None:
        """Be that actor. Random numbers depend on the world's seed, its id and its noise_seed alone."""
        self.actor = actor
        self.random = np.random.default_rng([abs(self.noise_seed), abs(self.world.seed), actor.id])

    def missed(self) -> None:
        """A measurement was due, and nobody listens: what compares with its last one begins anew."""

    def measure(self, dt: float) -> Iterable[Payload]:
        """The messages of this step, which are used before the next call.

        Args:
            dt: time since the step before [s].
        """
        raise NotImplementedError

    @property
    def turn(self) -> NDArray[np.float64]:
        """(3, 3) columns are its forward, right and up in the world."""
        return rotation_matrix(*self.actor.pose[3:])

    @property
    def carrier(self) -> Actor:
        """What it is attached to at last; itself where it is not attached."""
        actor = self.actor
        while actor.parent is not None:
            actor = actor.parent
        return actor

    def velocity(self) -> NDArray[np.float64]:
        """(3,) [m/s] In the world: the carrier's, and what its turning adds at the place of the sensor."""
        carrier = self.carrier
        row = self.world.records.rows[carrier.row]
        yaw_rate = np.radians(float(row["angular_velocity"][2]))
        arm = self.actor.pose[:2] - carrier.pose[:2]
        return row["velocity"].astype(np.float64) + yaw_rate * np.array([-arm[1], arm[0], 0.0])
