"""The main loop of every node: starts, stops on SIGINT and SIGTERM, and never swallows an exception.

A node may have:

- `step() -> float`: called between callbacks; returns the longest time [s] until it wants to be called again
  (`ticker.Ticker`). Without it the node lives of its callbacks and timers.
- `close()`: called once before the node is destroyed, while it can still publish (a last, safe command, which
  `deliver` sees on its way).
"""

from __future__ import annotations

import contextlib
import gc
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from landward.errors import LandwardError, require
from landward_ros import realtime, transport
from landward_ros.samples import NS

if TYPE_CHECKING:
    from rclpy.node import Node
    from rclpy.publisher import Publisher

POLL = 0.2
"""Longest wait in one turn of the loop [s]. A blocking spin can miss SIGTERM; a poll never did."""
GOODBYE = 0.2
"""Longest wait for the receiver of a last, safe command [s]."""
WHY = "every node of ros2_ws runs on it, from wheels or from a sourced ROS 2 Jazzy or Kilted"


def run_node(
    make: Callable[[], Node], args: Sequence[str] | None = None, usage: str = "", priority: int = 0
) -> int:
    """Run one node until SIGINT, SIGTERM or an error.

    Args:
        make: builds the node; called after rclpy.init. An import of ROS modules inside it that fails is
            reported like rclpy's own.
        args: command line with the program's name, of which rclpy takes `--ros-args`; sys.argv when left out.
        usage: shown on --help; where it is given, an argument that is not ROS's is an error.
        priority: of real-time scheduling, where the environment asks for it (`realtime.request`).

    Returns:
        Exit code: 0 after a signal or a shutdown from outside, 1 after an error, 2 after a wrong argument.
    """
    argv = list(sys.argv if args is None else args)
    if usage and {"-h", "--help"} & set(argv[1:]):
        print(usage.strip())
        return 0
    try:
        require("rclpy", "ros", WHY)
    except LandwardError as error:
        return _fail(error)
    with _stop_signals() as stopped:
        try:
            return _run(make, argv, usage, stopped, priority)
        except Exception as error:
            return _fail(error)


def deliver(publisher: Publisher) -> None:
    """Wait, at most `GOODBYE`, until its last message has arrived: one of a process that ends may not."""
    from rclpy.duration import Duration

    publisher.wait_for_all_acked(Duration(nanoseconds=round(GOODBYE * NS)))


def _run(
    make: Callable[[], Node], argv: list[str], usage: str, stopped: threading.Event, priority: int
) -> int:
    import rclpy
    from rclpy.executors import ExternalShutdownException
    from rclpy.signals import SignalHandlerOptions
    from rclpy.utilities import remove_ros_args

    unknown = remove_ros_args(argv)[1:]
    if usage and unknown:
        print(f"error: unknown argument {unknown[0]!r}; see --help", file=sys.stderr)
        return 2
    refused = realtime.request(priority)  # the threads of DDS inherit it
    transport.choose_udp()
    # rclpy's own handlers shut the context down before the node can send its last, safe command.
    rclpy.init(args=argv, signal_handler_options=SignalHandlerOptions.NO)
    node = None
    try:
        node = make()
        # The first line that rclpy logs takes 14 to 45 ms, a missed tick: not when a service is called.
        node.get_logger().info("started")
        if refused:
            node.get_logger().warning(refused)
        # A full collection over what was imported takes tens of milliseconds, a missed tick; over what is
        # made from now on, half of one.
        gc.collect()
        gc.freeze()
        _spin(node, stopped)
    except ExternalShutdownException:
        pass
    finally:
        if node is not None:
            _close(node)
        # A node that shut rclpy down itself is no error.
        rclpy.try_shutdown()
    return 0


def _spin(node: Node, stopped: threading.Event) -> None:
    import rclpy
    from rclpy.executors import SingleThreadedExecutor

    step: Callable[[], float] | None = getattr(node, "step", None)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    try:
        while rclpy.ok() and not stopped.is_set():
            wait = POLL if step is None else min(POLL, max(0.0, step()))
            # The step may have been the node's last.
            if rclpy.ok():
                executor.spin_once(timeout_sec=wait)
    finally:
        executor.shutdown()


def _close(node: Any) -> None:
    import rclpy

    try:
        if rclpy.ok() and hasattr(node, "close"):
            node.close()
    finally:
        node.destroy_node()


def _fail(error: Exception) -> int:
    """Report an error once: one line for what was foreseen, a traceback for what was not."""
    # rclpy's own errors (a parameter of the wrong type, a namespace that is none) say what is wrong.
    if isinstance(error, LandwardError) or type(error).__module__ == "rclpy.exceptions":
        print(f"error: {error}", file=sys.stderr, flush=True)
    else:
        traceback.print_exception(error)
    return 1


@contextlib.contextmanager
def _stop_signals() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set; a second signal is ignored, as `ros2 launch` repeats Ctrl-C.

    Python handles signals in the main thread alone; elsewhere (a test) nothing is installed.
    """
    stopped = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stopped
        return
    signals = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda *_: stopped.set()) for number in signals}
    try:
        yield stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
