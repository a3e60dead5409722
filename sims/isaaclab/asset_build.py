"""Builds a local asset root for Isaac Lab from what installed wheels ship; runs in Isaac Lab's environment.

    python -m sims.isaaclab.asset_build FOLDER

Newton's wheel (Apache-2.0) holds cartpole, ant and humanoid of Isaac Lab's tasks as USD; robots with a URDF
in example-robot-data (BSD-3-Clause) are converted; ground and markers are drawn here.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landward.atomic import describe_os_error, write_text_atomic
from landward.errors import LandwardError, RunError, require
from sims.isaaclab.assets import LAYOUT, MANIFEST

NEWTON = "newton"
EXAMPLES = "examples/assets"
HALF = 50.0
"""Half the side of the ground as it is drawn [m]; Isaac Lab scales it and takes this one as 100 m wide."""


@dataclass(frozen=True)
class Asset:
    """One file of the root."""

    path: str
    """Where Isaac Lab looks for it, below the root."""
    source: str
    """What it is made of, for the manifest."""
    write: Callable[[Path], None]
    """Writes it."""


def build(folder: Path) -> dict[str, Any]:
    """Write every asset below `folder`; files of the same name are replaced, others stay.

    Returns:
        The manifest: layout, version of Isaac Lab, path and source of each file.

    Raises:
        MissingDependencyError: OpenUSD, Newton or the wheel with the URDF files is not installed.
        RunError: the folder cannot be written.
    """
    for asset in ASSETS:
        path = folder / asset.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            asset.write(path)
        except OSError as error:
            raise RunError(describe_os_error("write", path, error)) from error
    manifest = {
        "layout": LAYOUT,
        "isaaclab": importlib.metadata.version("isaaclab"),
        "assets": [{"path": asset.path, "source": asset.source} for asset in ASSETS],
    }
    write_text_atomic(folder / MANIFEST, json.dumps(manifest, indent=2) + "\n")
    return manifest


def from_newton(name: str, default_prim: str) -> Callable[[Path], None]:
    """A file of Newton's examples, with a DriveAPI on every joint.

    PhysX silently ignores the gains of an implicit actuator on joints without one. Gains of 0 leave the joint
    free until Isaac Lab sets its own.
    """

    def write(path: Path) -> None:
        usd = _pxr()
        stage = usd.Usd.Stage.Open(str(newton_file(name)))
        prim = stage.GetPrimAtPath(f"/{default_prim}")
        if not prim:
            raise LandwardError(
                f"{newton_file(name)} has no prim /{default_prim}: another Newton than 1.6.1?"
            )
        stage.SetDefaultPrim(prim)
        for joint in stage.Traverse():
            if joint.IsA(usd.UsdPhysics.PrismaticJoint):
                _free_drive(usd, joint, "linear")
            elif joint.IsA(usd.UsdPhysics.RevoluteJoint):
                _free_drive(usd, joint, "angular")
        stage.GetRootLayer().Export(str(path))

    return write


def newton_file(name: str) -> Path:
    """A file of Newton's examples; Newton is not imported.

    Raises:
        LandwardError: the installed Newton has no such file.
    """
    spec = importlib.util.find_spec(NEWTON)
    folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else []
    for folder in folders:
        path = Path(folder) / EXAMPLES / name
        if path.is_file():
            return path
    raise LandwardError(
        f"the installed {NEWTON} has no {EXAMPLES}/{name}; Isaac Lab 3.0.0 brings Newton 1.6.1, which has it"
    )


def robot(name: str) -> Callable[[Path], None]:
    """A robot converted from its URDF; see `sims.isaaclab.usd`."""

    def write(path: Path) -> None:
        from sims.isaaclab.usd import robot_usd

        shutil.copyfile(robot_usd(name), path)

    return write


def ground(path: Path) -> None:
    """The ground: an endless collision plane z = 0, drawn as a square.

    Isaac Lab looks for a Plane, and for a prim Environment with a scale and a mesh with texture coordinates.
    """
    usd = _pxr()
    stage, _ = _stage(usd, "World")
    environment = usd.UsdGeom.Xform.Define(stage, "/World/Environment")
    environment.AddScaleOp().Set(usd.Gf.Vec3f(1.0))
    mesh = usd.UsdGeom.Mesh.Define(stage, "/World/Environment/Geometry")
    corners = [(-HALF, -HALF, 0.0), (HALF, -HALF, 0.0), (HALF, HALF, 0.0), (-HALF, HALF, 0.0)]
    mesh.CreatePointsAttr(corners)
    mesh.CreateFaceVertexCountsAttr([4])
    mesh.CreateFaceVertexIndicesAttr([0, 1, 2, 3])
    texture = usd.UsdGeom.PrimvarsAPI(mesh).CreatePrimvar(
        "st", usd.Sdf.ValueTypeNames.TexCoord2fArray, "vertex"
    )
    texture.Set([usd.Gf.Vec2f(x, y) for x, y, _ in corners])
    plane = usd.UsdGeom.Plane.Define(stage, "/World/GroundPlane/CollisionPlane")
    plane.CreateAxisAttr("Z")
    plane.CreatePurposeAttr("guide")
    usd.UsdPhysics.CollisionAPI.Apply(plane.GetPrim())
    stage.GetRootLayer().Export(str(path))


def arrow(path: Path) -> None:
    """A marker: an arrow 1 m long along x."""
    usd = _pxr()
    stage, root = _stage(usd, "arrow_x")
    _draw_arrow(usd, stage, f"{root.GetPath()}", "X", (1.0, 1.0, 1.0))
    stage.GetRootLayer().Export(str(path))


def frame(path: Path) -> None:
    """A marker: three arrows 1 m long, x red, y green, z blue."""
    usd = _pxr()
    stage, root = _stage(usd, "frame")
    for axis, colour in (("X", (1.0, 0.0, 0.0)), ("Y", (0.0, 1.0, 0.0)), ("Z", (0.0, 0.0, 1.0))):
        usd.UsdGeom.Xform.Define(stage, f"{root.GetPath()}/{axis}")
        _draw_arrow(usd, stage, f"{root.GetPath()}/{axis}", axis, colour)
    stage.GetRootLayer().Export(str(path))


ASSETS = (
    Asset(
        "Isaac/IsaacLab/Environments/Grid/default_ground_plane_checker_v1/default_ground_plane.usda",
        "drawn by Landward",
        ground,
    ),
    Asset("Isaac/Props/UIElements/arrow_x.usd", "drawn by Landward", arrow),
    Asset("Isaac/Props/UIElements/frame_prim.usd", "drawn by Landward", frame),
    Asset(
        "Isaac/IsaacLab/Robots/Classic/Cartpole/cartpole.usd",
        f"{NEWTON}: cartpole_single_pendulum.usda",
        from_newton("cartpole_single_pendulum.usda", "cartpole"),
    ),
    Asset(
        "Isaac/Robots/IsaacSim/Ant/ant_instanceable.usd",
        f"{NEWTON}: ant.usda",
        from_newton("ant.usda", "ant"),
    ),
    Asset(
        "Isaac/Robots/IsaacSim/Humanoid/humanoid_instanceable.usd",
        f"{NEWTON}: humanoid.usda",
        from_newton("humanoid.usda", "nv_humanoid"),
    ),
    Asset(
        "Isaac/IsaacLab/Robots/Unitree/Go2/go2.usd",
        "example-robot-data: go2_description/urdf/go2.urdf",
        robot("go2"),
    ),
)
"""All that is built."""


def _pxr() -> Any:
    for name in ("Gf", "Sdf", "Usd", "UsdGeom", "UsdPhysics"):
        require(f"pxr.{name}", "isaaclab", "assets are written as USD")
    return require("pxr", "isaaclab", "assets are written as USD")


def _stage(usd: Any, name: str) -> tuple[Any, Any]:
    """A stage in metres with z up, and its default prim /name."""
    stage = usd.Usd.Stage.CreateInMemory()
    usd.UsdGeom.SetStageUpAxis(stage, "Z")
    usd.UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    root = usd.UsdGeom.Xform.Define(stage, f"/{name}").GetPrim()
    stage.SetDefaultPrim(root)
    return stage, root


def _free_drive(usd: Any, joint: Any, kind: str) -> None:
    if joint.HasAPI(usd.UsdPhysics.DriveAPI, kind):
        return
    drive = usd.UsdPhysics.DriveAPI.Apply(joint, kind)
    drive.CreateTypeAttr("force")
    drive.CreateStiffnessAttr(0.0)
    drive.CreateDampingAttr(0.0)


def _draw_arrow(usd: Any, stage: Any, path: str, axis: str, colour: tuple[float, float, float]) -> None:
    """A shaft from 0 to 0.8 m and a cone from there to 1 m."""
    for name, shape, radius, start, end in (
        ("shaft", "Cylinder", 0.02, 0.0, 0.8),
        ("tip", "Cone", 0.06, 0.8, 1.0),
    ):
        part = getattr(usd.UsdGeom, shape).Define(stage, f"{path}/{name}")
        part.CreateAxisAttr(axis)
        part.CreateRadiusAttr(radius)
        part.CreateHeightAttr(end - start)
        part.CreateDisplayColorAttr([usd.Gf.Vec3f(*colour)])
        middle = [(start + end) / 2 if letter == axis else 0.0 for letter in "XYZ"]
        part.AddTranslateOp().Set(usd.Gf.Vec3d(*middle))


if __name__ == "__main__":
    try:
        build(Path(sys.argv[1]))
    except LandwardError as error:
        sys.exit(f"error: {error}")
