"""RPC methods that cast rays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.arguments import number, vector
from sims.carla.server.methods.registry import rpc
from sims.carla.server.sensors.rays import entries

if TYPE_CHECKING:
    from sims.carla.server.server import Server

FARTHEST = 1e6
"""[m]"""


@rpc("project_point")
def project_point(server: Server, location: Any, direction: Any, distance: Any) -> list[Any]:
    """[whether something is in the way, [where, label]] of the first thing on the way."""
    start, way = np.array(vector(location)), np.array(vector(direction))
    length = float(np.linalg.norm(way))
    reach = min(max(number(distance), 0.0), FARTHEST)
    found = _hits(server, start, way / length, reach) if length > 0.0 else []
    return [True, found[0]] if found else [False, [[0.0, 0.0, 0.0], 0]]


@rpc("cast_ray")
def cast_ray(server: Server, begin: Any, end: Any) -> list[Any]:
    """[[where, label]] of everything on the way, the nearest first."""
    start, way = np.array(vector(begin)), np.array(vector(end)) - np.array(vector(begin))
    length = float(np.linalg.norm(way))
    return _hits(server, start, way / length, min(length, FARTHEST)) if length > 0.0 else []


def _hits(
    server: Server, start: NDArray[np.float64], direction: NDArray[np.float64], reach: float
) -> list[list[Any]]:
    """LabelledPoints."""
    caster = server.world.sensors.caster
    boxes = caster.near(start, reach)
    every = np.arange(len(boxes.ids))
    distances = entries(start, np.broadcast_to(direction, (len(every), 3)), boxes, every)
    found = list(zip(distances.tolist(), boxes.labels.tolist(), strict=True))
    ground = float(caster.ground(start, direction[None])[0])
    if ground <= reach:
        label = int(caster.surface.labels((start + ground * direction)[None, :2])[0])
        found.append((ground, label))
    return [[(start + d * direction).tolist(), label] for d, label in sorted(found) if d <= reach]
