"""What is in front of a camera: the tiles and the actors that it can see, as draw commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sims.carla.server.scene.actors import INSTANCE, Actors
from sims.carla.server.scene.light import Light, light_of
from sims.carla.server.scene.shapes import SHAPES
from sims.carla.server.scene.statics import Statics, statics_for
from sims.carla.server.scene.tiles import Seen, Tiles
from sims.carla.server.scene.view import View

if TYPE_CHECKING:
    from sims.carla.server.world import World

ACTOR_PIXELS = 0.35
"""Actors are drawn as far as their half size is larger than this [px]."""
SIMPLE_PIXELS = 7.0
"""Cars of a smaller half size [px] are drawn without wheels and lamps."""
CAR, FAR_CAR = SHAPES.index("car"), SHAPES.index("far_car")


@dataclass(frozen=True)
class Frame:
    """What a renderer draws."""

    view: View
    light: Light
    instances: NDArray[np.void]
    """(n,) of INSTANCE; the first one is the town's."""
    commands: NDArray[np.uint32]
    """(k, 5) number of vertices, number of instances, first vertex, first instance, 0: OpenGL's indirect
    commands at the distance of 20 bytes that moderngl reads them at. The vertices are the shapes' and then
    the town's."""
    town: Seen
    """What can be seen of the town, in two commands."""


class Scene:
    """The town and its actors.

    Args:
        world: the episode.
        statics: the triangles of its town; made when None.
    """

    def __init__(self, world: World, statics: Statics | None = None) -> None:
        self.world = world
        self.statics = statics or statics_for(world.town)
        self.actors = Actors(world)
        self._tiles = Tiles(self.statics)
        self._weather: list[float] = []
        self._light = light_of(world.weather)

    @property
    def light(self) -> Light:
        """Of the weather as it is now."""
        if self._weather != self.world.weather:
            self._weather, self._light = list(self.world.weather), light_of(self.world.weather)
        return self._light

    def look(self, view: View) -> Frame:
        """What a camera sees."""
        self.actors.update()
        town = self._tiles.seen(view)
        some, shapes = self._visible_actors(view)
        counts = np.bincount(shapes, minlength=len(SHAPES))
        kinds = counts.nonzero()[0]
        commands = np.zeros((len(kinds) + 2, 5), np.uint32)
        commands[:-2, 0], commands[:-2, 2] = self.statics.shapes[kinds].T[::-1]
        commands[:-2, 1] = counts[kinds]
        commands[:-2, 3] = 1 + (np.cumsum(counts) - counts)[kinds]
        begin = self.statics.begin
        commands[-2] = (town.clear, 1, begin, 0, 0)
        commands[-1] = (len(town.vertices) - town.clear, 1, begin + town.clear, 0, 0)
        instances = np.concatenate([TOWN, self.actors.instances[some]])
        return Frame(view, self.light, instances, commands, town)

    def _visible_actors(self, view: View) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Indices and shapes of the actors within the picture, ordered by shape."""
        actors = self.actors
        local = (actors.centres - view.pose[:3]) @ view.axes.T
        depth = local[:, 0]
        slopes = np.array(view.slopes)
        room = depth[:, None] * slopes + actors.radii[:, None] * np.sqrt(1.0 + slopes * slopes)
        size = actors.radii * view.focal / np.maximum(depth, 1.0)
        inside = (np.abs(local[:, 1:]) < room).all(axis=1)
        seen = (inside & (depth > -actors.radii) & (size > ACTOR_PIXELS)).nonzero()[0]
        shapes = actors.shapes[seen]
        shapes[(shapes == CAR) & (size[seen] < SIMPLE_PIXELS)] = FAR_CAR
        order = shapes.argsort(kind="stable")
        return seen[order], shapes[order]


TOWN = np.zeros(1, INSTANCE)
TOWN["place"][0, :, :3] = np.eye(3)
