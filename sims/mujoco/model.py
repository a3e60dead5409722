"""A robot's URDF -> a compiled MuJoCo model with our contact shapes, sensors and actuators."""

from __future__ import annotations

import logging
import math
import re
from typing import Any

import numpy as np

from landward.errors import SimulationError, require
from robots import Robot, Shape
from sims.offscreen import choose_renderer
from sims.physics import PhysicsCfg
from sims.terrain import Terrain

ROOT_JOINT = "root"
GROUND = "ground"
FOOT_SENSOR, BODY_SENSOR = "foot_force.", "body_force."
_LOG = logging.getLogger("landward.mujoco")
_GREY, _DARK, _FOOT_RGBA = (0.72, 0.74, 0.78, 1.0), (0.16, 0.17, 0.2, 1.0), (0.95, 0.45, 0.1, 1.0)


def mujoco_module() -> Any:
    """MuJoCo, imported when asked for.

    Raises:
        MissingDependencyError: MuJoCo is not installed.
    """
    choose_renderer()
    mj = require("mujoco", "sim", "the MuJoCo engine")
    if mj.get_mju_user_warning() is None:
        # Otherwise MuJoCo appends its warnings to MUJOCO_LOG.TXT in whatever folder the user works in.
        mj.set_mju_user_warning(_LOG.debug)
    return mj


def build_model(robot: Robot, physics: PhysicsCfg, terrain: Terrain, *, visual: bool = False) -> Any:
    """Compile the model.

    Args:
        robot: its URDF gives links, joints and inertias; its shapes the contacts.
        physics: numerical settings; `dc_motor` makes torque actuators, `pd` position servos.
        terrain: the ground.
        visual: add lights, textures and, where MuJoCo can read them, the URDF's meshes.

    Raises:
        SimulationError: the compiled model has no finite masses, or MuJoCo refuses it.
    """
    mj = mujoco_module()
    spec = _read_urdf(mj, robot, keep_meshes=visual and robot.meshes)
    root = spec.worldbody.bodies[0]
    root.add_freejoint(name=ROOT_JOINT)
    _add_ground(mj, spec, terrain, visual)
    _add_shapes(mj, spec, robot, physics, terrain, drawn=not (visual and robot.meshes))
    _add_joints_and_actuators(mj, spec, robot, physics)
    _add_sensors(mj, spec, robot)
    if visual:
        _add_scenery(mj, spec, root)
    _set_options(mj, spec, physics)
    try:
        model = spec.compile()
    except ValueError as error:
        raise SimulationError(f"MuJoCo refuses the model of {robot.name} ({robot.urdf}): {error}") from error
    model.opt.disableflags |= int(mj.mjtDisableBit.mjDSBL_ISLAND) | int(mj.mjtDisableBit.mjDSBL_AUTORESET)
    _check_finite(model, robot)
    return model


def _read_urdf(mj: Any, robot: Robot, *, keep_meshes: bool) -> Any:
    options = {
        "fusestatic": "true",
        "discardvisual": "false",
        "strippath": "false",
        **dict(robot.urdf_compiler),
    }
    attributes = " ".join(f'{key}="{value}"' for key, value in options.items())
    path = robot.urdf_path
    text = path.read_text().replace("package://example-robot-data/robots/", f"{path.parents[2]}/")
    text = re.sub(r"(<robot\b[^>]*>)", rf"\1<mujoco><compiler {attributes}/></mujoco>", text, count=1)
    try:
        spec = mj.MjSpec.from_string(text)
    except ValueError as error:
        raise SimulationError(f"MuJoCo cannot read {path}: {error}") from error
    for body in spec.bodies:
        _mend_inertia(body, float(options.get("boundinertia", 0.0)))
    for geom in list(spec.geoms):
        is_mesh = geom.type == mj.mjtGeom.mjGEOM_MESH
        if keep_meshes and is_mesh and geom.contype == 0 and geom.conaffinity == 0:
            geom.mass, geom.group = 0.0, 2
        else:
            spec.delete(geom)
    if not keep_meshes:
        for mesh in list(spec.meshes):
            spec.delete(mesh)
    return spec


