"""Film of a route: the front camera beside the bird's-eye view, with speed and score in the picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from landward.errors import RunError, require
from sims.carla.drive.episode import DrivingEpisode
from sims.carla.drive.signals import GREEN, RED, STOP, YELLOW

WIDTH, HEIGHT = 640, 400
"""[pixels] Of the camera's picture; the bird's-eye view beside it is HEIGHT wide."""
FIELD_OF_VIEW = "90"
"""[deg]."""
MOUNT = (0.9, 0.0, 1.6)
"""[m] The camera: behind the windscreen, from the middle of the car forward, right, up."""
BAR = 46
"""[pixels] Height of the darkened strip under the text."""
SIGNS = {RED: "red light", YELLOW: "yellow light", GREEN: "green light"}


class Film:
    """Records an episode that has begun; does nothing without a path."""

    def __init__(self, episode: DrivingEpisode, path: Path | None) -> None:
        """Mount the camera.

        Raises:
            RunError: the server refuses the camera, or the file cannot be written.
        """
        self._episode, self._path, self._writer = episode, path, None
        if path is not None:
            self._camera = _mount(episode)
            self._writer = _open(path, 1.0 / episode.simulator.delta)

    def add(self) -> None:
        """Take a picture of the frame that the episode is in, as soon as the camera sends."""
        # The first frames come before its stream is open; to wait with ticks would change the episode.
        if self._writer is not None and self._camera.open:
            episode = self._episode
            front = self._camera.take(episode.frame)
            above = episode.picture((HEIGHT, HEIGHT))
            self._writer.append_data(np.hstack((caption(front, *lines(episode)), above)))

    def __enter__(self) -> Film:
        return self

    def __exit__(self, *_: object) -> None:
        if self._writer is not None:
            self._writer.close()


def lines(episode: DrivingEpisode) -> tuple[str, str]:
    """What is written into the picture: how fast and why, and the score so far."""
    scene, summary = episode.scene, episode.summary()
    speed, limit = 3.6 * scene.ego.speed, 3.6 * scene.speed_limit
    near = SIGNS.get(scene.light.state, "")
    if scene.stop_sign.state == STOP:
        near = "stop sign"
    first = f"{speed:3.0f} km/h   (limit {limit:.0f})   {near}"
    counted = [infraction.kind.replace("_", " ") for infraction in episode.infractions]
    second = (
        f"route {100.0 * episode.completion:.0f} %   driving score "
        f"{summary['episode/driving_score']:.0f}   {', '.join(counted) or 'no infraction'}"
    )
    return first, second


def caption(frame: NDArray[np.uint8], *text: str) -> NDArray[np.uint8]:
    """A copy of a frame (H, W, 3) with white lines on a darkened strip at the top."""
    cv2 = require("cv2", "carla", "text is drawn into the film with it")
    shown = frame.copy()
    shown[:BAR] = (0.35 * shown[:BAR]).astype(np.uint8)
    for row, line in enumerate(text):
        place = (10, 18 + 20 * row)
        cv2.putText(shown, line, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1, cv2.LINE_AA)
    return shown


def _mount(episode: DrivingEpisode) -> Any:
    carla, simulator = require("carla", "carla", "driving"), episode.simulator
    blueprint = simulator.library.find("sensor.camera.rgb")
    for name, value in (
        ("image_size_x", str(WIDTH)),
        ("image_size_y", str(HEIGHT)),
        ("fov", FIELD_OF_VIEW),
    ):
        blueprint.set_attribute(name, value)
    x, y, z = MOUNT
    camera = simulator.spawn(blueprint, carla.Transform(carla.Location(x, y, z)), episode.ego)
    if camera is None:
        raise RunError("the server refuses the film's camera; film nothing with --no-video")
    return simulator.listen(camera)


def _open(path: Path, rate: float) -> Any:
    writer = require("imageio.v2", "carla", "the film is written with it")
    require("imageio_ffmpeg", "carla", "the film is written with it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return writer.get_writer(
            path,
            fps=rate,
            codec="libx264",
            macro_block_size=2,
            output_params=["-preset", "veryfast", "-crf", "28"],
        )
    except OSError as error:
        raise RunError(f"cannot write the film {path}: {error}") from error
