"""A compiled MuJoCo model as a tree of rigid links, bodies that cannot move merged into their parents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import SimulationError
from sims.mujoco.model import mujoco_module

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Hinge:
    """A revolute joint between a link and its parent; zero is the pose that the tree is declared in."""

    name: str
    anchor: Floats
    """(3,) point on the axis, frame of the link that moves [m]."""
    axis: Floats
    """(3,) unit vector, frame of the link that moves."""
    limits: tuple[float, float] | None
    """Lower and upper position limit [rad]; None for none."""
    armature: float
    """Rotor inertia [kg m^2]."""


@dataclass(frozen=True)
class Solid:
    """A primitive shape on a link."""

    name: str
    kind: str
    """sphere, box, capsule or cylinder, the latter two along z."""
    size: Floats
    """(3,) as MuJoCo's geom_size: radius; half lengths; or radius and half length [m]."""
    pos: Floats
    """(3,) centre, link frame [m]."""
    quat: Floats
    """(4,) (w, x, y, z), solid to link."""
    collides: bool
    """False: drawn only."""
    friction: float
    """Sliding friction coefficient."""


@dataclass
class Link:
    """One rigid link."""

    name: str
    parent: int
    """Index of the parent; -1 for the root."""
    pos: Floats
    """(3,) origin in the parent's frame; in the world for the root [m]."""
    quat: Floats
    """(4,) (w, x, y, z), link to parent, at joint position zero."""
    mass: float
    """[kg]."""
    com: Floats
    """(3,) centre of mass, link frame [m]."""
    inertia: Floats
    """(3, 3) about the centre of mass, axes of the link frame [kg m^2]."""
    joint: Hinge | None
    """None: the root, or fixed to its parent."""
    solids: list[Solid] = field(default_factory=list)

    def principal(self) -> tuple[Floats, Floats]:
        """Principal moments (3,) [kg m^2] and their axes as a quaternion (4,), (w, x, y, z), axes to link."""
        moments, axes = np.linalg.eigh(self.inertia)
        if np.linalg.det(axes) < 0:
            axes[:, 2] *= -1
        quat = np.empty(4)
        mujoco_module().mju_mat2Quat(quat, axes.ravel())
        return moments, quat


def links_of(model: Any, keep: Collection[str] = ()) -> list[Link]:
    """The links of a compiled MjModel of one free-floating robot, parents first.

    Args:
        model: compiled with `fusestatic="false"` where jointless bodies are to be kept.
        keep: bodies without a joint that stay links of their own, as feet whose contact is measured. All
            other jointless bodies are merged into their parents.

    Raises:
        SimulationError: the model has joints other than hinges below a free base, a joint whose zero is not
            the declared pose, a colliding shape that is no primitive, or lacks a body of `keep`.
    """
    mj = mujoco_module()
    links: list[Link] = []
    placed: dict[int, tuple[int, Floats, Floats]] = {}  # body -> its link, and its pose in that link's frame
    for body in range(1, model.nbody):
        pos, quat = np.array(model.body_pos[body]), np.array(model.body_quat[body])
        parent = -1
        if int(model.body_parentid[body]) in placed:
            parent, parent_pos, parent_quat = placed[int(model.body_parentid[body])]
            pos, quat = compose(parent_pos, parent_quat, pos, quat)
        name = model.body(body).name
        joint = _joint(mj, model, body, is_root=parent < 0)
        if parent < 0 or joint is not None or name in keep:
            links.append(Link(name, parent, pos, quat, 0.0, np.zeros(3), np.zeros((3, 3)), joint))
            placed[body] = len(links) - 1, np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0])
        else:
            placed[body] = parent, pos, quat
        index, pos, quat = placed[body]
        _add_mass(mj, links[index], model, body, pos, quat)
        links[index].solids += _solids(mj, model, body, pos, quat)
    missing = sorted(set(keep) - {link.name for link in links})
    if missing:
        raise SimulationError(f"the model has no body {', '.join(missing)}")
    return links


def forward_kinematics(
    links: Sequence[Link], base_pos: Floats, base_quat: Floats, joint_pos: dict[str, float]
) -> dict[str, tuple[Floats, Floats]]:
    """World pose of every link.

    Args:
        links: as `links_of` returns them.
        base_pos: (3,) origin of the root [m].
        base_quat: (4,) orientation of the root (w, x, y, z).
        joint_pos: joint name -> position [rad]; 0 where not named.

    Returns:
        Link name -> position (3,) [m] and orientation (4,) (w, x, y, z).
    """
    poses: list[tuple[Floats, Floats]] = []
    for link in links:
        if link.parent < 0:
            poses.append((np.array(base_pos, float), np.array(base_quat, float)))
            continue
        pos, quat = compose(*poses[link.parent], link.pos, link.quat)
        if link.joint is not None:
            half = joint_pos.get(link.joint.name, 0.0) / 2
            turn = np.concatenate([[np.cos(half)], np.sin(half) * link.joint.axis])
            # The anchor stays where it is.
            offset = link.joint.anchor - _rotate(turn, link.joint.anchor)
            pos, quat = compose(pos, quat, offset, turn)
        poses.append((pos, quat))
    return {link.name: pose for link, pose in zip(links, poses, strict=True)}