def _mend_inertia(body: Any, smallest: float) -> None:
    """Raise the principal inertias of an impossible tensor to `smallest` [kg m^2], as `boundinertia` asks.

    MuJoCo 4 does this itself; before it, a tensor that is not positive definite was refused first.
    """
    xx, yy, zz, xy, xz, yz = body.fullinertia
    tensor = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    if smallest <= 0 or not np.isfinite(tensor).all():
        return
    moments, axes = np.linalg.eigh(tensor)
    if moments[0] > 1e-3 * smallest:
        return
    tensor = axes @ np.diag(np.maximum(moments, smallest)) @ axes.T
    body.fullinertia = [*tensor.diagonal(), tensor[0, 1], tensor[0, 2], tensor[1, 2]]


def _add_ground(mj: Any, spec: Any, terrain: Terrain, visual: bool) -> None:
    if terrain.heights is None:
        ground = spec.worldbody.add_geom(name=GROUND, type=mj.mjtGeom.mjGEOM_PLANE, size=[0, 0, 0.05])
    else:
        low, high = float(terrain.heights.min()), float(terrain.heights.max())
        rows, columns = terrain.heights.shape
        extent = max(high - low, 1e-3)
        spec.add_hfield(
            name=GROUND,
            nrow=rows,
            ncol=columns,
            size=[(columns - 1) * terrain.cell / 2, (rows - 1) * terrain.cell / 2, extent, 1.0],
            userdata=((terrain.heights - low) / extent).astype(np.float32).ravel(),
        )
        ground = spec.worldbody.add_geom(
            name=GROUND, type=mj.mjtGeom.mjGEOM_HFIELD, hfieldname=GROUND, pos=[0.0, 0.0, low]
        )
    ground.contype, ground.conaffinity, ground.condim = 1, 0, 3
    if visual:
        spec.add_texture(
            name=GROUND,
            type=mj.mjtTexture.mjTEXTURE_2D,
            builtin=mj.mjtBuiltin.mjBUILTIN_CHECKER,
            rgb1=[0.82, 0.84, 0.87],
            rgb2=[0.68, 0.71, 0.76],
            width=256,
            height=256,
        )
        material = spec.add_material(name=GROUND, texrepeat=[2, 2], texuniform=True, reflectance=0.0)
        material.textures[mj.mjtTextureRole.mjTEXROLE_RGB] = GROUND
        ground.material = GROUND


def _add_shapes(
    mj: Any, spec: Any, robot: Robot, physics: PhysicsCfg, terrain: Terrain, *, drawn: bool
) -> None:
    touching = {"feet": {robot.base}, "watched": {robot.base, *robot.watched}, "all": None}[
        physics.contact_bodies
    ]
    for index, shape in enumerate(robot.bodies):
        geom = _add_shape(mj, spec, shape, f"{shape.link}.{index}", drawn)
        geom.rgba = _GREY if shape.link == robot.base else _DARK
        _set_contact(geom, shape.collides and (touching is None or shape.link in touching))
    for name, shape in zip(robot.foot_names, robot.feet, strict=True):
        geom = _add_shape(mj, spec, shape, name, drawn)
        geom.rgba = _FOOT_RGBA
        _set_contact(geom, True)
        # Without priority a contact takes the larger friction of its geoms: slippery feet would not slip.
        geom.priority = 1
        geom.friction = [0.8, 0.005, 0.0001]
        if terrain.heights is not None:
            # Once the centre of a foot is below a height field, MuJoCo's contact normals turn horizontal and
            # the foot stays trapped: the stiffest contact that the step allows keeps it out.
            geom.solref = [2 * physics.timestep, 1.0]


def _add_shape(mj: Any, spec: Any, shape: Shape, name: str, drawn: bool) -> Any:
    kind = getattr(mj.mjtGeom, f"mjGEOM_{shape.kind.upper()}")
    size = [*shape.size, *[0.0] * (3 - len(shape.size))]
    body = spec.body(shape.link)
    if body is None:
        raise SimulationError(f"shape {name}: the URDF has no link {shape.link!r}")
    geom = body.add_geom(
        name=name, type=kind, size=size, pos=list(shape.pos), quat=_quat(shape.euler), mass=0.0
    )
    geom.group = 1 if drawn else 3
    return geom


def _set_contact(geom: Any, touches: bool) -> None:
    """Robot geoms touch the ground only (contype 0): self-collision costs time for little."""
    geom.contype, geom.conaffinity, geom.condim = 0, int(touches), 3


