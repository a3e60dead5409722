"""What the node says about itself in /diagnostics and on policy/status."""

from __future__ import annotations

from collections.abc import Mapping

from landward_policy.controller import Controller
from landward_policy.machine import Mode
from landward_ros.ticker import Lateness

OK, WARN, ERROR = b"\x00", b"\x01", b"\x02"
"""Levels of diagnostic_msgs/DiagnosticStatus."""
LATE_SHARE = 0.1
"""More inferences than this on readings older than any in training are worth a warning."""


def summary(controller: Controller, late: Mapping[str, float]) -> tuple[bytes, str, dict[str, str]]:
    """Level, message and values.

    Args:
        controller: whose state is reported.
        late: input name -> share of the latest inferences on readings older than any in training.
    """
    machine = controller.machine
    values = {
        "state": machine.mode.value,
        "policy": str(controller.policy.path),
        "hash": controller.policy.graph_hash,
    }
    for topic, buffer in controller.inputs.buffers.items():
        if buffer.refusals:
            values[f"refused {topic}"] = f"{buffer.refusals}, the latest: {buffer.refused}"
    values |= {f"late {name}": f"{100 * share:.0f} %" for name, share in late.items()}
    if machine.mode is Mode.FAULT:
        return ERROR, machine.reason, values
    warnings = []
    if machine.mode is Mode.POLICY and controller.command_expired:
        warnings.append(f"no velocity command for {controller.inputs.ages.command:g} s: standing still")
    old = [name for name, share in late.items() if share > LATE_SHARE]
    if old:
        warnings.append(f"older readings than in training: {', '.join(old)}")
    return WARN if warnings else OK, "; ".join([machine.mode.value, *warnings]), values


def lateness(late: Lateness) -> dict[str, str]:
    """How punctual the loop is."""
    if late.count == 0:
        return {"ticks": "0"}
    return {
        "ticks": str(late.count),
        "missed ticks": str(late.missed),
        "lateness": f"p50 {late.p50 * 1e3:.3f} p99 {late.p99 * 1e3:.3f} max {late.max * 1e3:.3f} ms",
    }
