"""Dependencies point one way: landward <- robots <- sims <- agents, vla; ros2_ws uses landward and robots."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OURS = {"landward", "robots", "sims", "agents", "vla", "benchmarks", "tests"}
MAY_IMPORT = {
    "landward": {"landward"},
    "robots": {"landward", "robots"},
    "sims": {"landward", "robots", "sims"},
    "agents": {"landward", "robots", "sims", "agents"},
    "vla": {"landward", "robots", "sims", "vla"},
    "ros2_ws": {"landward", "robots"},
    "launch": {"landward", "robots"},
    "benchmarks": OURS - {"tests"},
}


def imported_packages(source: str) -> Iterator[tuple[int, str]]:
    """(line, top-level package) of every import, those inside functions and import_module("...") included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module.split(".")[0]
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "__import__", "require") and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value.split(".")[0]


def violations(package: str, root: Path) -> list[str]:
    """Imports of a package that its layer may not have."""
    return [
        f"{path.relative_to(root)}:{line} imports {name}"
        for path in sorted((root / package).rglob("*.py"))
        for line, name in imported_packages(path.read_text(encoding="utf-8"))
        if name in OURS and name not in MAY_IMPORT[package]
    ]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_point_one_way(package: str) -> None:
    assert violations(package, ROOT) == []


@pytest.mark.parametrize(
    "source",
    [
        "import sims",
        "import sims.env as env",
        "from sims.env import Env",
        "def f():\n    from agents import x",
        "import importlib\nimportlib.import_module('sims.env')",
        "require('agents.on_policy', 'train', 'why')",
    ],
)
def test_a_wrong_import_is_found(tmp_path: Path, source: str) -> None:
    (tmp_path / "robots").mkdir()
    (tmp_path / "robots" / "bad.py").write_text(source)
    assert len(violations("robots", tmp_path)) == 1


def test_a_right_import_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "sims").mkdir()
    source = "import numpy\nfrom landward import spec\nfrom . import env\nprint('agents')"
    (tmp_path / "sims" / "good.py").write_text(source)
    assert violations("sims", tmp_path) == []


def test_landward_alone_needs_numpy_alone() -> None:
    """The modules that a robot uses import nothing but NumPy and the standard library."""
    modules = ["landward", *(f"landward.{path.stem}" for path in (ROOT / "landward").glob("[a-z]*.py"))]
    script = (
        "import importlib, sys\n"
        "before = set(sys.modules)\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        "new = {name.split('.')[0] for name in set(sys.modules) - before}\n"
        "print(*sorted(new - set(sys.stdlib_module_names)))\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True)
    found = {name for name in done.stdout.split() if not name.startswith("_")}
    assert found == {"landward", "numpy"}


def test_listing_what_there_is_imports_no_simulator() -> None:
    script = (
        "import sys\n"
        "from landward.cli.main import main\n"
        "status = main(['list', '--json'])\n"
        "print(*{'torch', 'mujoco', 'sims', 'agents', 'robots'} & set(sys.modules), file=sys.stderr)\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == ""
