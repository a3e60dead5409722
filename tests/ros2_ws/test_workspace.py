"""The workspace as colcon builds it: packages, console scripts, launch files, and a node that runs."""

import configparser
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from tests.ros2_ws.processes import NodeProcess, ros_arguments, wait_until

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "ros2_ws" / "src"
PACKAGES = sorted(path.parent.name for path in SOURCE.glob("*/package.xml"))
COLCON = shutil.which("colcon", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))


def console_scripts(package: str) -> dict[str, str]:
    """Name -> module:function, from the package's setup.cfg."""
    config = configparser.ConfigParser()
    config.read(SOURCE / package / "setup.cfg")
    lines = config.get("options.entry_points", "console_scripts", fallback="").strip().splitlines()
    return dict(line.strip().split(" = ") for line in lines)


def exec_depends(package: str) -> set[str]:
    """What package.xml says the package needs when it runs."""
    root = ElementTree.parse(SOURCE / package / "package.xml").getroot()
    return {str(entry.text) for entry in root.iter("exec_depend")}


@pytest.mark.parametrize("package", PACKAGES)
def test_package_files_agree(package: str) -> None:
    config = configparser.ConfigParser()
    config.read(SOURCE / package / "setup.cfg")
    manifest = ElementTree.parse(SOURCE / package / "package.xml").getroot()
    assert manifest.get("format") == "3"
    assert manifest.findtext("export/build_type") == "ament_python"
    for field in ("name", "version", "description", "license"):
        assert manifest.findtext(field) == config["metadata"][field], field
    assert (SOURCE / package / "resource" / package).is_file()
    assert config["install"]["install_scripts"] == config["develop"]["script_dir"] == f"$base/lib/{package}"


@pytest.mark.parametrize("package", PACKAGES)
def test_package_declares_the_ros_packages_it_imports(package: str) -> None:
    from tests.test_imports import imported_modules

    used = {
        module.split(".")[0]
        for path in (SOURCE / package / package).rglob("*.py")
        for _, module in imported_modules(path.read_text(encoding="utf-8"))
    }
    ros = {
        name
        for name in used
        if name in ("rclpy", "launch", "launch_ros") or name.endswith(("_msgs", "_srvs"))
    }
    ours = {name for name in used if name in PACKAGES and name != package}
    assert ros | ours <= exec_depends(package) | {"unitree_go"}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_console_script_names_a_function(package: str) -> None:
    for target in console_scripts(package).values():
        module, _, function = target.partition(":")
        path = (SOURCE / package).joinpath(*module.split(".")).with_suffix(".py")
        assert f"\ndef {function}(" in path.read_text(encoding="utf-8"), target


@pytest.mark.ros
def test_the_safety_node_imports_nothing_heavy() -> None:
    from tests.test_imports import PRINT_HEAVY

    script = f"import landward_safety.node; {PRINT_HEAVY}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.fixture(scope="module", params=["copied", "linked"])
def workspace(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built copy of ros2_ws."""
    if COLCON is None:
        pytest.skip("needs colcon: make test-ros")
    folder = tmp_path_factory.mktemp(request.param)
    # Links are followed: the launch files lie outside ros2_ws.
    shutil.copytree(SOURCE, folder / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    options = ["--symlink-install"] if request.param == "linked" else []
    # The wheels' share/ is in the environment's root.
    environment = os.environ | {"AMENT_PREFIX_PATH": sys.prefix, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run(
        [COLCON, "build", "--executor", "sequential", "--event-handlers", "console_direct-", *options],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(PACKAGES)} packages finished" in done.stdout
    return folder


@pytest.mark.ros
@pytest.mark.slow
def test_colcon_installs_every_package(workspace: Path) -> None:
    for package in PACKAGES:
        prefix = workspace / "install" / package
        assert (prefix / "share" / package / "package.xml").is_file()
        assert (prefix / "share" / "ament_index" / "resource_index" / "packages" / package).is_file()
        for script in console_scripts(package):
            assert os.access(prefix / "lib" / package / script, os.X_OK), script


@pytest.mark.ros
@pytest.mark.slow
def test_launch_files_and_layouts_are_installed(workspace: Path) -> None:
    share = workspace / "install" / "landward_bringup" / "share" / "landward_bringup"
    installed = {path.name for path in (share / "launch").glob("*.launch.py")}
    assert installed == {path.name for path in (ROOT / "launch").glob("*.launch.py")}
    assert installed
    layouts = workspace / "install" / "landward_tools" / "share" / "landward_tools" / "foxglove"
    assert {path.name for path in layouts.glob("*.json")} == {
        path.name for path in (SOURCE / "landward_tools" / "foxglove").glob("*.json")
    }


@pytest.mark.ros
@pytest.mark.slow
def test_a_node_runs_from_the_installed_tree(workspace: Path, ros_node, tmp_path: Path) -> None:
    """`. install/setup.sh`, then the script that `ros2 run landward_policy node` would start."""
    from lifecycle_msgs.srv import GetState

    command = "; ".join(
        [
            '. "$0/local_setup.sh"',
            f'"{sys.executable}" -c "import landward_policy; print(landward_policy.__file__)"',
            'exec "$0/landward_policy/lib/landward_policy/node" "$@"',
        ]
    )
    words = ["/bin/sh", "-c", command, str(workspace / "install"), *ros_arguments({}, "installed")]
    environment = {"AMENT_PREFIX_PATH": sys.prefix, "PYTHONPATH": ""}
    node = NodeProcess(words, tmp_path / "node.log", environment)
    try:
        node.wait_for(ros_node, "policy", "installed")
        client = ros_node.create_client(GetState, "installed/policy/get_state")
        assert client.wait_for_service(10.0)
        answer = client.call_async(GetState.Request())
        wait_until(lambda: _spin(ros_node) or answer.done(), 10.0, f"get_state; {node.output}")
        assert answer.result().current_state.label == "unconfigured"
        assert str(workspace) in node.output
    finally:
        node.stop()


def _spin(node) -> None:
    import rclpy

    rclpy.spin_once(node, timeout_sec=0.05)
