import ast
import sys
from pathlib import Path

import pytest

from landward.cli import verbs
from landward.errors import LandwardError, MissingDependencyError, RegistryError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package "lw_verbs" with a verb; importing it would raise."""
    package = tmp_path / "lw_verbs"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "wave.py").write_text(
        "class Wave:\n"
        '    """Wave a leg.\n\n'
        "    Example:\n"
        "        landward wave --leg FR\n"
        '    """\n'
        "import no_such_module\n"
    )
    (package / "dance.py").write_text("import viser_is_not_there.sub\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("lw_verbs")]:
        del sys.modules[name]


def test_summary_and_example_are_read_without_import(plugin: Path) -> None:
    verb = verbs.Verb("wave", "lw_verbs.wave:Wave")
    assert verb.summary == "Wave a leg."
    assert verb.example == "landward wave --leg FR"
    assert "lw_verbs" not in sys.modules


@pytest.mark.parametrize("target", ["lw_verbs.wave:Other", "lw_verbs.nothing:X", "no_such_package.a:X"])
def test_what_is_not_found_has_no_summary(plugin: Path, target: str) -> None:
    assert verbs.Verb("x", target).summary == ""


def test_every_installed_verb_says_what_it_does() -> None:
    installed = verbs.installed_verbs()
    assert {"bench", "inspect", "list"} <= {verb.name for verb in installed}
    for verb in installed:
        assert verb.summary.endswith("."), verb.name
        assert verb.example.startswith(f"landward {verb.name}"), verb.name


def test_unknown_verb() -> None:
    with pytest.raises(RegistryError, match=r"unknown verb 'lists': did you mean list, "):
        verbs.find_verb("lists")
    with pytest.raises(RegistryError, match="the verbs are .*inspect"):
        verbs.find_verb("qqqq")


def test_a_missing_optional_package_names_its_extra(plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(verbs.EXTRA_OF, "viser_is_not_there", "sim")
    with pytest.raises(MissingDependencyError, match=r"`landward dance` needs it.*'landward\[sim\]'"):
        verbs.Verb("dance", "lw_verbs.dance:Dance").load()


def test_a_bug_in_a_verb_is_not_called_a_missing_package(plugin: Path) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        verbs.Verb("wave", "lw_verbs.wave:Wave").load()


def test_an_entry_point_without_its_class() -> None:
    with pytest.raises(LandwardError, match="landward.cli.list has no Nothing"):
        verbs.Verb("x", "landward.cli.list:Nothing").load()


def extras_named_in(path: Path) -> set[str]:
    """The extras in calls of require(..., extra, why) and MissingDependencyError(..., extra, why)."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and len(node.args) == 3:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("require", "MissingDependencyError") and isinstance(node.args[1], ast.Constant):
                found.add(node.args[1].value)
    return found


def test_every_extra_that_a_message_names_exists(pyproject: dict) -> None:
    extras = set(pyproject["project"]["optional-dependencies"])
    assert set(verbs.EXTRA_OF.values()) <= extras
    for package in ("landward", "robots", "sims", "agents", "vla", "ros2_ws/src"):
        for path in (ROOT / package).rglob("*.py"):
            assert extras_named_in(path) <= extras, path
