"""Which OpenGL MuJoCo may load: importing MuJoCo fails where MUJOCO_GL names one that is not there."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable, MutableMapping

LIBRARIES: dict[str, tuple[tuple[str, ...], ...]] = {
    "egl": (("libEGL.so.1", "libEGL.so"), ("libGL.so.1", "libOpenGL.so.0", "libGL.so")),
    "osmesa": (("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"),),
}
"""Renderer -> what it needs; of each group one name has to load."""
HELP = (
    "install a software renderer (Debian: apt-get install libegl1 libgl1 libgl1-mesa-dri); "
    "until then there are no pictures and no films"
)


def loads(library: str) -> bool:
    """Whether the dynamic linker finds a library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def choose_renderer(
    environment: MutableMapping[str, str] = os.environ, loads: Callable[[str], bool] = loads
) -> str:
    """Set MUJOCO_GL to a renderer that loads, before MuJoCo is imported.

    Does nothing where MuJoCo was imported already, where there is a display and nothing was asked for, or on
    systems other than Linux.

    Args:
        environment: read and changed: MUJOCO_GL, "disable" where no renderer loads.
        loads: whether a library can be loaded.

    Returns:
        Why there is no renderer and what to install, "" otherwise.
    """
    wanted = environment.get("MUJOCO_GL", "").lower()
    if sys.platform != "linux" or "mujoco" in sys.modules and environment is os.environ:
        return ""
    if wanted not in ("", *LIBRARIES) or (not wanted and environment.get("DISPLAY")):
        return ""
    for renderer in [wanted] if wanted else LIBRARIES:
        if all(any(map(loads, names)) for names in LIBRARIES[renderer]):
            environment["MUJOCO_GL"] = renderer
            return ""
    environment["MUJOCO_GL"] = "disable"
    asked = f"MUJOCO_GL={wanted} does not load" if wanted else "neither EGL nor OSMesa loads"
    return f"{asked}: {HELP}"
