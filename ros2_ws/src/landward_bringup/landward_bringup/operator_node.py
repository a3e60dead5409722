"""The node of `operate`: a script of service calls, and commands and deadman at a fixed rate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator, Mapping
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from lifecycle_msgs.msg import State, Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.client import Client
from rclpy.node import Node
from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from landward.errors import LandwardError
from landward_bringup.schedule import HOLD, SEED, Schedule, constant, drawn
from landward_ros import names, qos
from landward_ros.ticker import steady_timer

PERIOD = 0.05
"""[s] Of commands and deadman."""
DISCOVERY = 30.0
"""[s] In which every service must have been found."""
ANSWER = 20.0
"""[s] In which a service must answer: configuring loads a policy."""
PATIENCE = 15.0
"""[s of ROS time] In which the policy must be punctual, stand be granted, and walk be granted."""
READY = ""
"""What keeps the monitor from letting the robot move: nothing."""
PUNCTUAL_TICKS = 50
"""Periods in a row that the policy must have kept before the robot moves."""
RETRY = 0.5
"""[s of ROS time] Between two tries."""
REASON = 2.0
"""[s] In which the policy must have said why it refused a transition."""
HALT = 1.0
"""[s of ROS time] With a command of zero before the robot rests, so that it lies down where it is."""
_STEP = 0.05
"""[s] Between two looks at what the script waits for."""

Script = Generator[None, None, None]


class RefusedError(LandwardError):
    """The policy node or the safety monitor refused or stopped what the operator wants."""


class Operator(Node):
    """Brings a robot from passive to walking and back."""

    def __init__(self) -> None:
        super().__init__(names.OPERATOR_NODE)
        self.seconds = float(self.declare_parameter("seconds", 60.0).value)
        self.walks = bool(self.declare_parameter("walk", True).value)
        self.drives = bool(self.declare_parameter("drives", True).value)
        self._schedule = self._make_schedule()
        self._walking_since: float | None = None
        self._moving = False
        self._held = True
        """What the deadman says."""
        self._problem = ""
        self._why = ""
        self._safety = "no safety monitor is heard"
        self._ticks = 0, 0
        """Periods that the policy kept and missed since it was activated, as it says."""
        self._uncounted = False
        self._stand = self.create_client(Trigger, names.POLICY_STAND)
        self._walk = self.create_client(Trigger, names.POLICY_WALK)
        self._passive = self.create_client(Trigger, names.POLICY_PASSIVE)
        self._change = self.create_client(ChangeState, names.POLICY_CHANGE_STATE)
        self._state = self.create_client(GetState, names.POLICY_GET_STATE)
        for topic in (names.SAFETY_STATUS, names.POLICY_STATUS):
            self.create_subscription(DiagnosticStatus, topic, self._on_status(topic), qos.LATCHED)
        if self.drives:
            self._command = self.create_publisher(TwistStamped, names.CMD_VEL, qos.COMMAND)
            self._deadman = self.create_publisher(Bool, names.DEADMAN, qos.COMMAND)
            self._timer = steady_timer(self, PERIOD, self._drive)
        self._script = self._run()

    def step(self) -> float:
        """Go on with the script; rclpy is shut down at its end.

        Raises:
            RefusedError: something refused or stopped the robot.
        """
        try:
            next(self._script)
        except StopIteration:
            rclpy.shutdown()
        return _STEP

    def close(self) -> None:
        """Let the robot rest where a signal ends the node before its script, or while a person drives."""
        if self._moving or not self.drives and self._passive.service_is_ready():
            future = self._passive.call_async(Trigger.Request())
            rclpy.spin_until_future_complete(self, future, timeout_sec=1.0)

    def _run(self) -> Script:
        yield from self._find_services()
        yield from self._activate()
        if not self.drives:
            self._say("over to the teleoperation: it stands, walks and rests the robot")
            yield from self._pass(self.seconds or math.inf)
            return
        yield from self._until_monitored()
        yield from self._until_punctual()
        self._moving = True
        try:
            yield from self._until_accepted(self._stand)
            self._say("standing up")
            if self.walks:
                yield from self._until_accepted(self._walk)
                self._walking_since = self._now()
                self._say("walking")
            yield from self._pass(self.seconds or math.inf)
            if self.walks:
                self._walking_since = None
                yield from self._pass(HALT)
        except RefusedError as error:
            # Said first: the robot may be down already, and what it rests with is no news.
            yield from self._rest(str(error))
            raise
        yield from self._rest("")
        self._say("at rest")

    def _find_services(self) -> Script:
        clients: tuple[Client, ...] = (self._stand, self._walk, self._passive, self._change, self._state)
        end = time.monotonic() + DISCOVERY
        while absent := [client.srv_name for client in clients if not client.service_is_ready()]:
            if time.monotonic() > end:
                raise RefusedError(
                    f"no service {', '.join(absent)} within {DISCOVERY:g} s: is the policy node running, in "
                    f"this namespace ({self.get_namespace()}) and this ROS_DOMAIN_ID?"
                )
            yield

    def _activate(self) -> Script:
        answer = yield from self._call(self._state, GetState.Request())
        steps = {
            State.PRIMARY_STATE_UNCONFIGURED: (
                (Transition.TRANSITION_CONFIGURE, "configure"),
                (Transition.TRANSITION_ACTIVATE, "activate"),
            ),
            State.PRIMARY_STATE_INACTIVE: ((Transition.TRANSITION_ACTIVATE, "activate"),),
        }.get(answer.current_state.id, ())
        for transition, name in steps:
            answer = yield from self._call(
                self._change, ChangeState.Request(transition=Transition(id=transition))
            )
            if not answer.success:
                yield from self._wait_for_reason()
                raise RefusedError(f"the policy node refused to {name}{self._why or '; its log says why'}")
            self._say(f"policy: {name}d")

    def _wait_for_reason(self) -> Script:
        """The answer to a transition has no room for it; it comes on the policy's status."""
        end = time.monotonic() + REASON
        while not self._why and time.monotonic() < end:
            yield

    def _until_monitored(self) -> Script:
        """Wait until the safety monitor has all that it watches: it would stop a robot that moves before."""
        end = self._now() + PATIENCE
        while self._safety != READY:
            if self._now() > end:
                raise RefusedError(f"{names.SAFETY_STATUS}: {self._safety}")
            yield

    def _until_punctual(self) -> Script:
        """Wait until the policy has kept its rate for a while: right after the start, nodes find each other.

        A policy node that does not count its periods is taken at its word.
        """
        end, since, missed = self._now() + PATIENCE, 0, 0
        while not self._uncounted:
            ticks, now_missed = self._ticks
            if now_missed != missed:
                since, missed = ticks, now_missed
            if ticks - since >= PUNCTUAL_TICKS:
                return
            if self._now() > end:
                raise RefusedError(
                    f"the policy missed {missed} periods since it was activated: this machine is too busy to "
                    "control a robot. Stop other work, or slow the twin down with --rate"
                )
            yield

    def _until_accepted(self, client: Client) -> Script:
        """Ask until it is granted: measurements may not have been discovered, the robot not stand yet."""
        end = self._now() + PATIENCE
        while True:
            answer = yield from self._call(client, Trigger.Request())
            if answer.success:
                return
            if self._now() > end:
                raise RefusedError(answer.message or f"{client.srv_name} was refused")
            yield from self._pass(RETRY)

    def _rest(self, problem: str) -> Script:
        try:
            yield from self._call(self._passive, Trigger.Request())
        except RefusedError as error:
            raise RefusedError(f"{problem}; {error}" if problem else str(error)) from None
        finally:
            self._moving = self._held = False

    def _pass(self, seconds: float) -> Script:
        """Wait for some ROS time, with an eye on policy and monitor."""
        end = self._now() + seconds
        while self._now() < end:
            if self._problem:
                raise RefusedError(self._problem)
            yield

    def _call(self, client: Client, request: Any) -> Generator[None, None, Any]:
        future, end = client.call_async(request), time.monotonic() + ANSWER
        while not future.done():
            if time.monotonic() > end:
                client.remove_pending_request(future)
                raise RefusedError(f"{client.srv_name} gave no answer within {ANSWER:g} s")
            yield
        return future.result()

    def _on_status(self, topic: str) -> Callable[[DiagnosticStatus], None]:
        def read(message: DiagnosticStatus) -> None:
            if topic == names.POLICY_STATUS:
                self._count({pair.key: pair.value for pair in message.values})
                self._why = f": {message.message}" if message.level >= DiagnosticStatus.ERROR else ""
            else:
                self._safety = READY if message.level == DiagnosticStatus.OK else message.message
            # What was wrong before the robot moved was either reset or refuses it by itself.
            if self._moving and message.level >= DiagnosticStatus.ERROR and not self._problem:
                self._problem = f"{topic}: {message.message}"

        return read

    def _count(self, values: Mapping[str, str]) -> None:
        if values.get("lifecycle") != "active":
            return
        self._uncounted = "ticks" not in values
        if not self._uncounted:
            self._ticks = int(values["ticks"]), int(values.get("missed ticks", "0"))

    def _drive(self) -> None:
        if not rclpy.ok():
            return
        self._deadman.publish(Bool(data=self._held))
        message = TwistStamped()
        message.header.stamp = self.get_clock().now().to_msg()
        message.header.frame_id = names.BASE_LINK
        if self._walking_since is not None:
            vx, vy, wz = self._schedule.at(self._now() - self._walking_since)
            message.twist.linear.x, message.twist.linear.y, message.twist.angular.z = vx, vy, wz
        self._command.publish(message)

    def _make_schedule(self) -> Schedule:
        seed = int(self.declare_parameter("seed", SEED).value)
        hold = float(self.declare_parameter("hold", HOLD).value)
        self.declare_parameter("command", rclpy.Parameter.Type.DOUBLE_ARRAY)
        given = self.get_parameter_or("command")
        if given.value is None:
            return drawn(self.seconds or hold, seed, hold)
        if len(given.value) != 3:
            raise LandwardError(
                f"parameter command has {len(given.value)} numbers; it is [vx, vy, wz] in m/s, m/s, rad/s"
            )
        vx, vy, wz = (float(v) for v in given.value)
        return constant((vx, vy, wz), self.seconds)

    def _now(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _say(self, text: str) -> None:
        self.get_logger().info(text)
