"""The RPC methods, one module a subject; `registry` collects them."""

from sims.carla.server.methods import actors, batch, managers, maps, session
from sims.carla.server.methods.registry import METHODS

__all__ = ["METHODS", "actors", "batch", "managers", "maps", "session"]
