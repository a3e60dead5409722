import pytest

from agents.cli.train import task_choices
from sims import registry
from sims.registry import TaskEntry
from tests.agents.cli.pointmass import PointMassCfg, make


@pytest.fixture
def task(monkeypatch):
    """A registry that holds the tiny task alone."""
    empty = registry.Registry("task", "landward.tests.nothing")
    monkeypatch.setattr(registry, "_TASKS", empty)
    entry = TaskEntry(
        "point-mass", "A tiny task", lambda play: PointMassCfg(), make, "tests.agents.builders:tiny_config"
    )
    registry.register_task(entry)
    task_choices.cache_clear()
    yield "point-mass"
    task_choices.cache_clear()
