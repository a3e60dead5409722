"""The operator against a stand-in of the policy node, which grants, refuses or breaks as each test wants."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.ros2_ws.processes import NodeProcess, wait_until

rclpy = pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue  # noqa: E402
from geometry_msgs.msg import TwistStamped  # noqa: E402
from lifecycle_msgs.msg import State  # noqa: E402
from lifecycle_msgs.srv import ChangeState, GetState  # noqa: E402
from std_msgs.msg import Bool  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from landward_bringup.schedule import drawn  # noqa: E402
from landward_ros import names, qos  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.slow]


class Policy:
    """Services of a policy node; notes what is asked for."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.asked: list[str] = []
        self.refusals: dict[str, list[str]] = {}
        """Service -> refusals that it gives, one a call, before it grants."""
        self.counted: dict[str, int] = {}
        """What it says of its periods right after it was activated."""
        self.held: list[bool] = []
        self.commands: list[tuple[float, float, float]] = []
        for name in ("stand", "walk", "passive"):
            node.create_service(Trigger, f"policy/{name}", self._trigger(name))
        node.create_service(GetState, names.POLICY_GET_STATE, self._get_state)
        node.create_service(ChangeState, names.POLICY_CHANGE_STATE, self._change_state)
        node.create_subscription(Bool, names.DEADMAN, lambda m: self.held.append(m.data), qos.COMMAND)
        node.create_subscription(TwistStamped, names.CMD_VEL, self._command, qos.COMMAND)
        self.status = {
            topic: node.create_publisher(DiagnosticStatus, topic, qos.LATCHED)
            for topic in (names.POLICY_STATUS, names.SAFETY_STATUS)
        }

    def watch(self, message: str = "") -> None:
        """Say what the monitor lacks."""
        level = DiagnosticStatus.WARN if message else DiagnosticStatus.OK
        self.status[names.SAFETY_STATUS].publish(DiagnosticStatus(level=level, message=message))

    def count(self, **values: int) -> None:
        """Say that it is active, and how many periods it kept and missed."""
        pairs = [KeyValue(key=key.replace("_", " "), value=str(value)) for key, value in values.items()]
        active = KeyValue(key="lifecycle", value="active")
        self.status[names.POLICY_STATUS].publish(DiagnosticStatus(values=[active, *pairs]))

    def report(self, topic: str, message: str) -> None:
        self.status[topic].publish(DiagnosticStatus(level=DiagnosticStatus.ERROR, message=message))

    def run(self, process: NodeProcess, until: Callable[[], object] = lambda: False) -> None:
        """Serve until the operator ends, or something is true."""

        def over() -> bool:
            rclpy.spin_once(self.node, timeout_sec=0.02)
            return not process.running or bool(until())

        wait_until(over, 60.0, "the operator ends", period=0.0)

    def _trigger(self, name: str) -> Callable:
        def serve(_: Any, answer: Any) -> Any:
            self.asked.append(name)
            left = self.refusals.get(name)
            answer.message = left.pop(0) if left else ""
            answer.success = not answer.message
            return answer

        return serve

    def _get_state(self, _: Any, answer: Any) -> Any:
        answer.current_state.id = State.PRIMARY_STATE_UNCONFIGURED
        return answer

    def _change_state(self, request: Any, answer: Any) -> Any:
        name = {1: "configure", 3: "activate"}[request.transition.id]
        self.asked.append(name)
        answer.success = name not in self.refusals
        if name == "activate":
            self.count(**self.counted)
        return answer

    def _command(self, message: TwistStamped) -> None:
        twist = message.twist
        self.commands.append((twist.linear.x, twist.linear.y, twist.angular.z))


@pytest.fixture
def policy(ros_node: Any) -> Policy:
    made = Policy(ros_node)
    made.watch()
    return made


@pytest.fixture
def start(start_node: Callable) -> Callable[..., NodeProcess]:
    return lambda **parameters: start_node("landward_bringup.operate", "operator", parameters, wait=False)


