"""The controller behind `apply_ackermann_control`: speed and acceleration to pedals, angle to steering.

Two nested controllers as in CARLA's Ackermann controller: the speed error gives the wanted acceleration, and
the acceleration error moves the pedals. The gains are CARLA's settings, for steps of 0.05 s; what they are
scaled with is ours, for this model of a car.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

PERIOD = 0.05
"""[s] Step that the gains are meant for."""
SETTLING = 0.15
"""[s] The speed controller's output over this is the wanted acceleration: 1 m/s2 a m/s with CARLA's gain."""
PUSH = 4.0
"""How much more than the acceleration controller's output the pedals move in a period."""
STANDING = 0.05
"""[m/s] Slower than this it stands, where standing is wanted."""
MOST_ACCELERATION, MOST_DECELERATION = 3.0, 8.0
"""[m/s2] Where the client gives no limit."""


@dataclass(frozen=True)
class Gains:
    """AckermannControllerSettings, with CARLA's defaults."""

    speed_kp: float = 0.15
    speed_ki: float = 0.0
    speed_kd: float = 0.25
    accel_kp: float = 0.01
    accel_ki: float = 0.0
    accel_kd: float = 0.01


@dataclass(frozen=True)
class Target:
    """VehicleAckermannControl."""

    steer: float = 0.0
    """[rad] Of the front wheels, to the right."""
    steer_speed: float = 0.0
    """[rad/s] How fast they turn; 0: as fast as they can."""
    speed: float = 0.0
    """[m/s] Below zero backwards."""
    acceleration: float = 0.0
    """[m/s2] Most; 0: the controller's own limit."""
    jerk: float = 0.0
    """[m/s3] Most change of the wanted acceleration; 0: any."""


@dataclass
class Loop:
    """One controller with its memory."""

    integral: float = 0.0
    last: float | None = None

    def update(self, error: float, gains: tuple[float, float, float], dt: float) -> float:
        """The sum of kp e, ki int(e dt) and kd de/dt."""
        self.integral += error * dt
        slope = 0.0 if self.last is None else (error - self.last) / dt
        self.last = error
        return gains[0] * error + gains[1] * self.integral + gains[2] * slope * PERIOD


@dataclass
class Ackermann:
    """State of one vehicle's controller."""

    gains: Gains = field(default_factory=Gains)
    target: Target = field(default_factory=Target)
    speed_loop: Loop = field(default_factory=Loop)
    accel_loop: Loop = field(default_factory=Loop)
    wanted: float = 0.0
    """[m/s2] Acceleration that the outer loop asks for."""
    pedal: float = 0.0
    """-1 full brake to 1 full throttle."""
    steer: float = 0.0
    """[rad] Where the steering is."""

    def update(
        self, speed: float, acceleration: float, lock: float, dt: float
    ) -> tuple[float, float, float, bool]:
        """One step.

        Args:
            speed: [m/s] along the body, forward positive.
            acceleration: [m/s2] the same.
            lock: [rad] of the front wheels at full steering.
            dt: [s]

        Returns:
            (throttle, steer, brake, reverse) as VehicleControl has them.
        """
        steering = self._turn(lock, dt)
        target = self.target.speed
        if abs(target) < STANDING and abs(speed) < 1.0:
            self._reset()
            return 0.0, steering, 1.0, False
        sense = -1.0 if target < 0.0 or (target == 0.0 and speed < 0.0) else 1.0
        if sense * speed < -STANDING:
            self._reset()
            return 0.0, steering, 1.0, sense < 0.0
        throttle, brake = self._pedals(sense * target, sense * speed, sense * acceleration, dt)
        return throttle, steering, brake, sense < 0.0

    def _turn(self, lock: float, dt: float) -> float:
        """Steering in shares of the lock, turned no faster than asked for."""
        limited = min(max(self.target.steer, -lock), lock)
        reach = self.target.steer_speed * dt if self.target.steer_speed > 0.0 else math.inf
        self.steer += min(max(limited - self.steer, -reach), reach)
        return self.steer / lock if lock > 0.0 else 0.0

    def _pedals(self, target: float, speed: float, acceleration: float, dt: float) -> tuple[float, float]:
        """(throttle, brake) for a target in the direction of travel."""
        gains, limit = self.gains, abs(self.target.acceleration)
        speed_gains = (gains.speed_kp, gains.speed_ki, gains.speed_kd)
        wish = self.speed_loop.update(target - speed, speed_gains, dt) / SETTLING
        up, down = (limit, limit) if limit > 0.0 else (MOST_ACCELERATION, MOST_DECELERATION)
        wish = min(max(wish, -down), up)
        reach = self.target.jerk * dt if self.target.jerk > 0.0 else math.inf
        self.wanted += min(max(wish - self.wanted, -reach), reach)
        accel_gains = (gains.accel_kp, gains.accel_ki, gains.accel_kd)
        push = self.accel_loop.update(self.wanted - acceleration, accel_gains, dt)
        self.pedal = min(max(self.pedal + PUSH * push * dt / PERIOD, -1.0), 1.0)
        return max(self.pedal, 0.0), max(-self.pedal, 0.0)

    def _reset(self) -> None:
        self.speed_loop, self.accel_loop = Loop(), Loop()
        self.wanted = self.pedal = 0.0
