"""A configured policy on its topics: takes messages, ticks at a fixed rate, sends commands."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus
from geometry_msgs.msg import TwistStamped
from rclpy.node import Node
from rclpy.qos import QoSProfile
from rclpy.subscription import Subscription
from sensor_msgs.msg import Imu, JointState
from std_msgs.msg import Float64MultiArray

from landward_policy.controller import CLOCK, DAMPING, Command, Controller
from landward_policy.inputs import VelocityCommand
from landward_policy.report import lateness
from landward_policy.timing import SlotTimer
from landward_ros import convert, names, qos
from landward_ros.decoded import ImuReader, JointStateReader
from landward_ros.diagnostics import ERROR
from landward_ros.encoded import damping_encoder, position_encoder
from landward_ros.process import POLL, deliver
from landward_ros.samples import NS, MessageError
from landward_ros.ticker import Ticker, ros_time
from landward_ros.window import Window

_LOOK = 5e-5
"""Between two looks at the queues while a slot is open [s]."""
_CLOCK_TOLERANCE = 1_000_000
"""ROS time that goes back by less is the system's clock being disciplined [ns]."""
_FRAMES = ("", names.BASE_LINK)
"""Frames in which a velocity command may be given; none said is the base."""


class Runner:
    """Silent until `start`; one command a control period from then on, until `stop`."""

    def __init__(self, node: Node, controller: Controller, changed: Callable[[], None]) -> None:
        """Create publishers and subscriptions; samples are collected from now on.

        Args:
            node: that owns them.
            controller: turns samples into commands.
            changed: called after whatever may have changed the controller's state.
        """
        self.controller = controller
        self.active = False
        """Between `start` and `stop`."""
        self._node, self._changed = node, changed
        self.now = ros_time(node)
        """Reads ROS time [ns]."""
        joints = controller.robot.joint_names
        self._position, self._damping = position_encoder(joints), damping_encoder(joints)
        self._ticker = Ticker(node, controller.period)
        self._slot = SlotTimer(controller.inputs.sensors, controller.sensor_period)
        self._cost, self._jitter, self._age = Window(), Window(), Window()
        self._align = True
        self._before = self._last = 0
        self._warm_up()
        self._commands = node.create_publisher(JointState, names.POLICY_COMMAND, qos.COMMAND)
        self._observations = node.create_publisher(Float64MultiArray, names.OBSERVATION, qos.OBSERVATION)
        self._subscriptions: list[Subscription] = []
        self._subscribe()

    def start(self) -> None:
        """Begin to send commands: damping, as the state is passive."""
        self._ticker.reset()
        self._ticker.align(self.controller.period)
        self._align, self._last = True, 0
        self.active = True

    def stop(self) -> None:
        """Send damping once more, then nothing."""
        if not self.active:
            return
        self.active = False
        self.controller.machine.stop()
        self._send(DAMPING, self.now())
        deliver(self._commands)

    def destroy(self) -> None:
        """Let go of the topics."""
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._node.destroy_publisher(self._commands)
        self._node.destroy_publisher(self._observations)

    def step(self) -> float:
        """Tick where it is due; returns how long it may take until the next call [s]."""
        self._watch_clock()
        if not self.active:
            return POLL
        ticker, slot = self._ticker, self._slot
        now = ticker.now()
        if not slot.open and ticker.poll():
            ros_now = self.now() / NS
            slot.begin(now, lambda topic: self.controller.inputs.age(topic, ros_now))
        if slot.open and not ticker.simulated:
            now = self._await()
        if slot.end(now, self._follow):
            self._tick()
        return ticker.remaining()

    def _await(self) -> int:
        """Wait for the measurements of an open slot, at most a sensor period; returns the ticker's time [ns].

        A turn of the executor costs some 0.2 ms for each topic, a look at the queues a tenth of that.
        """
        while True:
            self.drain()
            now = self._ticker.now()
            if self._slot.complete(now):
                return now
            time.sleep(_LOOK)

    def timing(self) -> dict[str, str]:
        """How punctual the loop is, and how long a tick takes."""
        return lateness(self._ticker.lateness) | {
            "tick": self._cost.text(),
            "jitter": self._jitter.text(),
            "age of joint_states": self._age.text(),
        }

    def _subscribe(self) -> None:
        joints = JointStateReader(convert.JointOrder(self.controller.robot.joint_names))
        wanted = {
            names.JOINT_STATES: (JointState, qos.SENSOR, joints.read, True),
            names.IMU: (Imu, qos.SENSOR, ImuReader().read, True),
            names.CMD_VEL: (TwistStamped, qos.COMMAND, self._read_command, False),
        }
        for topic in self.controller.inputs.buffers:
            kind, profile, read, raw = wanted[topic]
            self._listen(topic, kind, profile, partial(self._sample, topic, read), raw)
        self._listen(names.SAFETY_STATUS, DiagnosticStatus, qos.LATCHED, self._monitor)

    def _listen(
        self, topic: str, kind: Any, profile: QoSProfile, act: Callable[[Any], None], raw: bool = False
    ) -> None:
        subscription = self._node.create_subscription(kind, topic, act, profile, raw=raw)
        self._subscriptions.append(subscription)

    def _warm_up(self) -> None:
        """Run what the first ticks would otherwise run for the first time; the policy did so itself."""
        inputs = self.controller.policy.spec.inputs
        convert.observation_message(0, 0, {t.name: np.zeros((1, *t.shape), t.dtype) for t in inputs})
        # NumPy's first percentile takes 60 ms, three periods at 50 Hz.
        statistics = Window()
        statistics.record(0.0)
        statistics.text()

    def drain(self) -> None:
        """Take every message that waits: a process that was held up must not act on the oldest of a queue."""
        for subscription in self._subscriptions:
            with subscription.handle:
                take = partial(subscription.handle.take_message, subscription.msg_type, subscription.raw)
                while (taken := take()) is not None:
                    subscription.callback(taken[0])

    def _sample(self, topic: str, read: Callable[[Any], Any], msg: Any) -> None:
        buffer = self.controller.inputs.buffers[topic]
        try:
            buffer.push(read(msg), self.now() / NS)
        except MessageError as error:
            buffer.refuse(str(error))
        self._slot.arrived(topic)
        if self._align and topic == names.JOINT_STATES and self.active:
            self._align, self._last = False, 0
            self._ticker.align(self.controller.period + self.controller.sensor_period / 2)

    def _follow(self, offset: float) -> None:
        """Sensors on a simulated clock cannot drift, and its coarse steps would be mistaken for a drift."""
        if not self._ticker.simulated:
            self._ticker.shift(offset)

    def _read_command(self, msg: TwistStamped) -> VelocityCommand:
        if msg.header.frame_id not in _FRAMES:
            raise MessageError(f"cmd_vel: frame {msg.header.frame_id!r}, expected {names.BASE_LINK!r}")
        velocity = convert.read_twist(msg)
        if not np.isfinite(velocity).all():
            raise MessageError(f"cmd_vel: not finite: {velocity.tolist()}")
        # `ros2 topic pub` and simple tools leave the stamp at 0: then the command is as old as its arrival.
        return VelocityCommand((convert.to_ns(msg.header.stamp) or self.now()) / NS, velocity)

    def _monitor(self, msg: DiagnosticStatus) -> None:
        fault = (msg.message or "an error") if msg.level >= ERROR else ""
        self.controller.monitor(fault, self.now() / NS, time.monotonic())
        self._changed()

    def _tick(self) -> None:
        began = time.perf_counter()
        self.drain()
        now = self.now()
        command = self.controller.tick(now / NS, time.monotonic())
        self._send(command, now)
        self._cost.record(time.perf_counter() - began)
        ticked = self._ticker.now()
        if self._last:
            self._jitter.record(abs((ticked - self._last) / NS - self.controller.period))
        self._last = ticked
        if command.position is not None:
            self._age.record((now - command.stamp_ns) / NS)
        self._changed()

    def _send(self, command: Command, now: int) -> None:
        if command.position is None:
            self._commands.publish(self._damping.encode(now))
            return
        self._commands.publish(self._position.encode(command.stamp_ns, command.position))
        if command.inputs is not None:
            message = convert.observation_message(command.stamp_ns, command.tick, command.inputs)
            self._observations.publish(message)

    def _watch_clock(self) -> None:
        """A simulation was reset, or the system's clock was set: earlier stamps are of another time."""
        now = self.now()
        if now < self._before - _CLOCK_TOLERANCE:
            self.controller.inputs.clear()
            self.controller.fault(f"{CLOCK}: ROS time went back by {(self._before - now) / NS:.3f} s")
            self._align = True
        self._before = now
