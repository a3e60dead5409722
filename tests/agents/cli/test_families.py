import dataclasses
import sys

import pytest
import tyro

from agents.cli.train import task_choices
from landward.errors import LandwardError
from sims.registry import TaskFamily, get_task, in_family, register_family


@pytest.fixture(scope="module")
def family() -> str:
    def entry(name):
        if name == "toy:broken":
            raise LandwardError("the toys are not installed")
        return dataclasses.replace(get_task("point-mass"), name=name)

    return register_family(TaskFamily("toy", "toys", entry)).name


def choices(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["landward", "train", *words])
    return task_choices.__wrapped__()


def test_a_task_of_a_family_is_a_choice_where_it_is_named(monkeypatch, task, family) -> None:
    chosen = tyro.cli(choices(monkeypatch, f"{family}:car"), args=[f"{family}:car", "--num-envs", "3"])
    assert (chosen.task, chosen.num_envs) == ("toy:car", 3)
    assert in_family("toy:car") and not in_family("toy") and not in_family("tool:car")
    with pytest.raises(SystemExit):
        tyro.cli(choices(monkeypatch, task), args=[f"{family}:car"])


def test_a_task_of_a_family_that_does_not_load_is_an_error(monkeypatch, task, family) -> None:
    with pytest.raises(LandwardError, match="the toys are not installed"):
        choices(monkeypatch, f"{family}:broken")
