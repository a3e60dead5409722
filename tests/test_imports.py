"""Dependencies point one way.

landward <- robots <- sims <- agents, vla. In ros2_ws: landward, robots <- landward_ros <- the nodes' packages
<- landward_bringup; the nodes' packages know nothing of each other. The simulated twin alone, being a
simulator, uses parts of sims.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = {"landward", "robots"}
NODES = {f"landward_{name}" for name in ("bridges", "faults", "policy", "safety", "tools", "twin")}
OURS = CORE | NODES | {"landward_ros", "landward_bringup", "sims", "agents", "vla", "benchmarks", "tests"}
PHYSICS = {
    f"sims.{name}" for name in ("mujoco", "physics", "rotation", "terrain", "terrain_grid", "terrain_shapes")
}
MAY_IMPORT = {
    "landward": {"landward"},
    "robots": CORE,
    "sims": CORE | {"sims"},
    "agents": CORE | {"sims", "agents"},
    "vla": CORE | {"sims", "vla"},
    "launch": CORE | {"landward_ros", "landward_bringup"},
    "benchmarks": OURS - {"tests"},
    "ros2_ws/src/landward_ros": CORE | {"landward_ros"},
    **{f"ros2_ws/src/{node}": CORE | {"landward_ros", node} for node in sorted(NODES)},
    "ros2_ws/src/landward_twin": CORE | {"landward_ros", "landward_twin"} | PHYSICS,
    "ros2_ws/src/landward_bringup": CORE | NODES | {"landward_ros", "landward_bringup"},
}
"""Folder -> the modules, with all below them, that it may import of ours."""


def imported_modules(source: str) -> Iterator[tuple[int, str]]:
    """(line, module) of every import, those inside functions and import_module("...") included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module
        elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if called in ("import_module", "__import__", "require") and isinstance(node.args[0].value, str):
                yield node.lineno, node.args[0].value


def allowed(module: str, folder: str) -> bool:
    """Whether a folder's layer may have a module; it may have everything that is not ours."""
    ours = module.split(".")[0] in OURS
    return not ours or any(f"{module}.".startswith(f"{prefix}.") for prefix in MAY_IMPORT[folder])


def violations(folder: str, root: Path) -> list[str]:
    """Imports of a folder that its layer may not have."""
    return [
        f"{path.relative_to(root)}:{line} imports {name}"
        for path in sorted((root / folder).rglob("*.py"))
        for line, name in imported_modules(path.read_text(encoding="utf-8"))
        if not allowed(name, folder)
    ]


def test_every_folder_with_code_has_its_layer() -> None:
    found = {path.parent for path in ROOT.glob("ros2_ws/src/*/package.xml")}
    found |= {path.parent for path in ROOT.glob("*/__init__.py")}
    assert {path.relative_to(ROOT).as_posix() for path in found} <= set(MAY_IMPORT)


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_point_one_way(folder: str) -> None:
    assert violations(folder, ROOT) == []


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


@pytest.mark.parametrize(
    ("folder", "module", "right"),
    [
        ("ros2_ws/src/landward_twin", "sims.mujoco.model", True),
        ("ros2_ws/src/landward_twin", "sims.velocity.go1", False),
        ("ros2_ws/src/landward_twin", "sims", False),
        ("ros2_ws/src/landward_policy", "sims.rotation", False),
        ("ros2_ws/src/landward_policy", "landward_safety.monitor", False),
        ("ros2_ws/src/landward_policy", "landward_ros.names", True),
        ("ros2_ws/src/landward_ros", "landward_policy.node", False),
        ("ros2_ws/src/landward_bringup", "landward_policy.node", True),
        ("landward", "landward_ros", False),
        ("robots", "robots_of_others", True),
    ],
)
def test_a_layer_ends_where_it_should(folder: str, module: str, right: bool) -> None:
    assert allowed(module, folder) == right


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


HEAVY = {"torch", "onnxruntime", "mujoco", "sims", "agents"}
PRINT_HEAVY = f"import sys; print(*sorted({HEAVY!r} & set(sys.modules)))"


def test_the_safety_monitor_imports_nothing_heavy() -> None:
    script = f"import landward_safety.monitor; {PRINT_HEAVY}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


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
