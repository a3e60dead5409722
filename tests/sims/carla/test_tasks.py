import pytest

from agents.on_policy import settings
from sims.carla.tasks import NUM_ENVS
from sims.registry import get_task, override

TASKS = ("carla-route", "carla-route-cat", "carla-lane", "carla-junction")


@pytest.mark.parametrize("name", TASKS)
def test_a_tasks_settings_survive_config_json(name: str) -> None:
    cfg = get_task(name).make_cfg(False)
    override(cfg, "drive.traffic.vehicles", 3)
    assert settings.rebuild(get_task(name).make_cfg(False), settings.document(cfg)) == cfg


@pytest.mark.parametrize("name", TASKS)
def test_training_and_play_drive_different_routes(name: str) -> None:
    entry = get_task(name)
    assert entry.num_envs == NUM_ENVS
    assert [entry.make_cfg(play).drive.route.split for play in (False, True)] == ["train", "heldout"]
