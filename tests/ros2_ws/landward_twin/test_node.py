"""The node as a process on real topics, and its answers to single messages in this process."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="needs ROS 2: make setup-ros")
import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.parameter import Parameter
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Imu, JointState
from std_srvs.srv import Trigger

from landward.errors import LandwardError
from landward_ros import names, qos
from landward_ros.convert import damping_command, position_command, read_imu, to_ns
from landward_ros.diagnostics import ERROR, OK, WARN
from landward_ros.samples import NS
from landward_twin.node import TwinNode
from robots import get_robot

pytestmark = pytest.mark.ros
GO1 = get_robot("go1")
STANDING = np.array(GO1.default_joint_pos)
MODULE = "landward_twin.node"


class Probe:
    """Commands a twin and keeps all it publishes."""

    def __init__(self, node: Node, namespace: str = "") -> None:
        self.node, prefix = node, f"/{namespace}/" if namespace else ""
        self.got: dict[str, list[Any]] = defaultdict(list)
        for topic, kind, profile in (
            (prefix + names.JOINT_STATES, JointState, qos.SENSOR),
            (prefix + names.IMU, Imu, qos.SENSOR),
            (prefix + names.ODOM, Odometry, qos.SENSOR),
            (names.CLOCK, Clock, qos.CLOCK),
            (names.DIAGNOSTICS, DiagnosticArray, qos.DIAGNOSTICS),
        ):
            kept = self.got[topic.removeprefix(prefix)]
            node.create_subscription(kind, topic, kept.append, profile)
        self.out = node.create_publisher(JointState, prefix + names.ROBOT_COMMAND, qos.COMMAND)
        self.services = {
            name: node.create_client(Trigger, prefix + name) for name in (names.TWIN_RESET, names.TWIN_PUSH)
        }

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 10.0) -> None:
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, f"not within {seconds} s: {what}"
            rclpy.spin_once(self.node, timeout_sec=0.02)

    def stand(self, seconds: float) -> int:
        """Hold the standing pose for a while of the robot's time; what the last command answers [ns]."""
        self.wait(lambda: self.out.get_subscription_count(), "the twin listens")
        joints = self.got[names.JOINT_STATES]
        sent, ticks = 0, round(seconds / GO1.control_period)
        for _ in range(ticks):
            due = sent + round(GO1.control_period * NS)
            self.wait(lambda due=due: joints and to_ns(joints[-1].header.stamp) >= due, "joint states")
            sent = to_ns(joints[-1].header.stamp)
            self.out.publish(position_command(GO1.joint_names, sent, STANDING))
        return sent

    def call(self, service: str) -> Trigger.Response:
        client = self.services[service]
        self.wait(client.service_is_ready, f"service {service}")
        future = client.call_async(Trigger.Request())
        self.wait(future.done, f"an answer of {service}")
        return future.result()

    def statuses(self) -> list[Any]:
        return [
            s for array in self.got[names.DIAGNOSTICS] for s in array.status if s.name.endswith(": drive")
        ]

    def count(self, topic: str) -> int:
        return len(self.got[topic])

    def stamps(self, topic: str) -> np.ndarray:
        """[ns]"""
        return np.array([to_ns(msg.header.stamp) for msg in self.got[topic]])


def assert_regular(stamps: np.ndarray, period: int) -> None:
    """Stamps lie a period apart [ns], or several where a busy test lost some."""
    gaps = np.diff(stamps) / period
    assert np.median(np.abs(gaps - np.round(gaps))) < 0.03
    assert np.round(gaps).min() == 1


@pytest.fixture
def probe(ros_node: Node) -> Probe:
    return Probe(ros_node)


def test_measurements_come_at_their_rates_with_the_names_frames_and_stamps_of_a_robot(
    probe: Probe, start_node: Callable[..., Any]
) -> None:
    twin = start_node(MODULE, names.TWIN_NODE, {"robot": "go1", "noise": False})
    probe.wait(lambda: probe.count(names.ODOM) > 60, "odometry")
    joints, imus = probe.got[names.JOINT_STATES], probe.got[names.IMU]
    for topic, rate in ((names.JOINT_STATES, 200.0), (names.IMU, 200.0), (names.ODOM, 50.0)):
        assert_regular(probe.stamps(topic), round(NS / rate))
    now = probe.node.get_clock().now().nanoseconds
    assert 0 <= now - probe.stamps(names.JOINT_STATES)[-1] < 0.5 * NS
    assert set(probe.stamps(names.IMU)) & set(probe.stamps(names.JOINT_STATES))
    assert joints[-1].name == list(GO1.joint_names)
    assert len(joints[-1].position) == len(joints[-1].velocity) == len(joints[-1].effort) == 12
    assert imus[-1].header.frame_id == "imu_link"
    odom = probe.got[names.ODOM][-1]
    assert (odom.header.frame_id, odom.child_frame_id) == ("odom", "base_link")
    probe.wait(lambda: read_imu(imus[-1]).linear_acceleration is not None, "acceleration")
    assert probe.count(names.CLOCK) == 0
    assert twin.stop() == 0
    assert len(twin.output.splitlines()) == 1 and "started" in twin.output  # nothing to complain about


