"""`check_engine`: does an engine read and write the declared robot as the reference engine does?

Bookkeeping faults (order, unit, quaternion, offset, gains, delay) make a sound policy fall. Each has its own
experiment (`sims.probe.rows`) and is told by one message. The stages rest on each other, so that a fault
is not reported again by what follows from it: the first stage that finds something is the last that is run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from landward.errors import SimulationError
from robots import Robot
from sims.engine import Engine
from sims.probe.bases import check_flight, check_orientation, check_velocities
from sims.probe.case import HELD, Case
from sims.probe.conventions import conventions
from sims.probe.drives import check_responses, check_targets
from sims.probe.ground import check_contacts
from sims.probe.joints import check_entries, check_feet, check_joints
from sims.probe.respond import Response, departure, respond
from sims.probe.rows import SECONDS, make_rows, pose_rows, told_rows, uneven_pose

STAGES: tuple[Callable[[Case], Iterator[str]], ...] = (
    check_entries,
    check_joints,
    check_orientation,
    check_feet,
    check_velocities,
    check_targets,
    check_responses,
    check_flight,
    check_contacts,
)
"""In the order in which they rest on each other."""


def check_engine(engine: Engine, reference: Engine) -> list[str]:
    """Try an engine out against the reference, on flat ground, with nominal physics.

    Args:
        engine: under check; fastest with at least `number_of_rows(robot)` environments.
        reference: of the same robot and control period, trusted.

    Returns:
        What is wrong, a message each with the remedy; empty for a sound engine.

    Raises:
        SimulationError: the engines have different robots or control periods.
    """
    ours, theirs = engine.physics.control_period, reference.physics.control_period
    if engine.robot.joint_names != reference.robot.joint_names or not math.isclose(ours, theirs):
        raise SimulationError(
            f"the engines cannot be compared: {engine.robot.name} every {ours:g} s and "
            f"{reference.robot.name} every {theirs:g} s; make both with one robot and one control period"
        )
    return compare(reference, probe(engine))


def number_of_rows(robot: Robot) -> int:
    """How many environments run every experiment at once."""
    return len(make_rows(robot).labels)


def probe(engine: Engine) -> Response:
    """Run every experiment on an engine; what comes back can be saved and compared elsewhere."""
    rows, steps = make_rows(engine.robot), math.ceil(SECONDS / engine.physics.control_period)
    response = respond(engine, rows, steps)
    still = rows.indices("pose")[:1]
    if not departure(response, rows, still)[0] < HELD:
        # Only now are targets tried that a sound engine must never see, such as degrees taken for radians.
        told = told_rows(engine.robot, conventions(engine.robot))
        response.told = departure(respond(engine, told, steps), told, np.arange(len(told.labels)))
    return response


def compare(reference: Engine, measured: Response) -> list[str]:
    """What is wrong with an engine that answered the experiments like this, see `check_engine`."""
    robot = reference.robot
    known = conventions(robot)
    poses = [convention.read(uneven_pose(robot)) for convention in known]
    offsets = respond(reference, pose_rows(robot, poses), 0)
    base = offsets.at_start("root_pos_w")[:, None]
    case = Case(
        robot,
        make_rows(robot),
        known,
        probe(reference),
        measured,
        np.asarray(offsets.at_start("foot_pos_w") - base),
    )
    for stage in STAGES:
        found = list(stage(case))
        if found:
            return found
    return []
