"""A live view of an exported policy: in MuJoCo's window, or in a browser page."""

from sims.play.session import Session, Viewer, play

__all__ = ["Session", "Viewer", "play"]
