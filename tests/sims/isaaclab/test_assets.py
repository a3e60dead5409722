import json
import os
import types
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from landward.errors import LandwardError
from sims.isaaclab import assets
from sims.isaaclab.assets import (
    LAYOUT,
    MANIFEST,
    Root,
    default_root,
    find_asset_root,
    missing_assets,
    remote_assets,
    require_asset_root,
    require_assets,
)


@pytest.fixture(autouse=True)
def no_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No root was built, and nobody named one."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", "")
    monkeypatch.delenv("ISAACSIM_ASSET_REGION_PROFILE", raising=False)
    monkeypatch.delitem(assets.sys.modules, "isaaclab.utils.assets", raising=False)


def built(layout: int = LAYOUT) -> Path:
    """A root as `landward assets isaaclab` leaves it, with one file."""
    folder = default_root()
    folder.mkdir(parents=True)
    (folder / "robot.usd").write_text("#usda 1.0")
    manifest = {"layout": layout, "isaaclab": "3.0.0", "assets": [{"path": "robot.usd", "source": "here"}]}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    return folder


@dataclass
class Scene:
    robot: str
    sky: str = ""
    parts: dict = field(default_factory=dict)
    itself: object = None


def test_without_a_root_the_message_says_how_to_get_one() -> None:
    assert find_asset_root() is None
    with pytest.raises(
        LandwardError, match=r"assets are not here.*run `landward assets isaaclab`, or set ISAAC"
    ):
        require_asset_root()


def test_a_built_root_is_used_and_isaac_lab_is_told() -> None:
    folder = built()
    assert require_asset_root() == Root(str(folder), "landward assets isaaclab")
    assert os.environ["ISAACSIM_ASSET_ROOT"] == str(folder)


def test_a_users_own_root_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built()
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", f"{tmp_path}/")
    assert require_asset_root() == Root(str(tmp_path), "ISAACSIM_ASSET_ROOT")
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", "https://assets.example/Isaac/6.2")
    root = require_asset_root()
    assert (root.place, root.folder) == ("https://assets.example/Isaac/6.2", None)
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", "")
    monkeypatch.setenv("ISAACSIM_ASSET_REGION_PROFILE", "china")
    assert require_asset_root() == Root("", "ISAACSIM_ASSET_REGION_PROFILE")
    assert os.environ["ISAACSIM_ASSET_ROOT"] == ""


def test_a_variable_that_names_no_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built()
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", str(tmp_path / "gone"))
    with pytest.raises(LandwardError, match=r"ISAACSIM_ASSET_ROOT names .*gone, which is no folder"):
        require_asset_root()


def test_a_root_of_another_layout_or_with_a_file_lost_is_an_error() -> None:
    folder = built(layout=LAYOUT + 1)
    with pytest.raises(LandwardError, match=rf"has layout {LAYOUT + 1}, this is for layout {LAYOUT}; run"):
        find_asset_root()
    (folder / MANIFEST).write_text('{"layout": ')
    with pytest.raises(LandwardError, match=r"landward_assets.json cannot be read \(.*run `landward assets"):
        find_asset_root()
    manifest = {"layout": LAYOUT, "assets": [{"path": "robot.usd"}, {"path": "a/b.usd"}]}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(LandwardError, match=r"has lost a/b.usd; run"):
        find_asset_root()


def test_isaac_lab_imported_before_with_another_root_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = built()
    loaded = types.SimpleNamespace(NUCLEUS_ASSET_ROOT_DIR="https://elsewhere.example")
    monkeypatch.setitem(assets.sys.modules, "isaaclab.utils.assets", loaded)  # type: ignore[arg-type]
    with pytest.raises(LandwardError, match=r"imported with the asset root https://elsewhere.example, and"):
        require_asset_root()
    loaded.NUCLEUS_ASSET_ROOT_DIR = str(folder)
    assert require_asset_root().place == str(folder)


def test_files_that_a_configuration_names_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "there.usd").write_text("")
    cfg = Scene(f"{tmp_path}/Robots/go9.usd", sky=f"{tmp_path}/sky.hdr")
    cfg.parts = {"table": [Scene(f"{tmp_path}/there.usd")], "arm": (f"{tmp_path}/arm.usd", 3, None)}
    cfg.itself = cfg
    assert missing_assets(cfg, tmp_path) == ["Robots/go9.usd", "arm.usd"]
    root = Root(str(tmp_path), "ISAACSIM_ASSET_ROOT")
    with pytest.raises(
        LandwardError, match=r"^Isaac-Go9 needs Robots/go9.usd, arm.usd, which the asset root .*"
    ):
        require_assets(cfg, root, "Isaac-Go9")
    require_assets(cfg.parts["table"], root, "Isaac-Table")
    require_assets(cfg, Root("https://assets.example", "ISAACSIM_ASSET_ROOT"), "Isaac-Go9")


def test_addresses_in_a_configuration_are_found() -> None:
    cfg = Scene(
        "https://a.example/tray.usda", sky="https://a.example/sky.hdr", parts={"server": "tcp://host:80"}
    )
    assert remote_assets(cfg) == ["https://a.example/tray.usda"]