def _add_joints_and_actuators(mj: Any, spec: Any, robot: Robot, physics: PhysicsCfg) -> None:
    samples = math.ceil(physics.max_latency / physics.timestep - 1e-9) + 2 if physics.max_latency > 0 else 0
    for index, name in enumerate(robot.joint_names):
        joint = spec.joint(name)
        if joint is None:
            raise SimulationError(f"robot {robot.name}: {robot.urdf} has no joint {name!r}")
        joint.armature = robot.armature[index]
        joint.damping = [robot.joint_damping[index], 0.0, 0.0]
        joint.frictionloss = robot.joint_friction[index]
        joint.range, joint.limited = list(robot.joint_limits[index]), mj.mjtLimited.mjLIMITED_TRUE
        actuator = spec.add_actuator(name=name, target=name, trntype=mj.mjtTrn.mjTRN_JOINT)
        limit = robot.effort_limit[index]
        actuator.forcerange, actuator.forcelimited = [-limit, limit], mj.mjtLimited.mjLIMITED_TRUE
        actuator.ctrllimited = mj.mjtLimited.mjLIMITED_FALSE
        if physics.actuator == "pd":
            actuator.gainprm[0] = robot.stiffness[index]
            actuator.biastype = mj.mjtBias.mjBIAS_AFFINE
            actuator.biasprm[1], actuator.biasprm[2] = -robot.stiffness[index], -robot.damping[index]
            actuator.nsample, actuator.delay = samples, physics.timestep if samples else 0.0


def _add_sensors(mj: Any, spec: Any, robot: Robot) -> None:
    """Net contact force on each foot and each watched link, world frame [N]."""
    force = 1 << int(mj.mjtConDataField.mjCONDATA_FORCE)
    for name in robot.foot_names:
        _contact_sensor(mj, spec, FOOT_SENSOR + name, mj.mjtObj.mjOBJ_GEOM, name, force)
    for link in robot.watched:
        _contact_sensor(mj, spec, BODY_SENSOR + link, mj.mjtObj.mjOBJ_BODY, link, force)


def _contact_sensor(mj: Any, spec: Any, name: str, kind: Any, target: str, data: int) -> None:
    net_force = 3  # reduce: the net wrench of all contacts
    spec.add_sensor(
        name=name,
        type=mj.mjtSensor.mjSENS_CONTACT,
        objtype=kind,
        objname=target,
        reftype=mj.mjtObj.mjOBJ_GEOM,
        refname=GROUND,
        intprm=[data, net_force, 1],
    )


def _add_scenery(mj: Any, spec: Any, root: Any) -> None:
    spec.visual.headlight.ambient = [0.4, 0.4, 0.4]
    spec.visual.headlight.diffuse = [0.3, 0.3, 0.3]
    spec.visual.map.shadowclip = 3.0  # wider than the view, or its edge shows as dots on the ground
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 1920, 1080
    spec.add_texture(
        name="sky",
        type=mj.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mj.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=[0.93, 0.95, 0.98],
        rgb2=[0.62, 0.72, 0.85],
        width=256,
        height=1536,
    )
    root.add_light(
        pos=[0.5, -1.0, 3.0],
        dir=[-0.15, 0.3, -1.0],
        mode=mj.mjtCamLight.mjCAMLIGHT_TRACKCOM,
        type=mj.mjtLightType.mjLIGHT_DIRECTIONAL,
        diffuse=[0.6, 0.6, 0.6],
    )


def _set_options(mj: Any, spec: Any, physics: PhysicsCfg) -> None:
    spec.option.timestep = physics.timestep
    spec.option.integrator = mj.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.iterations, spec.option.ls_iterations = physics.iterations, physics.ls_iterations
    spec.option.cone = getattr(mj.mjtCone, f"mjCONE_{physics.cone.upper()}")


def _check_finite(model: Any, robot: Robot) -> None:
    for name in ("body_mass", "body_inertia", "body_pos", "dof_armature", "actuator_gainprm", "geom_size"):
        if not np.isfinite(getattr(model, name)).all():
            raise SimulationError(
                f"the model of {robot.name} has a NaN or infinite {name}: check robots/{robot.name}"
            )


def _quat(euler: tuple[float, float, float]) -> list[float]:
    """URDF roll, pitch, yaw about fixed axes -> quaternion (w, x, y, z)."""
    (cr, sr), (cp, sp), (cy, sy) = ((math.cos(a / 2), math.sin(a / 2)) for a in euler)
    return [
        cr * cp * cy + sr * sp * sy,
        sr * cp * cy - cr * sp * sy,
        cr * sp * cy + sr * cp * sy,
        cr * cp * sy - sr * sp * cy,
    ]
