"""The guide names what there is."""

import pytest

from sims.carla.drive.cfg import route_cat_cfg
from sims.carla.drive.infractions import PENALTY
from sims.carla.drive.terms import CHANNELS, observation_groups, state_constraints

CFG = route_cat_cfg()
TERMS = [term.name for terms in observation_groups(CFG).values() for term in terms]
CONSTRAINTS = [constraint.name for constraint in state_constraints(CFG)]


@pytest.fixture(scope="module")
def page(root):
    return (root / "docs" / "carla_tasks.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*CHANNELS, *TERMS, *CONSTRAINTS, *PENALTY])
def test_names_are_explained(page, name):
    assert f"`{name}`" in page


def test_penalties_are_those_of_the_code(page):
    for name, factor in PENALTY.items():
        assert f"| `{name}` | {factor:.2f} |" in page
