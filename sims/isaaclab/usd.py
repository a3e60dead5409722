"""Robots and the ground as USD files: converted at first use and kept in the user's cache folder."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from landward.atomic import describe_os_error
from landward.cache import cache_folder
from landward.errors import RegistryError, RunError, SimulationError
from robots import Robot, get_robot, robot_names
from robots.robot import robot_data_root
from sims.isaaclab.links import Link, links_of
from sims.isaaclab.usd_writer import VERSION, write_ground, write_robot
from sims.mujoco.model import build_model, mujoco_module
from sims.physics import PhysicsCfg
from sims.terrain import FLAT


@dataclass(frozen=True)
class Described:
    """A robot that Isaac Lab's own tasks use and that we do not declare: its URDF is all we know of it."""

    urdf: str
    """Path below the robots folder of the wheel `example-robot-data`."""
    feet: tuple[str, ...]
    """Links at the ends of the legs; each becomes a sphere."""


DESCRIBED: dict[str, Described] = {
    "go2": Described("go2_description/urdf/go2.urdf", ("FL_foot", "FR_foot", "RL_foot", "RR_foot")),
}
"""Name -> robot, for `robot_usd`."""


def robot_usd(name: str) -> Path:
    """The USD file of a robot with all its contact shapes.

    Bodies are direct children of the default prim, by the names of their links, feet included (Go2: base,
    FL_hip, FL_thigh, FL_calf, FL_foot and so on); joints have the names that they have in the URDF.

    Args:
        name: a key of `DESCRIBED` or of a declared robot.

    Raises:
        RegistryError: no such robot.
        MissingDependencyError: OpenUSD, MuJoCo or the wheel with the URDF files is not installed.
        RunError: the cache folder cannot be written.
    """
    if name in DESCRIBED:
        return _cached(described_links(DESCRIBED[name]), name)
    if name not in robot_names():
        known = ", ".join(sorted([*DESCRIBED, *robot_names()]))
        raise RegistryError(f"there is no robot {name!r} to convert to USD: choose one of {known}")
    return engine_usd(get_robot(name), PhysicsCfg(contact_bodies="all"))


def engine_usd(robot: Robot, physics: PhysicsCfg) -> Path:
    """The USD file of a declared robot with the contact shapes that `physics.contact_bodies` asks for.

    Raises:
        MissingDependencyError: as `robot_usd`.
        RunError: the cache folder cannot be written.
    """
    return _cached(robot_links(robot, physics), robot.name)


def ground_usd() -> Path:
    """The USD file of an endless plane without friction of its own; see `write_ground`."""
    return _at_first_use("ground", b"", write_ground)


def robot_links(robot: Robot, physics: PhysicsCfg) -> list[Link]:
    """The links of the MuJoCo engine's model; feet stay links of their own, so contacts have their name."""
    compiler = (*robot.urdf_compiler, ("fusestatic", "false"))
    # The actuator kind decides nothing about links; a dc_motor needs no feature of a recent MuJoCo.
    settings = dataclasses.replace(physics, actuator="dc_motor")
    model = build_model(dataclasses.replace(robot, urdf_compiler=compiler), settings, FLAT)
    return links_of(model, [shape.link for shape in robot.feet])


def described_links(described: Described) -> list[Link]:
    """The links of a URDF; each collision mesh becomes the box, on a foot the sphere, that MuJoCo fits to it.

    Raises:
        MissingDependencyError: the wheel with the URDF is not installed.
        SimulationError: MuJoCo cannot read or compile it.
    """
    mj = mujoco_module()
    path = robot_data_root() / described.urdf
    compiler = '<mujoco><compiler fusestatic="false" discardvisual="true" strippath="false"/></mujoco>'
    text = path.read_text().replace("package://example-robot-data/robots/", f"{path.parents[2]}/")
    try:
        spec = mj.MjSpec.from_string(re.sub(r"(<robot\b[^>]*>)", rf"\1{compiler}", text, count=1))
        spec.compiler.fitaabb = True
        for geom in spec.geoms:
            foot = geom.parent.name in described.feet
            if geom.type == mj.mjtGeom.mjGEOM_MESH:
                geom.type = mj.mjtGeom.mjGEOM_SPHERE if foot else mj.mjtGeom.mjGEOM_BOX
        spec.worldbody.bodies[0].add_freejoint()
        model = spec.compile()
    except ValueError as error:
        raise SimulationError(f"MuJoCo cannot convert {path}: {error}") from error
    return links_of(model, described.feet)


def _cached(links: Sequence[Link], name: str) -> Path:
    return _at_first_use(name, digest(links), lambda path: write_robot(links, name, path))


def digest(links: Sequence[Link]) -> bytes:
    """A key of the links' content, the same in every process."""
    text = repr([_plain(dataclasses.asdict(link)) for link in links])
    return text.encode()


def _plain(value: Any) -> Any:
    """Arrays as rounded lists: MuJoCo's releases differ in the last bits."""
    if isinstance(value, np.ndarray):
        return [round(float(x), 9) + 0.0 for x in value.ravel()]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def _at_first_use(name: str, content: bytes, write: Callable[[Path], None]) -> Path:
    key = hashlib.sha256(f"{VERSION}:".encode() + content).hexdigest()[:16]
    path = cache_folder("usd") / f"{name}-{key}" / f"{name}.usda"
    if not path.is_file():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write(path)
        except OSError as error:
            raise RunError(f"{describe_os_error('write', path, error)}; or set XDG_CACHE_HOME") from error
    return path
