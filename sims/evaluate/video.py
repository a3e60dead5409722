"""The tour as an MP4 with command and measured velocity burned in."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from landward.errors import RunError, require
from sims.evaluate.tour import Tour

LINES = (("forward", "m/s"), ("sideways", "m/s"), ("turn", "rad/s"))
COLUMNS = (10, 110, 220)
"""[pixels] Where the text columns begin."""
BAR_HEIGHT = 74
"""[pixels] of the darkened strip under the text."""


def captions(command: np.ndarray, velocity: np.ndarray) -> list[tuple[str, str, str]]:
    """A line of text for each axis: name, command, measured value."""
    return [
        (name, f"told {told:+.2f}", f"does {does:+.2f} {unit}")
        for (name, unit), told, does in zip(LINES, command, velocity, strict=True)
    ]


def burn_in(frame: np.ndarray, lines: list[tuple[str, ...]]) -> np.ndarray:
    """A copy of the frame (H, W, 3) uint8 with columns of white text on a darkened strip at the top."""
    image = require("PIL.Image", "sim", "text is drawn into the film with it")
    draw = require("PIL.ImageDraw", "sim", "text is drawn into the film with it")
    shaded = frame.copy()
    shaded[:BAR_HEIGHT] = (0.35 * shaded[:BAR_HEIGHT]).astype(np.uint8)
    picture = image.fromarray(shaded)
    canvas, letters = draw.Draw(picture), _letters()
    for row, line in enumerate(lines):
        for x, text in zip(COLUMNS, line, strict=False):
            canvas.text((x, 6 + 21 * row), text, fill=(255, 255, 255), font=letters)
    return np.asarray(picture)


@functools.cache
def _letters() -> Any:
    """The font; reading it takes longer than drawing with it."""
    return require("PIL.ImageFont", "sim", "text is drawn into the film with it").load_default(size=17)


def smooth(velocity: np.ndarray, window: int) -> np.ndarray:
    """Trailing mean over `window` steps, (T, 3): a number that can be read although the trunk sways."""
    padded = np.concatenate([np.repeat(velocity[:1], window - 1, axis=0), velocity])
    sums = np.cumsum(np.concatenate([np.zeros((1, velocity.shape[1])), padded]), axis=0)
    return (sums[window:] - sums[:-window]) / window


def write_video(tour: Tour, path: Path, smooth_steps: int = 15) -> Path:
    """Write the tour's frames.

    Raises:
        RunError: there are no frames, or the file cannot be written.
    """
    if not tour.frames:
        raise RunError(f"there are no frames to write to {path}")
    writer_module = require("imageio.v2", "sim", "the film is written with it")
    require("imageio_ffmpeg", "sim", "the film is written with it")
    velocity = smooth(tour.velocity, smooth_steps)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # H.264 wants even sizes; pixels of 4:2:0 play everywhere.
        with writer_module.get_writer(
            path,
            fps=tour.frame_rate,
            codec="libx264",
            macro_block_size=2,
            output_params=["-preset", "veryfast"],
        ) as writer:
            for step, frame in zip(tour.frame_steps, tour.frames, strict=True):
                writer.append_data(burn_in(frame, captions(tour.command[step], velocity[step])))
    except OSError as error:
        raise RunError(f"cannot write the film {path}: {error}") from error
    return path
