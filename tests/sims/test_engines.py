import pytest

from landward.errors import LandwardError, RegistryError
from robots import get_robot
from sims import engines
from sims.engines import ENGINES, EngineEntry, engine_overrides, get_engine, make_engine
from sims.physics import PhysicsCfg


def test_every_engine_says_where_it_lives():
    assert list(ENGINES) == ["mujoco", "warp", "isaaclab-newton", "isaaclab-physx"]
    for name, entry in ENGINES.items():
        assert entry.name == name
        assert ":" in entry.make
        assert "cpu" in entry.devices
        assert entry.environment in ("main", "isaaclab")


def test_an_unknown_engine_lists_the_known_ones():
    with pytest.raises(RegistryError, match="did you mean mujoco.*mujoco, warp, isaaclab-newton, isaaclab-p"):
        get_engine("mujco")


def test_the_engine_is_made_with_its_settings():
    engine = make_engine("mujoco", get_robot("go1"), PhysicsCfg(), 2, threads=1)
    assert (engine.num_envs, engine.device, engine.arrays) == (2, "cpu", "numpy")


def test_a_device_that_the_engine_lacks_names_engines_that_have_it():
    with pytest.raises(RegistryError, match="mujoco runs on cpu, not on 'cuda:0'; on cuda:0 run warp, isaac"):
        make_engine("mujoco", get_robot("go1"), PhysicsCfg(), 2, device="cuda:0")
    with pytest.raises(RegistryError, match="runs on cpu and cuda, not on 'tpu'$"):
        make_engine("warp", get_robot("go1"), PhysicsCfg(), 2, device="tpu")


def test_an_engine_that_is_not_installed_says_what_installs_it(monkeypatch):
    entry = EngineEntry("far", "", "far_simulator:make", "main", ("cpu",), "far_simulator", "run make far")
    monkeypatch.setitem(engines.ENGINES, "far", entry)
    with pytest.raises(
        LandwardError, match="engine far needs 'far_simulator'.*not installed here; run make far"
    ):
        make_engine("far", get_robot("go1"), PhysicsCfg(), 2)


def test_options_become_settings_of_the_task():
    assert engine_overrides(None, None) == {}
    assert engine_overrides("", "") == {}
    assert engine_overrides("warp", "cuda:1") == {"engine": "warp", "device": "cuda:1"}
    with pytest.raises(RegistryError, match="unknown engine 'bullet'"):
        engine_overrides("bullet", None)
