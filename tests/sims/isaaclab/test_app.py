import importlib.util
import logging
import os
import sys

import pytest

from landward.errors import LandwardError, RegistryError
from sims.isaaclab.app import quiet_stdout
from sims.isaaclab.tasks import actor_groups, default_cfg, task_entry
from sims.registry import get_task, in_family, make_env

without = pytest.mark.skipif(
    importlib.util.find_spec("isaaclab") is not None, reason="Isaac Lab is installed here"
)


def test_a_task_is_known_by_its_prefix_alone() -> None:
    assert in_family("isaaclab:Isaac-Cartpole-Direct")
    assert not in_family("isaaclab:") and not in_family("go1-flat") and not in_family("other:Task")
    entry = get_task("isaaclab:Isaac-Cartpole-Direct")
    assert entry.summary == "Isaac Lab's task Isaac-Cartpole-Direct"
    assert (entry.make_cfg(False).engine, entry.make_cfg(True).play) == ("isaaclab-newton", True)
    assert task_entry("isaaclab:X").make_cfg is default_cfg


@without
@pytest.mark.parametrize("what", ["environment", "training configuration"])
def test_without_isaac_lab_the_message_says_what_to_do(what) -> None:
    with pytest.raises(LandwardError, match=r"'isaaclab' is not installed here .* make setup-isaaclab"):
        if what == "environment":
            make_env("isaaclab:Isaac-Cartpole-Direct", 1)
        else:
            from agents.recipes import agent_config

            agent_config("isaaclab:Isaac-Cartpole-Direct")


def test_what_isaac_lab_prints_is_no_result(capfd) -> None:
    print("before")
    with quiet_stdout():
        print("from Python")
        os.write(1, b"from C++\n")
    print("after")
    out, err = capfd.readouterr()
    assert out == "before\nafter\n"
    assert set(err.splitlines()) == {"from Python", "from C++"}


class Agent:
    def __init__(self, groups):
        self.obs_groups = groups


@pytest.mark.parametrize(
    ("groups", "read"),
    [
        ({"actor": ["policy", "eyes"], "critic": ["all"]}, ("policy", "eyes")),
        ({"policy": ["state"]}, ("state",)),
        ({}, ("policy",)),
        (None, ("policy",)),
    ],
)
def test_the_groups_that_the_actor_reads(groups, read) -> None:
    assert actor_groups(Agent(groups)) == read
    assert actor_groups(None) == ("policy",)


@pytest.mark.isaaclab
@pytest.mark.slow
class TestWithIsaacLab:
    """What needs Isaac Lab's registry, but no simulation."""

    @pytest.fixture(autouse=True)
    def assets(self, tmp_path_factory, monkeypatch):
        pytest.importorskip("isaaclab", reason="needs Isaac Lab: make setup-isaaclab")
        # Isaac Lab reads its root once a process: the one that it has, where another test has imported it.
        loaded = sys.modules.get("isaaclab.utils.assets")
        place = getattr(loaded, "NUCLEUS_ASSET_ROOT_DIR", str(tmp_path_factory.getbasetemp()))
        monkeypatch.setenv("ISAACSIM_ASSET_ROOT", place)
        logging.getLogger("isaaclab").setLevel(logging.ERROR)

    def test_an_unknown_task_names_the_closest(self) -> None:
        from sims.isaaclab.app import task_config

        with pytest.raises(
            RegistryError, match=r"has no task 'Isaac-Cartpol' .* did you mean .*Isaac-Cartpole"
        ):
            task_config("Isaac-Cartpol")
        with pytest.raises(RegistryError, match="has no engine 'bullet': choose one of isaaclab-newton"):
            task_config("Isaac-Cartpole", "bullet")

    def test_overrides_pass_through_and_wrong_ones_are_named(self) -> None:
        from sims.isaaclab.app import launcher_options, task_config

        cfg, agent = task_config("Isaac-Cartpole-Direct", "isaaclab-newton", ["env.episode_length_s=2.5"])
        assert (cfg.episode_length_s, type(cfg.sim.physics).__name__) == (2.5, "NewtonCfg")
        assert agent.num_steps_per_env == 16
        with pytest.raises(LandwardError, match="refuses to configure Isaac-Cartpole-Direct with"):
            task_config("Isaac-Cartpole-Direct", "isaaclab-newton", ["physics=bullet"])
        assert launcher_options(["--viz=rerun"], "cpu")["visualizer"] == ["rerun"]
        assert launcher_options([], "cuda:1")["device"] == "cuda:1"
        with pytest.raises(LandwardError, match="has no argument '--headless'"):
            launcher_options(["--headless"], "cpu")