def test_it_stands_while_it_is_commanded_and_damps_soon_after_the_last_command(
    probe: Probe, start_node: Callable[..., Any]
) -> None:
    # Slowly, so that a busy machine does not hold commands up for one and a half control periods.
    start_node(MODULE, names.TWIN_NODE, {"noise": False, "rate": 0.2, "publish_clock": True})
    sent = probe.stand(0.4)
    loaded = [np.abs(m.effort).max() for m in probe.got[names.JOINT_STATES][-20:]]
    assert min(loaded) > 3.0  # N m: standing costs torque

    def damped() -> list[int]:
        """Stamps after the last command at which the torques are those of damping [ns]."""
        after = [m for m in probe.got[names.JOINT_STATES] if to_ns(m.header.stamp) > sent]
        damping = np.array(GO1.safety.damping)
        return [
            to_ns(m.header.stamp)
            for m in after
            if np.allclose(m.effort, -damping * np.array(m.velocity), atol=1.0)
        ]

    probe.wait(damped, "torques of damping")
    assert (damped()[0] - sent) / NS <= 2 * GO1.control_period
    probe.wait(lambda: probe.statuses()[-1].message.startswith("command_lost"), "the reason in /diagnostics")
    lost = probe.statuses()[-1]
    assert lost.level == ERROR and lost.hardware_id == "go1"
    assert {v.key: v.value for v in lost.values}["mode"] == "damping"


def test_reset_and_push_act_on_the_robot(probe: Probe, start_node: Callable[..., Any]) -> None:
    start_node(MODULE, names.TWIN_NODE, {"noise": False, "push": 0.7})

    def height() -> float:
        return probe.got[names.ODOM][-1].pose.pose.position.z if probe.got[names.ODOM] else np.inf

    probe.wait(lambda: height() < 0.1, "it sinks to the ground without commands")
    answer = probe.call(names.TWIN_RESET)
    assert answer.success and "standing" in answer.message
    probe.wait(lambda: height() > 0.2, "it stands again")
    probe.wait(lambda: height() < 0.1, "it sinks again")
    assert probe.call(names.TWIN_PUSH).success
    probe.wait(
        lambda: (
            max(np.hypot(m.twist.twist.linear.x, m.twist.twist.linear.y) for m in probe.got[names.ODOM][-20:])
            > 0.2
        ),
        "it slides",
    )


def test_scaled_time_comes_on_clock_and_stamps_are_of_it(
    probe: Probe, start_node: Callable[..., Any]
) -> None:
    begin = time.monotonic()
    twin = start_node(MODULE, names.TWIN_NODE, {"rate": 0.5, "publish_clock": True, "noise": False})
    probe.wait(lambda: probe.count(names.CLOCK) > 200, "time")
    clock = np.array([to_ns(msg.clock) for msg in probe.got[names.CLOCK]])
    assert 0 < clock[-1] < (time.monotonic() - begin) * NS  # from zero, and slower than the wall
    assert_regular(clock, 5_000_000)
    stamps = probe.stamps(names.JOINT_STATES)
    assert not (stamps % 5_000_000).any()
    assert abs(stamps[-1] - clock[-1]) < 0.1 * NS

    def half() -> bool:
        values = {v.key: v.value for v in probe.statuses()[-1].values} if probe.statuses() else {}
        return (
            0.25 < float(values.get("real_time_factor", "nan")) < 0.52
        )  # less where the machine is too busy

    probe.wait(half, "half the speed of the wall")
    assert probe.got[names.DIAGNOSTICS][-1].header.stamp.sec < 1000  # its own time, not the system's
    assert twin.stop() == 0


def test_a_second_twin_lives_on_the_clock_of_the_first(
    probe: Probe, ros_node: Node, start_node: Callable[..., Any]
) -> None:
    other = Probe(ros_node, "b")
    shared = {"noise": False, "use_sim_time": True}
    start_node(MODULE, names.TWIN_NODE, {**shared, "rate": 2.0, "publish_clock": True})
    start_node(MODULE, names.TWIN_NODE, shared, namespace="b")
    probe.wait(lambda: other.count(names.JOINT_STATES) > 50, "measurements of the second twin")
    clock = probe.got[names.CLOCK][-1].clock
    assert abs(to_ns(clock) - other.stamps(names.JOINT_STATES)[-1]) < 0.5 * NS
    assert_regular(other.stamps(names.JOINT_STATES), 5_000_000)


