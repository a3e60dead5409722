import json
from pathlib import Path

import pytest

from sims.cli import assets as cli
from sims.cli.assets import Assets
from sims.isaaclab.assets import LAYOUT, MANIFEST

NEEDS = {
    "Isaac-Cartpole-Direct": {"missing": [], "remote": []},
    "Isaac-Lift": {"missing": ["Props/table.usd", "Robots/arm.usd"], "remote": []},
    "Isaac-Open": {"missing": ["Props/table.usd"], "remote": ["https://a.example/tray.usd"]},
}


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple]:
    """What was run in Isaac Lab's environment; it builds one file and knows three tasks."""
    made: list[tuple] = []

    def run_module(name: str, module: str, *words: str, variables: dict | None = None) -> str:
        made.append((name, module, *words, *sorted((variables or {}).items())))
        if module.endswith("asset_build"):
            folder = Path(words[0])
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cartpole.usd").write_text("")
            entry = {"path": "cartpole.usd", "source": "newton: cartpole.usda"}
            text = json.dumps({"layout": LAYOUT, "isaaclab": "3.0.0", "assets": [entry]})
            (folder / MANIFEST).write_text(text)
        return json.dumps(NEEDS)

    monkeypatch.setattr(cli, "run_module", run_module)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("ISAACSIM_ASSET_ROOT", raising=False)
    monkeypatch.delenv("ISAACSIM_ASSET_REGION_PROFILE", raising=False)
    monkeypatch.setenv("COLUMNS", "200")
    return made


def test_a_root_is_built_and_says_what_it_unlocks(
    calls: list[tuple], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Assets("isaaclab").run() == 0
    folder = str(tmp_path / "cache" / "landward" / "isaaclab_assets")
    assert calls == [
        ("isaaclab", "sims.isaaclab.asset_build", folder),
        ("isaaclab", "sims.isaaclab.asset_tasks", ("ISAACSIM_ASSET_ROOT", folder)),
    ]
    said = capsys.readouterr().out
    assert "cartpole.usd  newton: cartpole.usda" in said
    assert "1 of 3 registered tasks are unlocked\n  Isaac-Cartpole-Direct\n" in said
    assert "│ 2     │ Props/table.usd" in said
    assert "Isaac-Lift" not in said


def test_every_locked_task_is_listed_with_what_it_lacks(
    calls: list[tuple], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Assets("isaaclab", root=tmp_path / "own", locked=True).run() == 0
    said = capsys.readouterr().out
    assert f"ISAACSIM_ASSET_ROOT={tmp_path / 'own'}" in said
    assert "│ Isaac-Lift │ Props/table.usd            │" in said
    assert "│            │ https://a.example/tray.usd │" in said


def test_a_users_own_root_is_only_looked_at(
    calls: list[tuple], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", str(tmp_path))
    assert Assets("isaaclab", json=True).run() == 0
    assert [call[1] for call in calls] == ["sims.isaaclab.asset_tasks"]
    said = json.loads(capsys.readouterr().out)
    assert said == {"root": str(tmp_path), "origin": "ISAACSIM_ASSET_ROOT", "assets": [], "tasks": NEEDS}


def test_an_address_is_not_looked_at(
    calls: list[tuple], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ISAACSIM_ASSET_ROOT", "https://assets.example/6.2")
    assert Assets("isaaclab").run() == 0
    assert calls == []
    assert capsys.readouterr().out == "asset root (ISAACSIM_ASSET_ROOT): https://assets.example/6.2\n"
