import sys
from importlib.metadata import requires
from pathlib import Path

import pytest

from landward.errors import LandwardError
from sims.doctor import packages
from sims.doctor.packages import Need, declared_extras, installed, needs_of, package_folders, wanted
from sims.environments import ENVIRONMENTS, Environment

EXTRAS = {
    "cli": ["rich>=14,<15"],
    "deploy": ["onnxruntime>=1.20", "winonly>=1; sys_platform == 'win32'"],
    "lab": ["landward[cli,deploy]", "Isaac_Lab[physx]==3.0.0", "rich!=14.1"],
}
LAB = Environment("lab", ".venv-lab", "setup-lab", ("lab",), "isaac-lab", "a laboratory")


def test_an_environment_needs_what_its_extras_name_and_those_they_name() -> None:
    assert wanted(LAB, EXTRAS) == {
        "landward": "",
        "rich": "!=14.1,<15,>=14",
        "onnxruntime": ">=1.20",
        "isaac-lab": "==3.0.0",
    }


@pytest.mark.parametrize(
    ("specifier", "found", "fits"),
    [
        ("==3.0.0", "3.0.0", True),
        ("==3.0.0", "3.0.1", False),
        (">=14,<15", "14.3.4", True),
        (">=14,<15", "15.0.0", False),
        (">=1.9", "1.10", True),
        (">=1.9", "2.0.0rc1", True),
        ("", "0.1.0", True),
        ("", "", False),
        (">=1", "", False),
    ],
)
def test_a_version_fits_or_not(specifier: str, found: str, fits: bool) -> None:
    assert Need("x", specifier, found).fits is fits


def distribution(folder: Path, name: str, version: str) -> None:
    """The metadata that an installer leaves in site-packages."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_versions_are_read_from_another_environments_files(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.12" / "site-packages"
    distribution(site, "Isaac_Lab", "3.0.0")
    distribution(site, "rich", "15.0.0")
    (site / "left_behind-1.0.dist-info").mkdir()
    python = tmp_path / "bin" / "python"
    assert package_folders(python) == [site]
    assert installed([site]) == {"isaac-lab": "3.0.0", "rich": "15.0.0"}
    needs = needs_of(LAB, python, EXTRAS)
    assert needs == [
        Need("isaac-lab", "==3.0.0", "3.0.0"),
        Need("landward", "", ""),
        Need("onnxruntime", ">=1.20", ""),
        Need("rich", "!=14.1,<15,>=14", "15.0.0"),
    ]
    assert [need.fits for need in needs] == [True, False, False, False]


def test_this_interpreter_has_what_it_runs_on() -> None:
    found = installed(package_folders(Path(sys.executable)))
    assert {"pytest", "numpy", "landward"} <= set(found)


def test_the_environments_need_what_pyproject_pins() -> None:
    extras = declared_extras()
    pins = {name: wanted(environment, extras) for name, environment in ENVIRONMENTS.items()}
    assert pins["main"]["mujoco"] == "==4.0.0"
    assert pins["isaaclab"]["isaaclab"] == "==3.0.0"
    assert pins["mjlab"]["mjlab"] == "==1.6.0"
    assert pins["ros"]["ros-rclpy"] == "==9.1.2"


def test_an_installed_package_says_its_extras_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "checkout", lambda: None)
    lines = [line.replace(" ", "") for line in requires("landward") or []]
    extras = declared_extras()
    assert [line for line in lines if 'extra=="deploy"' in line] == ['onnxruntime>=1.20;extra=="deploy"']
    assert [line.partition(";")[0] for line in extras["deploy"]] == ["onnxruntime>=1.20"]
    monkeypatch.setattr(packages, "OURS", "no-such-package-of-ours")
    with pytest.raises(LandwardError, match="no-such-package-of-ours is not installed: pip install it"):
        declared_extras()