def test_two_robots_side_by_side_do_not_hear_each_other(
    ros_node: Node, start_node: Callable[..., Any]
) -> None:
    a, b = Probe(ros_node, "a"), Probe(ros_node, "b")
    start_node(MODULE, names.TWIN_NODE, {"noise": False}, namespace="a")
    start_node(MODULE, names.TWIN_NODE, {"noise": False, "robot": "solo12"}, namespace="b")
    b.wait(lambda: b.count(names.JOINT_STATES) > 10, "measurements of b")
    a.stand(0.2)

    def commands(name: str) -> int:
        found = [s for s in a.statuses() if s.name == f"/{name}/twin: drive"]
        return int({v.key: v.value for v in found[-1].values}["commands"]) if found else 0

    a.wait(lambda: commands("a") >= 5, "commands that a took")
    assert b.got[names.JOINT_STATES][-1].name == list(get_robot("solo12").joint_names)
    b.wait(lambda: b.got[names.ODOM][-1].pose.pose.position.z < 0.1, "b sinks: nobody commands it")
    assert commands("b") == 0

    def ids() -> dict[str, str]:
        return {s.name: s.hardware_id for s in a.statuses()}

    a.wait(lambda: len(ids()) == 2, "what both drives report")
    assert ids() == {"/a/twin: drive": "go1", "/b/twin: drive": "solo12"}


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"robot": "go7"}, "unknown robot 'go7'"),
        ({"rate": 0.5}, "rate is 0.5 without publish_clock"),
        ({"rate": 0.5, "use_sim_time": True}, "follows somebody else's /clock"),
        ({"dropout": 2.0}, "dropout is 2.0"),
        ({"start": "sitting"}, "start is 'sitting'"),
    ],
)
def test_parameters_without_sense_are_refused(ros_node: Node, parameters: dict, said: str) -> None:
    with pytest.raises(LandwardError, match=said):
        TwinNode([Parameter(name, value=value) for name, value in parameters.items()])


def test_an_error_at_the_start_is_one_line_and_status_one(start_node: Callable[..., Any]) -> None:
    twin = start_node(MODULE, names.TWIN_NODE, {"robot": "go7"}, wait=False)
    assert twin.process.wait(20) == 1
    assert twin.output.startswith("error: unknown robot 'go7'")
    assert len(twin.output.splitlines()) == 1


@pytest.fixture
def node(ros_node: Node) -> Iterator[TwinNode]:
    """A twin in this process, which steps only when a test says so."""
    node = TwinNode([Parameter("noise", value=False), Parameter("latency", value=0.0)])
    yield node
    node.destroy_node()


def test_its_status_says_what_the_drives_do(node: TwinNode) -> None:
    assert node._judge() == (OK, "waiting for the first command, damping")
    node._on_command(position_command(GO1.joint_names, 1, STANDING))
    node.twin.step()
    assert node._judge() == (OK, "following commands")
    node._on_command(damping_command(GO1.joint_names, 2))
    node.twin.step()
    assert node._judge() == (OK, "damping as commanded")
    node.twin.step(30)
    level, message = node._judge()
    assert level == ERROR and message.startswith("command_lost: no joint_command for more than 30 ms")


@pytest.mark.parametrize(
    ("joints", "position", "said"),
    [
        (GO1.joint_names, np.full(12, np.nan), "FR_hip_joint is nan"),
        (GO1.joint_names, STANDING + 3.0, "FR_hip_joint is 2.9000 rad, outside"),
        (GO1.joint_names[:-1], STANDING[:-1], "RL_calf_joint"),
        (("elbow", *GO1.joint_names[1:]), STANDING, "FR_hip_joint"),
        ((*GO1.joint_names, "tail"), np.append(STANDING, 0.0), "tail"),
    ],
)
def test_a_bad_command_is_refused_and_named(
    node: TwinNode, joints: tuple[str, ...], position: np.ndarray, said: str
) -> None:
    node._on_command(position_command(GO1.joint_names, 1, STANDING))
    node._on_command(position_command(joints, 2, position))
    node.twin.step()
    level, message = node._judge()
    assert level == WARN and message.startswith("command_refused: ") and said in message
    assert node.twin.target == pytest.approx(STANDING)
    node._on_command(position_command(GO1.joint_names, 3, STANDING))
    node.twin.step()
    assert node._judge() == (OK, "following commands")


def test_a_command_is_taken_by_name_in_whatever_order(node: TwinNode) -> None:
    node._on_command(position_command(GO1.joint_names[::-1], 1, STANDING[::-1] + np.arange(12) * 0.01))
    node.twin.step()
    assert node.twin.target == pytest.approx(STANDING + np.arange(11, -1, -1) * 0.01)


def test_lost_samples_are_counted_and_late_ones_keep_their_stamp(ros_node: Node) -> None:
    node = TwinNode(
        [Parameter("dropout", value=0.5), Parameter("sensor_latency", value=0.01), Parameter("seed", value=1)]
    )
    sent: list[tuple[float, float]] = []
    node._outputs.joints = lambda stamp, reading: sent.append((node.twin.time, reading.time))  # type: ignore[method-assign]
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        time.sleep(min(0.005, node.step()))
    node.destroy_node()
    delays = np.array([published - measured for published, measured in sent])
    assert delays == pytest.approx(np.full(len(sent), 0.01), abs=1e-6)
    samples = node.twin.time / 0.005
    assert 0.3 * samples < len(sent) < 0.7 * samples
    assert 0.3 < node._lost_messages / (2 * samples) < 0.7
