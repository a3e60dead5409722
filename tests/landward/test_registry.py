import dataclasses
import sys
from pathlib import Path

import pytest

from landward.errors import RegistryError
from landward.registry import Registry

GROUP = "landward.test_things"


@dataclasses.dataclass(frozen=True)
class Frozen:
    items: list[int]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package "lw_plugin" that declares things; its module leaves a file behind when
    imported."""
    info = tmp_path / "lw_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lw-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nbolt = lw_plugin:BOLT\nbroken = lw_plugin:MISSING\nempty = lw_plugin\n"
    )
    (tmp_path / "lw_plugin.py").write_text("BOLT = {'size': 8}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "lw_plugin", raising=False)
    yield tmp_path
    sys.modules.pop("lw_plugin", None)


def test_gives_a_deep_copy() -> None:
    registry: Registry[dict] = Registry("thing", GROUP)
    registry.register("a", {"nested": [1]})
    registry.get("a")["nested"].append(2)
    assert registry.get("a") == {"nested": [1]}


def test_calls_a_factory_each_time() -> None:
    registry: Registry[list] = Registry("thing", GROUP)
    registry.register("a", lambda: [1])
    assert registry.get("a") is not registry.get("a")


def test_gives_a_frozen_dataclass_as_it_is() -> None:
    thing = Frozen([1])
    registry: Registry[Frozen] = Registry("thing", GROUP)
    registry.register("a", thing)
    assert registry.get("a") is thing


def test_unknown_name_lists_the_closest() -> None:
    registry: Registry[int] = Registry("robot", GROUP)
    registry.register("solo12", 1)
    registry.register("go1", 2)
    with pytest.raises(
        RegistryError, match=r"unknown robot 'solo': did you mean solo12\? \(all: go1, solo12\)"
    ):
        registry.get("solo")
    with pytest.raises(RegistryError, match="unknown robot 'xxxx': choose one of go1, solo12"):
        registry.get("xxxx")


def test_empty_registry_says_how_to_fill_it() -> None:
    with pytest.raises(RegistryError, match=f"none is installed.*{GROUP}"):
        Registry("thing", GROUP).get("a")


def test_a_second_value_of_the_same_name_is_refused() -> None:
    registry: Registry[list] = Registry("thing", GROUP)
    registry.register("a", [1])
    with pytest.raises(RegistryError, match="'a' is registered twice"):
        registry.register("a", [2])


def test_the_same_value_twice_is_no_duplicate() -> None:
    thing = Frozen([1])
    registry: Registry[Frozen] = Registry("thing", GROUP)
    registry.register("a", thing)
    registry.register("a", thing)
    assert registry.names() == ["a"]


def test_entry_points_are_named_without_import(plugin: Path) -> None:
    registry: Registry[dict] = Registry("thing", GROUP)
    assert registry.names() == ["bolt", "broken", "empty"]
    assert "bolt" in registry
    assert "lw_plugin" not in sys.modules


def test_entry_point_is_loaded_on_lookup(plugin: Path) -> None:
    registry: Registry[dict] = Registry("thing", GROUP)
    registry.get("bolt")["size"] = 9
    assert registry.get("bolt") == {"size": 8}


def test_broken_entry_point_says_which(plugin: Path) -> None:
    with pytest.raises(RegistryError, match="'broken' does not load.*lw_plugin:MISSING.*AttributeError"):
        Registry("thing", GROUP).get("broken")


def test_module_that_registers_nothing_is_refused(plugin: Path) -> None:
    with pytest.raises(RegistryError, match="importing lw_plugin did not register the thing 'empty'"):
        Registry("thing", GROUP).get("empty")
