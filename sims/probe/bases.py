"""Does the state show the base that the robot was reset to? Quaternions, frames, origins; and does it fly?"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sims.probe.case import EXACT, FOOT, Case, vector
from sims.probe.rows import SPIN
from sims.rotation import projected_gravity, rotate_inverse

XYZW, FROM_XYZW = [1, 2, 3, 0], [3, 0, 1, 2]
"""(w, x, y, z) written as (x, y, z, w); and what (w, x, y, z) means to a reader of (x, y, z, w)."""
FLIGHT = 0.1
"""[s] After which free bases are compared."""
FLIGHT_ERROR = 0.02
"""[m] Largest difference then: a base falls 5 cm in the time."""
TURN_ERROR = 0.05
"""[rad] Largest difference then: the bases turn by up to 0.2 rad in the time."""


def check_orientation(case: Case) -> Iterator[str]:
    """Quaternion, projected gravity and position of tilted bases."""
    rows = case.rows.indices("frame")
    quat, at = case.rows.root_quat[rows], case.measured.at_start
    shown = at("root_quat_w")[rows]
    if not _same(shown, quat):
        yield _quaternion_fault(shown, quat)
        return
    if _same_feet(case, rows, quat[:, FROM_XYZW]) and not _same_feet(case, rows, quat):
        yield (
            "reset and state alike (the feet show it): quaternions are taken as (x, y, z, w); Landward's are "
            "(w, x, y, z)"
        )
        return
    gravity, wanted = at("projected_gravity_b")[rows], projected_gravity(quat)
    if np.abs(gravity - wanted).max() > EXACT:
        guesses = {
            "points up; it is the direction in which things fall": -wanted,
            "is in the world frame; turn it into the base frame": np.tile([0.0, 0.0, -1.0], (len(rows), 1)),
            "is turned the wrong way: multiply by the transpose of the base's rotation": projected_gravity(
                quat * [1, -1, -1, -1]
            ),
            "comes from a quaternion read as (x, y, z, w); Landward's are (w, x, y, z)": projected_gravity(
                quat[:, FROM_XYZW]
            ),
        }
        yield f"projected_gravity_b {_guess(gravity, guesses, wanted)}"
    everywhere = np.abs(at("root_pos_w") - case.rows.root_pos).max(axis=-1)
    if everywhere.max() > EXACT:
        worst = int(everywhere.argmax())
        yield (
            f"root_pos_w: a base reset to {vector(case.rows.root_pos[worst])} m shows "
            f"{vector(at('root_pos_w')[worst])} m; positions are of the base link's origin, from the world's "
            "origin and not from an environment's"
        )


def _quaternion_fault(shown: np.ndarray, quat: np.ndarray) -> str:
    if _same(shown, quat[:, XYZW]):
        return "root_quat_w is (x, y, z, w); Landward's quaternions are (w, x, y, z)"
    if _same(shown, quat[:, FROM_XYZW]):
        return "reset takes quaternions as (x, y, z, w); Landward's are (w, x, y, z)"
    if _same(shown, quat * [1, -1, -1, -1]):
        return "root_quat_w turns the world into the base; Landward's turns the base into the world"
    return (
        f"root_quat_w does not read back: {vector(quat[0])} shows {vector(shown[0])}; "
        "return the orientation of the base link as (w, x, y, z)"
    )


def check_velocities(case: Case) -> Iterator[str]:
    """Linear and angular velocity are in the base frame, of the base origin, in SI units."""
    rows, spin = case.rows.indices("frame"), case.rows.indices("spin")
    quat, velocity, at = case.rows.root_quat[rows], case.rows.velocity[rows], case.measured.at_start
    back = quat * [1, -1, -1, -1]
    angular = velocity[:, 3:]
    shown = at("root_ang_vel_b")[rows]
    if np.abs(shown - angular).max() > EXACT:
        guesses = {
            "is in the world frame; turn it into the base frame": rotate_inverse(back, angular),
            "shows that reset takes it in the world frame; it is given in the base frame": rotate_inverse(
                quat, angular
            ),
            "is in degrees per second instead of radians per second": np.rad2deg(angular),
        }
        yield f"root_ang_vel_b {_guess(shown, guesses, angular)}"
    linear = rotate_inverse(quat, velocity[:, :3])
    shown = at("root_lin_vel_b")[rows]
    if np.abs(shown - linear).max() <= EXACT:
        return
    moved = np.abs(at("root_lin_vel_b")[spin]).max()
    if moved > EXACT:
        yield (
            "root_lin_vel_b is of another point than the base origin, such as the centre of mass: a base "
            f"that only spins about its origin at {SPIN:g} rad/s shows {moved:.3f} m/s"
        )
        return
    phrase = (
        "is in the world frame; turn it into the base frame"
        if _flies_as_the_reference(case, rows)
        else "shows that reset takes it in the base frame; it is given in the world frame"
    )
    yield f"root_lin_vel_b {_guess(shown, {phrase: velocity[:, :3]}, linear)}"


def _flies_as_the_reference(case: Case, rows: np.ndarray) -> bool:
    index = case.index_at(FLIGHT)
    ours, theirs = (r.entries["root_pos_w"][index, rows] for r in (case.measured, case.reference))
    return bool(np.abs(ours - theirs).max() < FLIGHT_ERROR)


def check_flight(case: Case) -> Iterator[str]:
    """Free bases move as the reference's: what a reset shows is what the physics goes on from."""
    index = case.index_at(FLIGHT)
    rows = np.concatenate([case.rows.indices("frame"), case.rows.indices("spin")])
    ours, theirs = (r.entries for r in (case.measured, case.reference))
    gap = np.abs(ours["root_pos_w"][index, rows] - theirs["root_pos_w"][index, rows]).max(axis=-1)
    if gap.max() > FLIGHT_ERROR:
        row = rows[int(gap.argmax())]
        yield (
            f"a base thrown into the air is at {vector(ours['root_pos_w'][index, row])} m after "
            f"{FLIGHT:g} s, the reference's at {vector(theirs['root_pos_w'][index, row])} m "
            f"(experiment {case.rows.labels[row]!r}); check reset velocities, gravity and masses"
        )
        return
    dot = np.abs((ours["root_quat_w"][index, rows] * theirs["root_quat_w"][index, rows]).sum(-1))
    angle = 2 * np.arccos(np.clip(dot, 0.0, 1.0))
    if angle.max() > TURN_ERROR:
        row = rows[int(angle.argmax())]
        yield (
            f"a base thrown into the air has turned {angle.max():.2f} rad further or less than the "
            f"reference's after {FLIGHT:g} s (experiment {case.rows.labels[row]!r}); check inertias and "
            "angular velocities"
        )


def _guess(shown: np.ndarray, guesses: dict[str, np.ndarray], wanted: np.ndarray) -> str:
    for phrase, values in guesses.items():
        if np.abs(shown - values).max() < 10 * EXACT:
            return phrase
    return f"shows {vector(shown[0])} where {vector(wanted[0])} is right"


def _same(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether quaternions (n, 4) are the same rotations; q and -q are."""
    return bool((np.minimum(np.abs(a - b).max(-1), np.abs(a + b).max(-1)) < EXACT).all())


def _same_feet(case: Case, rows: np.ndarray, quat: np.ndarray) -> bool:
    """Whether the measured feet of tilted robots are those of bases with the orientations `quat` (n, 4)."""
    upright = case.reference.at_start("foot_pos_w")[case.rows.indices("stand")[0]]
    upright = upright - case.rows.root_pos[case.rows.indices("stand")[0]]
    for row, q in zip(rows, quat, strict=True):
        feet = case.foot_offsets(np.array([row]))[0]
        seen = rotate_inverse(np.tile(q, (len(feet), 1)), feet)
        if np.linalg.norm(seen - upright, axis=-1).max() > FOOT:
            return False
    return True