def _joint(mj: Any, model: Any, body: int, *, is_root: bool) -> Hinge | None:
    count, first = int(model.body_jntnum[body]), int(model.body_jntadr[body])
    kinds = [int(model.jnt_type[first + i]) for i in range(count)]
    name = model.body(body).name
    allowed = [[int(mj.mjtJoint.mjJNT_FREE)]] if is_root else [[], [int(mj.mjtJoint.mjJNT_HINGE)]]
    if kinds not in allowed:
        raise SimulationError(
            f"body {name!r} has joints of MuJoCo's types {kinds}: only a free root and single hinges convert"
        )
    if is_root or count == 0:
        return None
    if float(model.qpos0[model.jnt_qposadr[first]]) != 0.0:
        raise SimulationError(f"joint {model.joint(first).name!r} is not zero in the model's declared pose")
    return Hinge(
        name=model.joint(first).name,
        anchor=np.array(model.jnt_pos[first]),
        axis=np.array(model.jnt_axis[first]),
        limits=(float(model.jnt_range[first, 0]), float(model.jnt_range[first, 1]))
        if model.jnt_limited[first]
        else None,
        armature=float(model.dof_armature[model.jnt_dofadr[first]]),
    )


def _add_mass(mj: Any, link: Link, model: Any, body: int, pos: Floats, quat: Floats) -> None:
    """Merge the mass of a body, placed at `pos`, `quat` in the link's frame (parallel axis theorem)."""
    mass = float(model.body_mass[body])
    if mass <= 0:
        return
    com, axes = compose(pos, quat, model.body_ipos[body], model.body_iquat[body])
    turn = _matrix(mj, axes)
    tensor = turn @ np.diag(model.body_inertia[body]) @ turn.T
    total = link.mass + mass
    middle = (link.mass * link.com + mass * com) / total
    link.inertia = (
        link.inertia + link.mass * _spread(link.com - middle) + tensor + mass * _spread(com - middle)
    )
    link.mass, link.com = total, middle


def _spread(d: Floats) -> Floats:
    """(3, 3) inertia of a unit mass at distance `d` (3,)."""
    return (d @ d) * np.eye(3) - np.outer(d, d)


def _solids(mj: Any, model: Any, body: int, pos: Floats, quat: Floats) -> list[Solid]:
    first, solids = int(model.body_geomadr[body]), []
    names = {
        int(getattr(mj.mjtGeom, f"mjGEOM_{kind.upper()}")): kind
        for kind in ("sphere", "box", "capsule", "cylinder")
    }
    for geom in range(first, first + int(model.body_geomnum[body])):
        collides = bool(model.geom_contype[geom] or model.geom_conaffinity[geom])
        kind = names.get(int(model.geom_type[geom]))
        if kind is None:
            if collides:
                raise SimulationError(
                    f"a colliding shape of {model.body(body).name!r} is no sphere, box, capsule or cylinder"
                )
            continue
        place, turn = compose(pos, quat, model.geom_pos[geom], model.geom_quat[geom])
        name = model.geom(geom).name or f"{model.body(body).name}_{geom - first}"
        size, friction = np.array(model.geom_size[geom]), float(model.geom_friction[geom, 0])
        solids.append(Solid(name, kind, size, place, turn, collides, friction))
    return solids


def compose(pos: Any, quat: Any, child_pos: Any, child_quat: Any) -> tuple[Floats, Floats]:
    """Pose of a child, given in a frame, seen from outside of that frame."""
    quat, child_quat = np.array(quat, float), np.array(child_quat, float)
    turned = np.empty(4)
    mujoco_module().mju_mulQuat(turned, quat, child_quat)
    return np.array(pos, float) + _rotate(quat, np.array(child_pos, float)), turned


def _rotate(quat: Floats, vector: Floats) -> Floats:
    rotated = np.empty(3)
    mujoco_module().mju_rotVecQuat(rotated, np.array(vector, float), quat)
    return rotated


def _matrix(mj: Any, quat: Floats) -> Floats:
    matrix = np.empty(9)
    mj.mju_quat2Mat(matrix, np.array(quat, float))
    return matrix.reshape(3, 3)
