"""The deployment under test: real nodes with the injector on their wires, made ready again and again."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import rclpy
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from rclpy.executors import SingleThreadedExecutor
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from landward.policy_file import PolicyFile, read_policy_file
from landward_faults.injector import RAW, TOLD, Injector
from landward_faults.kinds import Fault, FaultError
from landward_faults.nodes import NodeCommand, Nodes
from landward_ros import names, shared_memory, transport
from robots import get_robot

_WAIT = 0.05
"""Longest wait for a message in one turn [s]."""
_TICK = 0.004
"""Between two ticks of a time that goes on without its robot [s of wall time]."""
_CALL = 2.0
"""Longest wait for the answer of a service [s]."""
_START = 60.0
"""In which all nodes must be there [s]: imports on a slow machine, and discovery."""
_READY = 20.0
"""In which a robot must stand again after a fault [s]."""
_NEXT = {
    "unconfigured": Transition.TRANSITION_CONFIGURE,
    "inactive": Transition.TRANSITION_ACTIVATE,
}
"""State of the policy's life cycle -> the way to the next."""


@dataclasses.dataclass(frozen=True)
class Settings:
    """What is tested, and how fast."""

    robot: str
    """Name of the declaration."""
    policy: Path
    """The exported file."""
    rate: float
    """Simulated seconds per second: less on a busy machine, whose scheduler would else look like a fault."""
    folder: Path
    """For the logs of the nodes."""


