import sys

import pytest

from landward.errors import LandwardError, MissingDependencyError, require


def test_require_returns_the_module():
    assert require("json", "sim", "nothing").dumps([1]) == "[1]"


def test_a_missing_package_names_its_extra():
    with pytest.raises(MissingDependencyError) as error:
        require("no_such_package_of_ours.part", "sim", "the simulator runs on it")
    assert str(error.value) == (
        "'no_such_package_of_ours' is not installed (the simulator runs on it); "
        "install it with: pip install 'landward[sim]'"
    )
    assert isinstance(error.value, LandwardError)


def test_without_ros_there_are_three_ways_out():
    message = str(MissingDependencyError("rclpy", "ros", "nodes run on it"))
    assert message == (
        "'rclpy' is not installed (nodes run on it); install it with: pip install 'landward[ros]'; or, in a "
        "checkout, make setup-ros and use .venv-ros/bin/landward; or source a ROS 2 installation"
    )


def test_an_import_error_inside_an_installed_package_is_passed_on(tmp_path, monkeypatch):
    (tmp_path / "broken_package_of_ours.py").write_text("import another_missing_package_of_ours\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    with pytest.raises(ModuleNotFoundError, match="another_missing_package_of_ours"):
        require("broken_package_of_ours", "sim", "x")


def test_a_remedy_replaces_the_installation_of_the_extra():
    message = str(MissingDependencyError("isaaclab", "isaaclab", "its tasks", remedy="make it"))
    assert message == "'isaaclab' is not installed (its tasks); make it"
