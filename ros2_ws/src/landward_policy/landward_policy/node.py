"""The lifecycle node `policy`: runs an exported policy on a robot's topics.

    python -m landward_policy.node --ros-args -p robot:=go1 -p policy:=RUN

It waits in `unconfigured` for the lifecycle service policy/change_state, and refuses to configure a policy
that does not fit the robot. While it is active, the services policy/stand, policy/walk and policy/passive
choose what it commands.
"""

from __future__ import annotations

import gc
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from std_srvs.srv import Trigger

from landward.errors import LandwardError
from landward_policy.controller import Controller, Settings
from landward_policy.machine import Mode
from landward_policy.report import summary
from landward_policy.runner import Runner
from landward_ros import names, qos, realtime
from landward_ros.diagnostics import ERROR, OK, Reporter, status_message
from landward_ros.process import POLL, run_node
from landward_ros.samples import NS
from landward_ros.ticker import steady_timer

SUCCESS, FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE
_STATUS_PERIOD = 0.5
"""Between two policy/status messages without a change [s]."""


class PolicyNode(LifecycleNode):
    """Unconfigured until the policy fits the robot; damping, standing or walking while it is active."""

    def __init__(self) -> None:
        super().__init__(names.POLICY_NODE)
        self._declare()
        self._robot = str(self.get_parameter("robot").value)
        self._runner: Runner | None = None
        self._lifecycle, self._refusal = "unconfigured", ""
        self._late: dict[str, float] = {}
        self._reported: tuple[Mode, str] | None = None
        self._status = self.create_publisher(DiagnosticStatus, names.POLICY_STATUS, qos.LATCHED)
        self._reporter = Reporter(self, "policy", self._robot)
        for name, act in (
            (names.POLICY_STAND, Controller.stand),
            (names.POLICY_WALK, Controller.walk),
            (names.POLICY_PASSIVE, Controller.passive),
        ):
            self.create_service(Trigger, name, partial(self._serve, name, act))
        steady_timer(self, _STATUS_PERIOD, self._report_again)
        self._report()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the policy and hold it to the robot; refuse whatever does not fit."""
        try:
            self._runner = Runner(self, Controller(self._settings()), self._report_change)
        except LandwardError as error:
            return self._refuse(str(error))
        except Exception as error:
            # rclpy would swallow it, and its traceback with it.
            traceback.print_exception(error)
            return self._refuse(f"{type(error).__name__}: {error}")
        self._refusal = ""
        return self._report("inactive")

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to command, passive."""
        # What is loaded by now stays: the collector need not look at it between two ticks.
        gc.collect()
        gc.freeze()
        if self._runner is not None:
            self._runner.start()
        return self._report("active")

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Send damping once more, then nothing."""
        self.close()
        return self._report("inactive")

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let go of the policy and of the topics."""
        self._release()
        return self._report("unconfigured")

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Damping once more, then the end."""
        self._release()
        return self._report("finalized")

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """A transition failed: damping, and back to unconfigured."""
        self._release()
        return self._report("unconfigured")

    def close(self) -> None:
        """Leave the robot damping; also called when the process ends."""
        if self._runner is not None:
            self._runner.stop()

    def step(self) -> float:
        """Tick where it is due; returns how long it may take until the next call [s]."""
        return POLL if self._runner is None else self._runner.step()

    def _declare(self) -> None:
        fixed = partial(ParameterDescriptor, read_only=True)
        span = [FloatingPointRange(from_value=0.0, to_value=60.0)]
        defaults = Settings("", "")
        self.declare_parameter("robot", "", fixed(description="robot in the registry, such as go1"))
        self.declare_parameter("policy", "", fixed(description="policy.onnx, or the run folder that has it"))
        for name, description in (
            ("control_period", "time between two commands [s]; 0 = the robot's own"),
            ("input_age", "oldest usable measurement [s]; 0 = the robot's own"),
            ("command_age", "a velocity command that is older counts as zero [s]"),
            ("monitor_age", "longest silence of the safety monitor while the robot moves [s]"),
        ):
            descriptor = fixed(description=description, floating_point_range=span)
            self.declare_parameter(name, getattr(defaults, name), descriptor)
        self.declare_parameter("threads", defaults.threads, fixed(description="threads of ONNX Runtime"))

    def _settings(self) -> Settings:
        values: dict[str, Any] = {f.name: self.get_parameter(f.name).value for f in fields(Settings)}
        return Settings(**values)

    def _refuse(self, why: str) -> TransitionCallbackReturn:
        self._refusal = f"configure refused: {why}"
        self.get_logger().error(self._refusal)
        self._report("unconfigured")
        return FAILURE

    def _release(self) -> None:
        self.close()
        if self._runner is not None:
            self._runner.destroy()
            self._runner = None

    def _serve(
        self,
        name: str,
        act: Callable[[Controller, float, float], str],
        request: Trigger.Request,
        answer: Trigger.Response,
    ) -> Trigger.Response:
        runner = self._runner
        if runner is None or not runner.active:
            answer.message = f"{name} refused: the node is {self._lifecycle}; configure and activate it first"
            return answer
        runner.drain()
        refusal = act(runner.controller, runner.now() / NS, time.monotonic())
        self.get_logger().info(refusal or name)
        self._report_change()
        answer.success, answer.message = not refusal, refusal or runner.controller.machine.mode.value
        return answer

    def _report_change(self) -> None:
        """Report a change of state at once; without one it costs a comparison."""
        machine = self._runner.controller.machine if self._runner is not None else None
        if machine is not None and (machine.mode, machine.reason) != self._reported:
            if machine.reason:
                self.get_logger().error(machine.reason)
            self._report()

    def _report_again(self) -> None:
        if self._runner is not None:
            self._late = self._runner.controller.inputs.take_late()
        self._report()

    def _report(self, lifecycle: str | None = None) -> TransitionCallbackReturn:
        """Publish what the node does on policy/status and /diagnostics."""
        self._lifecycle = lifecycle or self._lifecycle
        level, message = (ERROR, self._refusal) if self._refusal else (OK, self._lifecycle)
        values = {"lifecycle": self._lifecycle}
        if self._runner is not None:
            machine = self._runner.controller.machine
            self._reported = (machine.mode, machine.reason)
            level, message, facts = summary(self._runner.controller, self._late)
            values |= facts | self._runner.timing()
            if not self._runner.active and level == OK:
                message = self._lifecycle
        self._reporter.set(level, message, values)
        self._status.publish(status_message(level, names.POLICY_NODE, message, self._robot, values))
        return SUCCESS


def main() -> int:
    """Run the node until SIGINT or SIGTERM."""
    return run_node(PolicyNode, usage=__doc__ or "", priority=realtime.POLICY)


if __name__ == "__main__":
    sys.exit(main())