def test_it_configures_stands_walks_and_rests(policy: Policy, start: Callable) -> None:
    policy.refusals["walk"] = ["not standing yet"]
    process = start(seconds=1.0, hold=0.5, seed=7)
    policy.run(process)
    assert process.process.returncode == 0, process.output
    assert policy.asked == ["configure", "activate", "stand", "walk", "walk", "passive"]
    # In steps as the seed draws them, zero before and after; each 20 times a second.
    assert list(dict.fromkeys(policy.commands)) == [(0.0, 0.0, 0.0), *drawn(1.0, 7, 0.5).commands]
    assert policy.commands[-1] == (0.0, 0.0, 0.0)
    assert 15 <= sum(any(c) for c in policy.commands) <= 25
    assert all(policy.held[:-1])


def test_nothing_moves_before_the_policy_is_punctual(policy: Policy, start: Callable) -> None:
    policy.counted = {"ticks": 0}
    process = start(seconds=0.2)
    policy.run(process, until=lambda: "activate" in policy.asked)
    for ticks, missed in ((30, 2), (60, 2), (119, 3), (168, 3)):
        policy.count(ticks=ticks, missed_ticks=missed)
        end = time.monotonic() + 0.3
        policy.run(process, until=lambda end=end: time.monotonic() > end)
        assert policy.asked == ["configure", "activate"]
    policy.count(ticks=169, missed_ticks=3)
    policy.run(process)
    assert process.process.returncode == 0, process.output
    assert policy.asked[2] == "stand"


def test_nothing_moves_before_the_monitor_is_ready(policy: Policy, start: Callable) -> None:
    policy.watch("disarmed, not ready: deadman")
    process = start(seconds=0.2)
    policy.run(process, until=lambda: "activate" in policy.asked)
    end = time.monotonic() + 0.5
    policy.run(process, until=lambda: time.monotonic() > end)
    assert policy.asked == ["configure", "activate"]
    policy.watch()
    policy.run(process)
    assert process.process.returncode == 0, process.output


def test_a_constant_command(policy: Policy, start: Callable) -> None:
    process = start(seconds=0.3, command=[0.5, 0.0, -0.2])
    policy.run(process)
    assert process.process.returncode == 0, process.output
    assert set(policy.commands) == {(0.0, 0.0, 0.0), (0.5, 0.0, -0.2)}


def test_it_can_only_stand(policy: Policy, start: Callable) -> None:
    process = start(seconds=0.3, walk=False)
    policy.run(process)
    assert process.process.returncode == 0, process.output
    assert policy.asked == ["configure", "activate", "stand", "passive"]


def test_a_refusal_to_configure_is_passed_on(policy: Policy, start: Callable) -> None:
    policy.refusals["configure"] = []
    policy.report(names.POLICY_STATUS, "configure refused: robot go1 has no joint 'FR_hip'")
    process = start()
    policy.run(process)
    assert process.process.returncode == 1
    assert "refused to configure: configure refused: robot go1 has no joint 'FR_hip'" in process.output
    assert policy.asked == ["configure"]


@pytest.mark.parametrize("topic", [names.SAFETY_STATUS, names.POLICY_STATUS])
def test_a_fault_ends_the_walk_and_is_named(policy: Policy, start: Callable, topic: str) -> None:
    process = start(seconds=60.0)
    policy.run(process, until=lambda: "walk" in policy.asked)
    policy.report(topic, "tilt: 1.2 rad, the bound is 1 rad")
    policy.run(process)
    assert process.process.returncode == 1
    assert f"error: {topic}: tilt: 1.2 rad, the bound is 1 rad\n" in process.output
    assert policy.asked[-1] == "passive"


def test_with_a_teleoperation_it_only_brings_the_policy_up(policy: Policy, start: Callable) -> None:
    process = start(seconds=0.5, drives=False)
    policy.run(process)
    assert process.process.returncode == 0, process.output
    assert policy.asked == ["configure", "activate"]
    assert policy.commands == policy.held == []


def test_a_signal_lets_the_robot_rest(policy: Policy, start: Callable) -> None:
    process = start(seconds=60.0)
    policy.run(process, until=lambda: "walk" in policy.asked)
    process.process.terminate()
    policy.run(process)
    assert process.process.returncode == 0
    assert policy.asked[-1] == "passive"


def test_a_command_of_two_numbers_is_refused(policy: Policy, start: Callable) -> None:
    process = start(command=[0.5, 0.0])
    policy.run(process)
    assert process.process.returncode == 1
    assert "parameter command has 2 numbers; it is [vx, vy, wz]" in process.output
