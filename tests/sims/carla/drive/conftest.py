"""The town that tests of the driving task share."""

import numpy as np
import pytest

from sims.carla.drive.lanes import LaneGraph
from sims.carla.maps.town import load_town


@pytest.fixture(scope="session")
def town():
    return load_town("Town_Small")


@pytest.fixture(scope="session")
def graph(town):
    return LaneGraph(town.map)


@pytest.fixture(scope="session")
def spawn_points(town):
    """(S, 3) x, y [m], yaw [rad]."""
    poses = np.asarray(town.spawn_points)
    return np.stack((poses[:, 0], poses[:, 1], np.radians(poses[:, 4])), axis=-1)
