import contextlib
import os
import pty
import signal
import subprocess
import sys
import termios
import time

import pytest

from landward_tools.keys import Keyboard
from landward_tools.teleop import status_line
from landward_tools.terminal import KeyReader, TerminalError, key_by_key
from landward_tools.velocity import Limits
from tests.ros2_ws.processes import ros_arguments, wait_until

ECHO = 3
"""Place of the local modes in a terminal's attributes."""


@pytest.fixture
def terminal():
    """Both ends of a terminal."""
    master, slave = pty.openpty()
    yield master, slave
    for end in (master, slave):
        with contextlib.suppress(OSError):
            os.close(end)


def test_the_terminal_is_restored_after_an_error(terminal):
    _, slave = terminal
    before = termios.tcgetattr(slave)
    with pytest.raises(ValueError, match="inside"), key_by_key(slave):
        assert not termios.tcgetattr(slave)[ECHO] & termios.ECHO
        raise ValueError("inside")
    assert termios.tcgetattr(slave) == before


def test_keys_come_without_enter(terminal):
    master, slave = terminal
    with key_by_key(slave):
        reader = KeyReader(slave)
        assert reader.read() == []
        os.write(master, b"w\x1b[A\x1a\x13")
        # Ctrl-Z and Ctrl-S are keys like any other, they stop nothing.
        assert reader.read() == ["w", "up", "\x1a", "\x13"]
        os.write(master, b"\x1b")
        assert reader.read() == []
        assert reader.read() == ["escape"]


def test_a_closed_terminal_is_an_error(terminal):
    master, slave = terminal
    reader = KeyReader(slave)
    os.close(master)
    with pytest.raises(TerminalError, match="closed: the deadman is released"):
        reader.read()


def test_a_pipe_is_no_terminal():
    end, _ = os.pipe()
    with pytest.raises(TerminalError, match="needs a terminal"), key_by_key(end):
        pass


def test_the_status_line_is_one_line():
    keyboard = Keyboard(Limits())
    keyboard.press("w", 0.0)
    line = status_line(keyboard, 0.0, {"policy/status": "policy\n\x1b[2Jlate"}, width=200)
    assert line.startswith("\r\x1b[Kvx +0.00 vy +0.00 m/s, turn +0.00 rad/s | deadman held | policy: policy")
    assert "\n" not in line
    assert line.count("\x1b") == 1
    assert len(status_line(keyboard, 0.0, {}, width=20)) == len("\r\x1b[K") + 19


@pytest.fixture
def operator(ros_node):
    """What a robot hears, and services that count their calls."""
    from geometry_msgs.msg import TwistStamped
    from std_msgs.msg import Bool
    from std_srvs.srv import Trigger

    from landward_ros import names, qos
    from landward_ros.convert import read_twist

    class Heard:
        def __init__(self):
            self.commands, self.held, self.calls = [], [], []

        def spin(self, condition, seconds, what):
            import rclpy

            wait_until(
                lambda: (rclpy.spin_once(ros_node, timeout_sec=0.01), condition())[1], seconds, what, 0.0
            )

    heard = Heard()
    ros_node.create_subscription(
        TwistStamped, names.CMD_VEL, lambda m: heard.commands.append(read_twist(m)), qos.COMMAND
    )
    ros_node.create_subscription(Bool, names.DEADMAN, lambda m: heard.held.append(m.data), qos.COMMAND)

    def serve(name):
        def answer(_, response):
            heard.calls.append(name)
            response.success = name != names.POLICY_WALK
            response.message = "the robot lies on its back"
            return response

        ros_node.create_service(Trigger, name, answer)

    for name in (names.POLICY_WALK, names.SAFETY_STOP):
        serve(name)
    return heard


@pytest.mark.ros
def test_keys_in_a_terminal_drive_a_robot(operator, terminal, root):
    master, slave = terminal
    before = termios.tcgetattr(slave)
    command = [sys.executable, "-m", "landward_tools.teleop", *ros_arguments({"deadman_seconds": 1.0})]
    packages = [str(path) for path in (root / "ros2_ws" / "src").iterdir()]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root), *packages])}
    node = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, env=environment, start_new_session=True
    )
    try:
        operator.spin(lambda: operator.held, 20.0, "the deadman's messages")
        assert operator.held[-1] is False
        os.write(master, b"www")
        operator.spin(lambda: operator.held[-1] and operator.commands[-1][0] > 0.29, 5.0, "forward")
        assert operator.commands[-1].tolist() == pytest.approx([0.3, 0.0, 0.0])
        # Nobody touches the keyboard.
        operator.spin(lambda: not operator.held[-1], 5.0, "the release")
        operator.spin(lambda: operator.commands[-1].tolist() == [0.0, 0.0, 0.0], 5.0, "standing still")
        os.write(master, b"12")
        operator.spin(lambda: operator.calls == ["policy/walk"], 5.0, "the call")
        os.write(master, b"wx")
        operator.spin(lambda: "safety/stop" in operator.calls, 5.0, "the emergency stop")
        operator.spin(lambda: not operator.held[-1], 5.0, "the release by the stop")
        begin, count = time.monotonic(), len(operator.held)
        operator.spin(lambda: time.monotonic() - begin > 1.0, 5.0, "a second")
        assert (len(operator.held) - count) > 20, "the monitor wants 20 Hz or more"
        node.send_signal(signal.SIGINT)
        assert node.wait(10.0) == 0
        assert termios.tcgetattr(slave) == before
        shown = os.read(master, 1 << 16).decode()
        assert "walk REFUSED: the robot lies on its back" in shown
        assert "stand: nobody serves policy/stand; is the robot deployed?" in shown
        assert "deadman held" in shown
    finally:
        node.kill()
        node.wait()


@pytest.mark.ros
def test_a_joystick_drives_a_robot(operator, ros_node, start_node):
    from sensor_msgs.msg import Joy

    from landward_ros import names

    pad = ros_node.create_publisher(Joy, "joy", 10)
    node = start_node("landward_tools.joy", names.TELEOP_NODE, {"acceleration": 100.0, "inverted_axes": [3]})
    wait_until(lambda: pad.get_subscription_count() > 0, 20.0, "joy subscribed")
    fast = Joy(axes=[0.0, 1.0, 0.0, 1.0], buttons=[0, 0, 0, 0, 1, 0, 0, 0])
    stop = Joy(axes=[0.0, 1.0, 0.0, 1.0], buttons=[0, 0, 0, 0, 1, 0, 1, 0])

    def is_fast():
        pad.publish(fast)
        return operator.held and operator.held[-1] and operator.commands and operator.commands[-1][0] == 1.0

    def is_stopped():
        # Again and again: the button counts when it goes down, the service may still be unknown then.
        pad.publish(stop)
        pad.publish(fast)
        return "safety/stop" in operator.calls

    operator.spin(is_fast, 10.0, "full speed")
    assert operator.commands[-1][2] < 0.0
    operator.spin(is_stopped, 10.0, "the emergency stop")
    # The joystick falls silent.
    operator.spin(lambda: not operator.held[-1] and operator.commands[-1][0] == 0.0, 5.0, "the release")
    assert node.stop() == 0, node.output


@pytest.mark.ros
def test_without_a_terminal_it_is_one_error(start_node):
    node = start_node("landward_tools.teleop", "teleop", wait=False)
    wait_until(lambda: not node.running, 20.0, "its end")
    assert node.stop() == 1
    assert node.output.strip().splitlines()[-1].startswith("error: keyboard teleoperation needs a terminal")
