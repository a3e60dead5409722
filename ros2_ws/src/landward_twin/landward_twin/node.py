"""Node `twin`: the simulated robot on the topics of the real one."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence

import numpy as np
from rclpy.node import Node
from rclpy.parameter import Parameter
from sensor_msgs.msg import JointState
from std_srvs.srv import Trigger

from landward.errors import LandwardError
from landward_ros import names, qos, realtime
from landward_ros.convert import JointOrder, read_command
from landward_ros.diagnostics import ERROR, OK, WARN, Reporter
from landward_ros.process import run_node
from landward_ros.samples import NS
from landward_ros.ticker import uses_sim_time
from landward_twin.outputs import Outputs
from landward_twin.pacer import Pacer
from landward_twin.robot import Reading, TwinRobot
from landward_twin.sensors import DelayLine, Sensors
from landward_twin.settings import Settings, read_settings
from robots import get_robot

ODOM_RATE = 50.0
"""[Hz]"""
_REPORT = 0.5
"""[s] Values on /diagnostics are renewed this often."""
_IDLE = 0.05
"""[s] Longest wait for somebody else's /clock, whose message wakes the loop earlier."""


class TwinNode(Node):
    """Steps the robot in pace with its clock; every command takes effect at the physics step it came in.

    The clock is the monotonic one, its own /clock (scaled time), or somebody else's /clock.
    """

    def __init__(self, parameters: Sequence[Parameter] = ()) -> None:
        """Read the parameters, build the robot and its topics.

        Args:
            parameters: on top of those of the command line.

        Raises:
            LandwardError: a parameter that makes no sense.
        """
        super().__init__(names.TWIN_NODE, parameter_overrides=list(parameters))
        self.settings = read_settings(self)
        self._choose_clock(self.settings)
        robot = get_robot(self.settings.robot)
        twin_cfg, sensors_cfg = self.settings.twin(robot), self.settings.sensors()
        self.twin = TwinRobot(robot, twin_cfg, self.settings.ground())
        self._sensors = Sensors(sensors_cfg, self.settings.seed)
        self._random = np.random.default_rng([self.settings.seed, 1])
        self._pacer = Pacer(twin_cfg.timestep, self.settings.rate)
        self._delay: DelayLine[tuple[int, Reading]] = DelayLine(
            round(sensors_cfg.latency / twin_cfg.timestep)
        )
        self._sample_every = round(1.0 / (robot.safety.sensor_rate * twin_cfg.timestep))
        self._odom_every = self._sample_every * max(1, round(robot.safety.sensor_rate / ODOM_RATE))
        self._next_sample = self._sample_every
        self._order = JointOrder(robot.joint_names)
        self._commands = self._refused = self._lost_messages = 0
        self._refusal = self._last_refusal = ""
        self._reported_lost, self._report_at = 0.0, -math.inf
        self._status: tuple[bytes, str] | None = None
        self._outputs = Outputs(
            self, robot, sensors_cfg, odom=self.settings.odom, clock=self.settings.publish_clock
        )
        self._reporter = Reporter(self, "drive", robot.name)
        self.create_subscription(JointState, names.ROBOT_COMMAND, self._on_command, qos.COMMAND)
        self.create_service(Trigger, names.TWIN_RESET, self._on_reset)
        self.create_service(Trigger, names.TWIN_PUSH, self._on_push)

    def _choose_clock(self, settings: Settings) -> None:
        self._follows = uses_sim_time(self) and not settings.publish_clock
        if settings.rate != 1.0 and self._follows:
            raise LandwardError(
                f"rate is {settings.rate:g}, but this twin follows somebody else's /clock, which sets the "
                "pace: leave rate at 1, or set publish_clock"
            )
        if settings.rate != 1.0 and not settings.publish_clock:
            raise LandwardError(
                f"rate is {settings.rate:g} without publish_clock: other nodes would not know the time. Set "
                "publish_clock on this twin and use_sim_time on every node"
            )
        if settings.publish_clock and not uses_sim_time(self):
            # Its diagnostics are then stamped with the time that everybody else has.
            self.set_parameters([Parameter("use_sim_time", value=True)])

    def _now(self) -> float:
        """The clock that paces the simulation [s]; 0 where there is no time yet."""
        return self.get_clock().now().nanoseconds / NS if self._follows else time.monotonic()

    def _stamp(self) -> int:
        """ROS time of the present state [ns]."""
        if self.settings.publish_clock:
            return round(self.twin.time * NS)
        behind = max(0.0, self._pacer.behind(self._now(), self.twin.steps))
        return self.get_clock().now().nanoseconds - round(behind * NS)

    def step(self) -> float:
        """Do the physics that is due, at most up to the next event, so that a waiting command gets its turn.

        Returns:
            Longest time until it wants to be called again [s].
        """
        now = self._now()
        if now <= 0.0:
            return _IDLE
        late = self._advance(now)
        self._report(now)
        if late:
            return 0.0
        wait = self._pacer.wait(self._now(), self.twin.steps, self._next_event())
        return _IDLE if self._follows else wait

    def _advance(self, now: float) -> bool:
        """Step up to the clock or the next event; True where more is due."""
        due = self._pacer.due(now, self.twin.steps)
        todo = min(due, self._next_event() - self.twin.steps)
        self.twin.step(todo)
        if self.twin.steps >= self._next_event():
            self._event(now)
        return due > todo

    def _next_event(self) -> int:
        """Physics step at which something is to be measured or published."""
        delayed = self._delay.next_step
        return self._next_sample if delayed is None else min(self._next_sample, delayed)

    def _event(self, now: float) -> None:
        steps = self.twin.steps
        if steps >= self._next_sample:
            self._next_sample += self._sample_every
            self._pacer.note(now, steps)
            stamp = self._stamp()
            # Time first: whoever gets a measurement then knows a time that is not before it.
            self._outputs.clock(stamp)
            self._delay.push(steps, (stamp, self._sensors.measure(self.twin.read())))
            if steps % self._odom_every == 0:
                self._outputs.odom(stamp, self.twin.truth())
        for stamp, reading in self._delay.pop(steps):
            self._publish(stamp, reading)

    def _publish(self, stamp: int, reading: Reading) -> None:
        for publish in (self._outputs.imu, self._outputs.joints):
            if self._sensors.lost():
                self._lost_messages += 1
            else:
                publish(stamp, reading)

    def _on_command(self, msg: JointState) -> None:
        now = self._now()
        if now > 0.0:
            self._advance(now)
        try:
            self.twin.command(read_command(self._order, msg).position)
        except LandwardError as error:
            self._refused += 1
            self._refusal = self._last_refusal = str(error)
        else:
            self._commands += 1
            self._refusal = ""

    def _on_reset(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self.twin.reset()
        response.success, response.message = True, f"{self.settings.start}, damping until the next command"
        return response

    def _on_push(self, request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        angle = self._random.uniform(0.0, 2.0 * math.pi)
        velocity = self.settings.push * np.array([math.cos(angle), math.sin(angle)])
        self.twin.push(velocity)
        response.success = True
        response.message = f"pushed by ({velocity[0]:.2f}, {velocity[1]:.2f}) m/s, world frame"
        return response

    def _judge(self) -> tuple[bytes, str]:
        twin = self.twin
        if twin.waiting:
            return (
                WARN if self._refusal else OK
            ), self._refusal_text() or "waiting for the first command, damping"
        if twin.command_lost:
            limit = 1e3 * twin.longest_silence
            return ERROR, f"command_lost: no joint_command for more than {limit:g} ms, damping"
        if self._refusal:
            return WARN, self._refusal_text()
        if self._pacer.lost > self._reported_lost:
            return WARN, f"time_lost: the machine is too slow for rate {self.settings.rate:g}; see lost_time"
        return OK, "damping as commanded" if twin.target is None else "following commands"

    def _refusal_text(self) -> str:
        return f"command_refused: {self._refusal}" if self._refusal else ""

    def _report(self, now: float) -> None:
        status = self._judge()
        if status == self._status and now - self._report_at < _REPORT:
            return
        self._status = status
        pace = self._pacer.report(now, self.twin.steps)
        self._reported_lost, self._report_at = self._pacer.lost, now
        values = {
            "mode": "damping" if self.twin.target is None else "position",
            "commands": str(self._commands),
            "refused": str(self._refused),
            "last_refusal": self._last_refusal,
            "dropped_messages": str(self._lost_messages),
            "sim_time": f"{self.twin.time:.3f}",
            "real_time_factor": f"{pace.real_time_factor:.3f}",
            "lost_time": f"{pace.lost:.4f}",
            "lateness_p50_ms": f"{1e3 * pace.p50:.3f}",
            "lateness_p99_ms": f"{1e3 * pace.p99:.3f}",
            "lateness_max_ms": f"{1e3 * pace.max:.3f}",
        }
        self._reporter.set(*status, values)


def main() -> int:
    """Run the twin until it is told to stop."""
    return run_node(TwinNode, usage=USAGE, priority=realtime.ROBOT)


USAGE = """\
Simulated twin: the MuJoCo robot on the topics of the real one.

  python -m landward_twin.node --ros-args -p robot:=go1 -p rate:=1.0

The parameters are in docs/twin.md.
"""

if __name__ == "__main__":
    sys.exit(main())
