import sys
from pathlib import Path

import pytest

from landward import shadow
from landward.errors import LandwardError

ROOT = Path(__file__).resolve().parents[2]


def plant(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fake package "agents" in front of ours, as when Python starts inside CARLA's PythonAPI."""
    fake = folder / "agents"
    fake.mkdir(parents=True)
    (fake / "__init__.py").write_text("")
    for name in [name for name in sys.modules if name == "agents" or name.startswith("agents.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(folder))
    return fake


def test_nothing_hides_ours_here() -> None:
    assert shadow.find_shadows() == []
    shadow.check_shadowing()


def test_a_folder_on_the_path_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake = plant(tmp_path / "PythonAPI", monkeypatch)
    with pytest.raises(LandwardError) as caught:
        shadow.check_shadowing()
    message = str(caught.value)
    assert f"{fake} hides Landward's package 'agents' in {ROOT / 'agents'}" in message
    assert f"take {fake.parent} off PYTHONPATH" in message
    assert "agents" not in sys.modules


def test_an_installed_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site-packages"
    fake = plant(site, monkeypatch)
    info = site / "fake_agents-2.1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-agents\nVersion: 2.1\n")
    (info / "top_level.txt").write_text("agents\n")
    (info / "RECORD").write_text("agents/__init__.py,,\n")
    with pytest.raises(LandwardError) as caught:
        shadow.check_shadowing()
    assert f"{fake} (installed by fake-agents 2.1) hides" in str(caught.value)
    assert "pip uninstall fake-agents" in str(caught.value)


def test_a_package_of_ours_that_is_not_there_cannot_be_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shadow, "OURS", ("json",))
    assert shadow.find_shadows() == []
