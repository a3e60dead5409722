"""Links -> USD with the physics schemas that Newton and PhysX read.

Bodies are siblings below the robot's prim: a contact sensor's path `{ENV_REGEX_NS}/Robot/.*` finds them.
Every joint carries a DriveAPI: without one PhysX ignores an actuator's gains while it reports them.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from landward.errors import require
from sims.isaaclab.links import Link, Solid, compose

VERSION = 3
"""Part of the cache's key: raise it when the files that this module writes change."""
GROUND_PRIM = "ground"
SLIPPERY = 1e-4
"""Friction of the ground itself; MuJoCo Warp warns of less than 1e-5."""


def write_robot(links: Sequence[Link], name: str, path: Path) -> None:
    """Write one free-floating robot as an articulation.

    Args:
        links: parents first.
        name: of the default prim.
        path: .usda or .usd file; its folder must exist. It appears whole or not at all.

    Raises:
        MissingDependencyError: OpenUSD (`pxr`) is not installed.
    """
    usd = _pxr("Usd", "UsdGeom", "UsdPhysics")
    stage = _new_stage(usd)
    root = usd.UsdGeom.Xform.Define(stage, f"/{_prim_name(name)}").GetPrim()
    stage.SetDefaultPrim(root)
    usd.UsdPhysics.ArticulationRootAPI.Apply(root)
    # Robots touch the ground only, as in our MuJoCo models.
    _attribute(root, "PhysxArticulationAPI", "physxArticulation:enabledSelfCollisions", "Bool", False)
    _attribute(root, "NewtonArticulationRootAPI", "newton:selfCollisionEnabled", "Bool", False)
    poses: list[tuple[Any, Any]] = []
    for link in links:
        pose = (link.pos, link.quat)
        poses.append(pose if link.parent < 0 else compose(*poses[link.parent], *pose))
        # The root's pose is the spawner's business.
        body = _write_body(stage, root, link, poses[-1] if link.parent >= 0 else _IDENTITY)
        for solid in link.solids:
            _write_solid(stage, root, body, solid)
    usd.UsdGeom.Scope.Define(stage, root.GetPath().AppendChild("joints"))
    for link in links:
        if link.parent >= 0:
            _write_joint(stage, root, link, links[link.parent].name)
    _save(stage, path)


def write_ground(path: Path) -> None:
    """Write an endless horizontal plane z = 0 on which a contact has the friction of what touches it.

    Its own friction is next to none and contacts take the larger of the two: Newton's MuJoCo solver always
    does, PhysX when one of the materials asks for it.
    """
    usd = _pxr("Usd", "UsdGeom", "UsdPhysics")
    stage = _new_stage(usd)
    root = usd.UsdGeom.Xform.Define(stage, f"/{GROUND_PRIM}").GetPrim()
    stage.SetDefaultPrim(root)
    plane = usd.UsdGeom.Plane.Define(stage, f"/{GROUND_PRIM}/plane")
    plane.CreateAxisAttr("Z")
    plane.CreatePurposeAttr("guide")
    usd.UsdPhysics.CollisionAPI.Apply(plane.GetPrim())
    material = _material(stage, root, SLIPPERY)
    _attribute(material, "PhysxMaterialAPI", "physxMaterial:frictionCombineMode", "Token", "max")
    _bind(plane.GetPrim(), material)
    _save(stage, path)


_IDENTITY = (np.zeros(3), np.array([1.0, 0.0, 0.0, 0.0]))


def _pxr(*names: str) -> Any:
    """The namespace `pxr` with the modules `names` imported."""
    for name in ("Gf", "Sdf", "Usd", "UsdShade", *names):
        require(f"pxr.{name}", "isaaclab", "robots are converted to USD with it")
    return require("pxr", "isaaclab", "robots are converted to USD with it")


def _new_stage(usd: Any) -> Any:
    stage = usd.Usd.Stage.CreateInMemory()
    usd.UsdGeom.SetStageUpAxis(stage, "Z")
    usd.UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    usd.UsdPhysics.SetStageKilogramsPerUnit(stage, 1.0)
    return stage


def _write_body(stage: Any, root: Any, link: Link, pose: tuple[Any, Any]) -> Any:
    usd = _pxr("UsdGeom", "UsdPhysics")
    body = usd.UsdGeom.Xform.Define(stage, root.GetPath().AppendChild(link.name)).GetPrim()
    _place(body, *pose)
    usd.UsdPhysics.RigidBodyAPI.Apply(body)
    moments, axes = link.principal()
    mass = usd.UsdPhysics.MassAPI.Apply(body)
    mass.CreateMassAttr(link.mass)
    mass.CreateCenterOfMassAttr(_vector(link.com))
    mass.CreateDiagonalInertiaAttr(_vector(moments))
    mass.CreatePrincipalAxesAttr(_quaternion(axes))
    return body


def _write_solid(stage: Any, root: Any, body: Any, solid: Solid) -> None:
    usd = _pxr("UsdGeom", "UsdPhysics")
    path = body.GetPath().AppendChild(_prim_name(solid.name))
    shape = getattr(usd.UsdGeom, {"box": "Cube"}.get(solid.kind, solid.kind.capitalize())).Define(stage, path)
    scale = np.ones(3)
    if solid.kind == "box":
        shape.CreateSizeAttr(2.0)
        scale = solid.size
    else:
        shape.CreateRadiusAttr(float(solid.size[0]))
    if solid.kind in ("capsule", "cylinder"):
        shape.CreateAxisAttr("Z")
        shape.CreateHeightAttr(2.0 * float(solid.size[1]))
    prim = shape.GetPrim()
    _place(prim, solid.pos, solid.quat, scale)
    if solid.collides:
        usd.UsdPhysics.CollisionAPI.Apply(prim)
        _bind(prim, _material(stage, root, solid.friction))


