import json
from pathlib import Path

import pytest

pytest.importorskip("isaaclab", reason="needs Isaac Lab: make setup-isaaclab")

from pxr import Gf, Usd, UsdGeom, UsdPhysics

from landward.errors import LandwardError, RunError
from sims.environments import run_module
from sims.isaaclab.asset_build import ASSETS, build, newton_file
from sims.isaaclab.assets import check_manifest

pytestmark = pytest.mark.isaaclab

CARTPOLE = "Isaac/IsaacLab/Robots/Classic/Cartpole/cartpole.usd"
GROUND = "Isaac/IsaacLab/Environments/Grid/default_ground_plane_checker_v1/default_ground_plane.usda"
ROBOTS = [
    (CARTPOLE, "cartpole", {"slider_to_cart", "cart_to_pole"}),
    ("Isaac/Robots/IsaacSim/Ant/ant_instanceable.usd", "ant", {"front_left_leg", "right_back_foot"}),
    ("Isaac/Robots/IsaacSim/Humanoid/humanoid_instanceable.usd", "nv_humanoid", {"right_knee", "left_foot"}),
    ("Isaac/IsaacLab/Robots/Unitree/Go2/go2.usd", "go2", {"FL_hip_joint", "RR_calf_joint"}),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole asset root, robots converted in a cache folder of its own."""
    folder = tmp_path_factory.mktemp("root")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        build(folder)
    return folder


def test_the_manifest_lists_what_was_written(root: Path) -> None:
    manifest = check_manifest(root)
    assert manifest["isaaclab"] == "3.0.0"
    assert [entry["path"] for entry in manifest["assets"]] == [asset.path for asset in ASSETS]


@pytest.mark.parametrize(("path", "default", "joints"), ROBOTS)
def test_a_robot_is_an_articulation_whose_moving_joints_have_drives(
    root: Path, path: str, default: str, joints: set[str]
) -> None:
    stage = Usd.Stage.Open(str(root / path))
    assert stage.GetDefaultPrim().GetName() == default
    below = list(Usd.PrimRange(stage.GetDefaultPrim()))
    assert sum(prim.HasAPI(UsdPhysics.ArticulationRootAPI) for prim in below) == 1
    assert joints <= {prim.GetName() for prim in below if prim.IsA(UsdPhysics.Joint)}
    turning = [prim for prim in below if prim.IsA(UsdPhysics.RevoluteJoint)]
    sliding = [prim for prim in below if prim.IsA(UsdPhysics.PrismaticJoint)]
    assert turning
    assert all(prim.HasAPI(UsdPhysics.DriveAPI, "angular") for prim in turning)
    assert all(prim.HasAPI(UsdPhysics.DriveAPI, "linear") for prim in sliding)


def test_the_cartpoles_drives_leave_it_free(root: Path) -> None:
    stage = Usd.Stage.Open(str(root / CARTPOLE))
    drive = UsdPhysics.DriveAPI(stage.GetPrimAtPath("/cartpole/slider/slider_to_cart"), "linear")
    assert (drive.GetStiffnessAttr().Get(), drive.GetDampingAttr().Get()) == (0.0, 0.0)


def test_the_ground_has_what_isaac_lab_changes_on_it(root: Path) -> None:
    stage = Usd.Stage.Open(str(root / GROUND))
    top = f"/{stage.GetDefaultPrim().GetName()}"
    assert stage.GetPrimAtPath(f"{top}/Environment").GetAttribute("xformOp:scale").Get() == Gf.Vec3f(1)
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath(f"{top}/Environment/Geometry"))
    assert len(UsdGeom.PrimvarsAPI(mesh).GetPrimvar("st").Get()) == 4
    size = UsdGeom.Imageable(mesh).ComputeLocalBound(0.0, "default").ComputeAlignedRange().GetSize()
    assert tuple(size) == (100.0, 100.0, 0.0)
    planes = [prim for prim in stage.Traverse() if prim.GetTypeName() == "Plane"]
    assert [prim.HasAPI(UsdPhysics.CollisionAPI) for prim in planes] == [True]


def test_building_again_replaces_the_files_and_keeps_others(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(root / "cache"))
    (root / GROUND).write_text("broken")
    (root / "mine.usd").write_text("mine")
    build(root)
    assert Usd.Stage.Open(str(root / GROUND))
    assert (root / "mine.usd").read_text() == "mine"


def test_another_newton_without_the_file_is_an_error() -> None:
    with pytest.raises(LandwardError, match="the installed newton has no examples/assets/no_such.usda"):
        newton_file("no_such.usda")


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "Isaac").write_text("a file where a folder is meant")
    with pytest.raises(RunError, match=r"^cannot write .*default_ground_plane.usda: "):
        build(tmp_path)


@pytest.mark.slow
def test_registered_tasks_say_what_they_lack(root: Path) -> None:
    said = run_module("isaaclab", "sims.isaaclab.asset_tasks", variables={"ISAACSIM_ASSET_ROOT": str(root)})
    needs = json.loads(said)
    free = {"missing": [], "remote": []}
    for task in ("Isaac-Cartpole-Direct", "Isaac-Ant", "Isaac-Humanoid", "Isaac-Velocity-Flat-UnitreeGo2"):
        assert needs[task] == free, task
    assert "Isaac/IsaacLab/Robots/Agility/Cassie/cassie.usd" in needs["Isaac-Velocity-Flat-Cassie"]["missing"]
    assert len(needs) > 100
