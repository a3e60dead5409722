"""What tests with a real client share; the fixture `client` is that of their folder."""

from typing import Any

import pytest

from tests.sims.carla.clients import synchronise


@pytest.fixture
def world(client: Any) -> Any:
    """The world of a new episode, synchronous with steps of 0.05 s."""
    return synchronise(client.get_world())
