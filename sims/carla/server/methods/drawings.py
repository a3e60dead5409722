"""Drawing into the world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sims.carla.server.methods.registry import rpc

if TYPE_CHECKING:
    from sims.carla.server.server import Server


@rpc("draw_debug_shape", "void")
def draw(server: Server, shape: Any) -> None:
    """Points, lines, arrows and boxes that RGB cameras see; text is taken, and no camera sees it."""
    server.world.drawings.draw(shape)


@rpc("clear_debug_shape", "void")
def clear_shapes(server: Server) -> None:
    """Remove all that is drawn but text."""
    server.world.drawings.clear(False)


@rpc("clear_debug_string", "void")
def clear_texts(server: Server) -> None:
    """Remove all text."""
    server.world.drawings.clear(True)
