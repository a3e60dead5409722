import sys
from pathlib import Path

import pytest

from landward.errors import LandwardError, MissingDependencyError, RegistryError
from sims import environments
from sims.environments import ENVIRONMENTS, checkout, find_python, python_of, run_module


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty checkout; no environment variable is set, and this interpreter has no distribution."""
    for environment in ENVIRONMENTS.values():
        monkeypatch.delenv(environment.variable, raising=False)
    monkeypatch.setattr(environments, "checkout", lambda: tmp_path)
    monkeypatch.setattr(environments, "_is_here", lambda name: False)
    return tmp_path


def interpreter(folder: Path) -> Path:
    """A program at folder/bin/python, which is all that is asked of an interpreter."""
    path = folder / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.symlink_to(sys.executable)
    return path


def test_every_environment_is_made_by_a_target_from_extras_that_exist(root: Path, pyproject: dict) -> None:
    makefile = (root / "Makefile").read_text()
    ignored = (root / ".gitignore").read_text().splitlines()
    extras = pyproject["project"]["optional-dependencies"]
    for name, environment in ENVIRONMENTS.items():
        assert environment.name == name
        assert f"\n{environment.make_target}: {environment.folder}/.installed ## " in makefile
        assert f"{environment.folder}/" in ignored
        assert set(environment.extras) <= set(extras)


def test_this_is_a_checkout(root: Path) -> None:
    assert checkout() == root


def test_the_folder_in_the_checkout_is_found_and_stays_a_link(nowhere: Path) -> None:
    path = interpreter(nowhere / ".venv-isaaclab")
    assert python_of("isaaclab") == path
    assert find_python("mjlab") is None


def test_the_variable_comes_before_the_folder(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter(nowhere / ".venv-isaaclab")
    own = interpreter(nowhere / "own")
    monkeypatch.setenv("LANDWARD_ISAACLAB_PYTHON", str(own))
    assert python_of("isaaclab") == own


def test_a_variable_that_names_nothing_is_an_error(nowhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    interpreter(nowhere / ".venv-mjlab")
    monkeypatch.setenv("LANDWARD_MJLAB_PYTHON", str(nowhere))
    with pytest.raises(MissingDependencyError, match=r"LANDWARD_MJLAB_PYTHON names .*, which is no program"):
        python_of("mjlab")


def test_a_missing_environment_names_its_make_target(nowhere: Path) -> None:
    with pytest.raises(MissingDependencyError) as error:
        python_of("isaaclab")
    assert str(error.value) == (
        "'isaaclab' is not installed (no environment isaaclab was found: Isaac Lab's tasks; the engines "
        "isaaclab-newton and isaaclab-physx); run `make setup-isaaclab` in a checkout of Landward, or set "
        "LANDWARD_ISAACLAB_PYTHON to the Python of an environment in which "
        "`pip install 'landward[isaaclab]'` was run"
    )


@pytest.mark.parametrize(
    ("here", "found"),
    [
        ({"rsl-rl-lib"}, {"main"}),
        ({"rsl-rl-lib", "isaaclab"}, {"isaaclab"}),
        ({"rsl-rl-lib", "mjlab"}, {"mjlab"}),
        ({"ros-rclpy"}, {"ros"}),
        (set(), set()),
    ],
)
def test_outside_of_a_checkout_this_interpreter_counts_by_what_it_has(
    nowhere: Path, monkeypatch: pytest.MonkeyPatch, here: set[str], found: set[str]
) -> None:
    monkeypatch.setattr(environments, "checkout", lambda: None)
    monkeypatch.setattr(environments, "_is_here", here.__contains__)
    assert {name for name in ENVIRONMENTS if find_python(name)} == found
    assert {find_python(name) for name in found} <= {Path(sys.executable)}


def test_an_unknown_environment_lists_the_known_ones() -> None:
    with pytest.raises(RegistryError, match="the environments are main, ros, isaaclab, mjlab"):
        python_of("isaac")


def test_a_module_of_landward_runs_by_the_interpreter_of_an_environment(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANDWARD_MJLAB_PYTHON", sys.executable)
    (tmp_path / "speaks.py").write_text(
        "import os, sys\n"
        "print(*sys.argv[1:], os.environ['WORD'], os.environ['PYTHONPATH'].split(os.pathsep)[0])\n"
        "sys.exit('error: it is broken' if sys.argv[1] == 'fail' else 0)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said = run_module("mjlab", "speaks", "well", variables={"WORD": "done"})
    assert said == f"well done {root}\n"
    with pytest.raises(LandwardError, match=r"-m speaks fail failed: it is broken$"):
        run_module("mjlab", "speaks", "fail", variables={"WORD": ""})