class Session:
    """Nodes and injector; use it as a context manager."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.robot = get_robot(settings.robot)
        self.file: PolicyFile = read_policy_file(settings.policy)
        self.nodes = Nodes(commands(settings, self.file.spec.control_period), settings.folder)
        self._dead = False
        self._ticked = 0.0

    def __enter__(self) -> Session:
        transport.choose_udp()
        rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
        spec = self.file.spec
        self.injector = Injector(self.robot, spec.control_period, spec.constraints, self.settings.rate)
        self.injector.act = self._act
        self._executor = SingleThreadedExecutor()
        self._executor.add_node(self.injector)
        services = {
            names.POLICY_STAND: Trigger,
            names.POLICY_WALK: Trigger,
            names.POLICY_PASSIVE: Trigger,
            names.SAFETY_RESET: Trigger,
            names.SAFETY_STOP: Trigger,
            names.TWIN_RESET: Trigger,
            names.POLICY_CHANGE_STATE: ChangeState,
        }
        self._clients = {name: self.injector.create_client(kind, name) for name, kind in services.items()}
        try:
            for name in (names.TWIN_NODE, names.SAFETY_NODE, names.POLICY_NODE):
                self.nodes.start(name)
            self._bring_up(names.POLICY_NODE)
            self._be_alone()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.nodes.stop()
        self._executor.shutdown()
        self.injector.destroy_node()
        rclpy.try_shutdown()
        shared_memory.remove_dead()

    @property
    def wants(self) -> str:
        """What the policy node does, as it says: passive, stand, policy, fault."""
        return self._of_policy("state")

    @property
    def lifecycle(self) -> str:
        """State of the policy's life cycle; empty before it has said anything."""
        return self._of_policy("lifecycle")

    def _of_policy(self, key: str) -> str:
        return next((item.value for item in self.injector.policy.values if item.key == key), "")

    def until(self, done: Callable[[], bool], seconds: float) -> bool:
        """Handle messages until something is true; False where it is not within so many seconds of wall time.

        Raises:
            FaultError: a node ended by itself.
        """
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                return False
            self._executor.spin_once(timeout_sec=_WAIT if not self._dead else _TICK)
            if self._dead:
                self._tick(time.monotonic())
        self.nodes.check()
        return True

    def make_ready(self, walking: bool) -> None:
        """Take the last fault away and bring the robot to stand or to walk, under an armed monitor.

        Raises:
            FaultError: it does not get there; the message says what each node answers.
        """
        injector = self.injector
        injector.end()
        self.nodes.thaw()
        self._restart()
        injector.velocity = (0.5, 0.0, 0.0) if walking else (0.0, 0.0, 0.0)
        end, answers = time.monotonic() + _READY, ""
        while not self._is_ready(walking):
            if time.monotonic() > end:
                raise FaultError(f"the robot does not get ready again: {answers}; see {self.settings.folder}")
            answers = self._recover(walking)

    def _is_ready(self, walking: bool) -> bool:
        wanted = "policy" if walking else "stand"
        return self.injector.commanded and self.wants == wanted and self.injector.safety.level < b"\x02"

    def _recover(self, walking: bool) -> str:
        """One attempt; returns what the services answered."""
        answers = []
        for service in (names.POLICY_PASSIVE, names.TWIN_RESET, names.SAFETY_RESET, names.POLICY_STAND):
            success, text = self.call(service)
            answers.append(f"{service}: {text}")
            if service == names.TWIN_RESET:
                self._wait(2.0 / self.robot.safety.sensor_rate)  # to stand from the new pose, not the old one
            if not success and service in (names.SAFETY_RESET, names.POLICY_STAND):
                self._wait(self.injector.period)
                return "; ".join(answers)
        while walking and not self.call(names.POLICY_WALK)[0]:
            self._wait(self.injector.period)  # it has to stand first, from where it sank to since the reset
            if self.wants != "stand":
                break
        self.until(lambda: self._is_ready(walking), 1.0)
        return "; ".join([*answers, f"policy: {self.injector.policy.message}", self.injector.safety.message])

    def _wait(self, seconds: float) -> None:
        """Wait for so many seconds of ROS time, in which statuses and messages go round."""
        start = self.injector.now
        self.until(lambda: self.injector.now >= start + seconds, 1.0)

    def call(self, service: str, request: Any = None) -> tuple[bool, str]:
        """Call a service; whether it did what was asked, and what it says."""
        client = self._clients[service]
        future = client.call_async(request or client.srv_type.Request())
        if not self.until(future.done, _CALL):
            client.remove_pending_request(future)
            return False, "no answer"
        answer = future.result()
        return bool(answer.success), getattr(answer, "message", "")

    def _act(self, fault: Fault) -> None:
        """What the operator does, or a signal to a process."""
        injector, (action, _, name) = self.injector, fault.kind.action.partition(".")
        assert injector.trial is not None
        present = injector.instant
        if action == "release":
            injector.deadman = False
            injector.hold(False)
        elif action == "mute":
            injector.deadman = False
            present = injector.heard_deadman
        elif action == "stop":
            self._clients[names.SAFETY_STOP].call_async(Trigger.Request())
        elif action == "kill":
            self.nodes.kill(name)
            self._dead = name == names.TWIN_NODE
            self._ticked = time.monotonic()
        elif action == "freeze":
            self.nodes.freeze(name)
        else:
            raise FaultError(f"nobody can do {fault.kind.action!r} of {fault.kind.name}")
        injector.trial.present(present)

    def _tick(self, now: float) -> None:
        """The robot is dead, and its clock with it: time goes on all the same, in steps as it made them.

        Where this process is held up, time stands still for everybody.
        """
        step = min((now - self._ticked) * self.settings.rate, 1.0 / self.robot.safety.sensor_rate)
        self.injector.advance(step)
        self._ticked = now

    def _restart(self) -> None:
        """Start again what was killed."""
        restarted = self.nodes.restart_killed()
        if not restarted:
            return
        shared_memory.remove_dead()
        self.injector.forget(restarted)
        if names.TWIN_NODE in restarted:
            self._dead = False
        self._bring_up(*restarted)

    def _bring_up(self, *started: str) -> None:
        """Wait until the started nodes are there; configure and activate the policy.

        Services are no sign of it: those of a killed process count as there until its lease has run out.
        """
        injector, end = self.injector, time.monotonic() + _START
        while not self._is_up():
            if time.monotonic() > end:
                raise FaultError(
                    f"{', '.join(started)} not there within {_START:g} s: the policy is "
                    f"{self.lifecycle or 'silent'} ({injector.policy.message}), the monitor "
                    f"{injector.safety.message or 'silent'}; see {self.settings.folder}"
                )
            transition = _NEXT.get(self.lifecycle)
            if transition is None:
                self.until(lambda: self._is_up() or self.lifecycle in _NEXT, 1.0)
            else:
                self.call(
                    names.POLICY_CHANGE_STATE, ChangeState.Request(transition=Transition(id=transition))
                )
                self.until(self._is_up, 0.1)

    def _be_alone(self) -> None:
        """Nobody else commands a robot here, and no other robot listens.

        Raises:
            FaultError: another deployment runs on this ROS domain.
        """
        topic, injector = names.ROBOT_COMMAND, self.injector
        self.until(
            lambda: injector.count_publishers(topic) > 0 and injector.count_subscribers(topic) > 1, _CALL
        )
        publishers, subscribers = injector.count_publishers(topic), injector.count_subscribers(topic)
        if (publishers, subscribers) != (1, 2):
            raise FaultError(
                f"{topic} has {publishers} publishers and {subscribers} subscribers on ROS domain "
                f"{os.environ.get('ROS_DOMAIN_ID', '0')}, expected 1 (the monitor) and 2 (twin, injector): "
                "another robot may be commanded there. Set ROS_DOMAIN_ID to a domain that nobody uses"
            )

    def _is_up(self) -> bool:
        return self.injector.now > 0.0 and bool(self.injector.safety.name) and self.lifecycle == "active"


def commands(settings: Settings, control_period: float) -> list[NodeCommand]:
    """The nodes of a campaign, with their topics led through the injector."""
    shared = {"robot": settings.robot, "use_sim_time": True}
    checked = {**shared, "policy": str(settings.policy), "control_period": control_period}
    joints, imu = names.JOINT_STATES, names.IMU
    twin = {**shared, "rate": settings.rate, "publish_clock": True, "noise": False, "odom": False}
    out = [(joints, RAW + joints), (imu, RAW + imu), (names.CLOCK, RAW + "clock")]
    told = [(joints, TOLD + joints), (imu, TOLD + imu)]
    command = (names.POLICY_COMMAND, RAW + names.POLICY_COMMAND)
    return [
        NodeCommand(names.TWIN_NODE, "landward_twin.node", twin, tuple(out)),
        NodeCommand(names.SAFETY_NODE, "landward_safety.node", {**checked, "deadman_required": True}),
        NodeCommand(names.POLICY_NODE, "landward_policy.node", checked, (*told, command)),
    ]
