"""What an engine makes of joint targets: which joint moves, where to, how much and when."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sims.probe.case import HELD, Case, some
from sims.probe.rows import step_of

RESPONSE = 0.2
"""Largest difference of two step responses, as a share of the step. On a Go1, other time steps and actuator
models stay below 0.18; half or twice a gain gives 0.25 and more."""
LATE = 0.5
"""[control steps] A delay that is called one."""
LAGS = np.arange(0.0, 3.01, 0.25)
"""[control steps] Delays that are tried."""
SHOWN = 0.06
"""[s] Time at which a message quotes a response: about the rise time."""


def check_targets(case: Case) -> Iterator[str]:
    """A target is the joint's own angle: a robot told the pose that it has keeps it.

    The pose is told in every known convention; the one that holds the robot is the one that the engine reads.
    """
    told = case.measured.told
    if not len(told):
        return
    best = int(told.argmin())
    if told[best] < min(HELD, 0.5 * told[0]):
        yield f"targets: {case.known[best].phrase}; {case.known[best].remedy}"
        return
    row = case.rows.indices("pose")[0]
    end, pose = case.measured.entries["joint_pos"][-1, row], case.rows.joint_pos[row]
    worst = int(np.abs(end - pose).argmax())
    yield (
        f"targets: told the pose that the robot has, {case.joints[worst]} goes from {pose[worst]:.2f} to "
        f"{end[worst]:.2f} rad; targets are joint angles [rad] in the order of robot.joint_names"
    )


def check_responses(case: Case) -> Iterator[str]:
    """Each joint answers a step of its target as with the declared gains, and in the same control period."""
    ours, theirs = step_responses(case, measured=True), step_responses(case, measured=False)
    errors = np.stack([np.abs(ours - late(theirs, lag)).max(axis=0) for lag in LAGS])
    typical = np.median(errors, axis=1)
    best = int(typical.argmin())
    if LAGS[best] >= LATE and typical[best] < min(RESPONSE, 0.5 * typical[0]):
        yield _delay(case, float(LAGS[best]))
        return
    wrong = np.flatnonzero(errors[0] > RESPONSE)
    if len(wrong):
        yield _gains(case, wrong, ours, theirs)


def step_responses(case: Case, *, measured: bool) -> np.ndarray:
    """(T + 1, J) how far each joint has gone of its own step, 1 where it is there."""
    rows = case.rows.indices("step")
    series = (case.measured if measured else case.reference).entries["joint_pos"][:, rows]
    own = np.diagonal(series - case.rows.joint_pos[rows], axis1=1, axis2=2)
    return own / step_of(case.robot)


def late(responses: np.ndarray, lag: float) -> np.ndarray:
    """Responses (T + 1, J) that begin `lag` control steps later, interpolated."""
    times = np.arange(len(responses), dtype=np.float64)
    columns = [np.interp(times - lag, times, column) for column in responses.T]
    return np.stack(columns, axis=1)


def _delay(case: Case, lag: float) -> str:
    steps = f"{lag:g} control step{'' if lag == 1 else 's'} ({lag * case.measured.period:.3g} s)"
    if _falls_late(case, lag):
        return f"the whole state is {steps} old; refresh it after the last physics step"
    return (
        f"actions take effect {steps} late: the joints answer targets as the reference's do, only later; "
        "apply targets in the step that brings them"
    )


def _falls_late(case: Case, lag: float) -> bool:
    """Whether bases that nothing drives are late too."""
    rows = case.rows.indices("frame")
    ours, theirs = (r.entries["root_pos_w"][:, rows, 2] for r in (case.measured, case.reference))
    now, then = (np.abs(ours - shown).max() for shown in (theirs, late(theirs, lag)))
    return bool(then < 0.5 * now)


def _gains(case: Case, wrong: np.ndarray, ours: np.ndarray, theirs: np.ndarray) -> str:
    robot = case.robot
    worst = int(wrong[np.abs(ours - theirs)[:, wrong].max(axis=0).argmax()])
    names = [case.joints[i] for i in wrong]
    which = "all joints" if len(wrong) == len(case.joints) else some(names)
    step, at = abs(float(step_of(robot)[worst])), case.index_at(SHOWN)
    quick, settled = (
        [f"{round(step * series[i, worst], 3) + 0.0:.3f}" for series in (ours, theirs)] for i in (at, -1)
    )
    return (
        f"gains that the engine ignores, on {which}: {case.joints[worst]} answers a step of {step:g} rad "
        f"with {quick[0]} rad after {SHOWN:g} s and {settled[0]} rad in the end, the reference with "
        f"{quick[1]} and {settled[1]} rad; give the drives stiffness {robot.stiffness[worst]:g} N m/rad, "
        f"damping {robot.damping[worst]:g} N m s/rad and armature {robot.armature[worst]:g} kg m^2"
    )