def _write_joint(stage: Any, root: Any, link: Link, parent: str) -> None:
    usd = _pxr("UsdPhysics")
    name = link.joint.name if link.joint else f"{link.name}_fixed"
    path = root.GetPath().AppendPath(f"joints/{name}")
    # Along which axis of the joint's frame the hinge turns is free: +x for all.
    turn, anchor = _IDENTITY[1], _IDENTITY[0]
    if link.joint is None:
        joint = usd.UsdPhysics.FixedJoint.Define(stage, path)
    else:
        joint = usd.UsdPhysics.RevoluteJoint.Define(stage, path)
        turn, anchor = _from_x(link.joint.axis), link.joint.anchor
        joint.CreateAxisAttr("X")
        if link.joint.limits is not None:
            joint.CreateLowerLimitAttr(math.degrees(link.joint.limits[0]))
            joint.CreateUpperLimitAttr(math.degrees(link.joint.limits[1]))
        drive = usd.UsdPhysics.DriveAPI.Apply(joint.GetPrim(), "angular")
        drive.CreateTypeAttr("force")
        drive.CreateStiffnessAttr(0.0)
        drive.CreateDampingAttr(0.0)
        for schema, prefix in (("PhysxJointAPI", "physxJoint"), ("NewtonJointAPI", "newton")):
            _attribute(joint.GetPrim(), schema, f"{prefix}:armature", "Float", link.joint.armature)
    pos, quat = compose(link.pos, link.quat, anchor, turn)
    joint.CreateBody0Rel().SetTargets([root.GetPath().AppendChild(parent)])
    joint.CreateBody1Rel().SetTargets([root.GetPath().AppendChild(link.name)])
    joint.CreateLocalPos0Attr(_vector(pos))
    joint.CreateLocalRot0Attr(_quaternion(quat))
    joint.CreateLocalPos1Attr(_vector(anchor))
    joint.CreateLocalRot1Attr(_quaternion(turn))


def _from_x(axis: Any) -> Any:
    """The shortest turn (w, x, y, z) that takes the x axis to the unit vector `axis` (3,)."""
    if axis[0] < -1 + 1e-12:
        return np.array([0.0, 0.0, 0.0, 1.0])
    quat = np.array([1.0 + axis[0], 0.0, -axis[2], axis[1]])
    return quat / np.linalg.norm(quat)


def _material(stage: Any, root: Any, friction: float) -> Any:
    """The prim of the material with this friction, made when there is none yet."""
    usd = _pxr("UsdPhysics")
    path = root.GetPath().AppendPath(f"materials/{_prim_name(f'friction_{friction:.6g}')}")
    prim = stage.GetPrimAtPath(path)
    if not prim:
        usd.UsdGeom.Scope.Define(stage, path.GetParentPath())
        prim = usd.UsdShade.Material.Define(stage, path).GetPrim()
        material = usd.UsdPhysics.MaterialAPI.Apply(prim)
        material.CreateStaticFrictionAttr(friction)
        material.CreateDynamicFrictionAttr(friction)
        material.CreateRestitutionAttr(0.0)
    return prim


def _bind(prim: Any, material: Any) -> None:
    usd = _pxr()
    binding = usd.UsdShade.MaterialBindingAPI.Apply(prim)
    strength = usd.UsdShade.Tokens.weakerThanDescendants
    binding.Bind(usd.UsdShade.Material(material), strength, "physics")


def _attribute(prim: Any, schema: str, name: str, kind: str, value: object) -> None:
    """Set an attribute of a schema that this OpenUSD may not know; readers look for its name."""
    usd = _pxr()
    prim.AddAppliedSchema(schema)
    prim.CreateAttribute(name, getattr(usd.Sdf.ValueTypeNames, kind)).Set(value)


def _place(prim: Any, pos: Any, quat: Any, scale: Any = None) -> None:
    usd = _pxr("UsdGeom")
    xform = usd.UsdGeom.Xformable(prim)
    xform.AddTranslateOp(usd.UsdGeom.XformOp.PrecisionDouble).Set(usd.Gf.Vec3d(*map(float, pos)))
    orient = usd.Gf.Quatd(float(quat[0]), usd.Gf.Vec3d(*map(float, quat[1:])))
    xform.AddOrientOp(usd.UsdGeom.XformOp.PrecisionDouble).Set(orient)
    size = usd.Gf.Vec3d(*map(float, np.ones(3) if scale is None else scale))
    xform.AddScaleOp(usd.UsdGeom.XformOp.PrecisionDouble).Set(size)


def _vector(values: Any) -> Any:
    return _pxr().Gf.Vec3f(*map(float, values))


def _quaternion(quat: Any) -> Any:
    return _pxr().Gf.Quatf(float(quat[0]), _vector(quat[1:]))


def _prim_name(name: str) -> str:
    """`name` with what a prim's name may not hold replaced."""
    return re.sub(r"\W", "_", name)


def _save(stage: Any, path: Path) -> None:
    """Export to a folder beside `path` and rename: OpenUSD picks the format by the file's ending."""
    folder = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        stage.GetRootLayer().Export(str(folder / path.name))
        os.replace(folder / path.name, path)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
