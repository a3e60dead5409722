"""Draw docs/images/carla/sensors.png: what the sensors of the driving server give at one place.

python docs/images/make_carla_sensors.py [--renderer cv2]
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from sims.carla.maps.town import load_town
from sims.carla.server.actor import Description
from sims.carla.server.geometry import compose, pose
from sims.carla.server.sensors.lidar import SEMANTIC_POINT
from sims.carla.server.world import World

PICTURE = Path(__file__).parent / "carla" / "sensors.png"
SIZE = (400, 300)
LIDAR_REACH = 40.0
"""[m] Of the drawing from above."""
CAMERAS = ("rgb", "depth", "semantic_segmentation", "instance_segmentation", "normals")
PALETTE = np.random.default_rng(7).integers(40, 256, (256, 3)).astype(np.uint8)
PALETTE[[1, 2, 3, 9, 10, 11, 14, 12, 24]] = [
    (128, 64, 128), (232, 35, 244), (70, 70, 70), (35, 142, 107), (152, 251, 152), (180, 130, 70),
    (142, 0, 0), (60, 20, 220), (255, 255, 255),
]  # fmt: skip
"""Blue, green, red of labels, after Cityscapes."""
CARS = (
    ("tesla.model3", "200,30,30", 9.0, 0.0), ("audi.tt", "30,70,170", 36.0, 0.0),
    ("volkswagen.t2", "230,200,60", 12.0, -3.6), ("carlamotors.carlacola", "220,220,220", 50.0, -3.6),
    ("kawasaki.ninja", "40,150,60", 6.0, -2.8),
)  # fmt: skip
"""Model, colour, metres ahead and to the right of the camera's car."""


def main() -> None:
    """Make the world, look once, compose."""
    received: dict[int, bytes] = {}
    world = World(
        load_town("Town_Small"),
        seed=1,
        publish=lambda stream, kind, payload, at: received.__setitem__(stream, bytes(payload)),
        subscribed=lambda stream: True,
        renderer="cv2" if "cv2" in sys.argv else "auto",
    )
    light = next(s for s in world.town.signals if s.kind == "light")
    x, y, z, _, width = light.stops[-1]
    lane = pose(x, y, z, light.heading)
    start = compose(lane, pose(-13.0))
    for model, colour, ahead, right in CARS:
        place = compose(start, pose(ahead, right, 0.0, 0.0 if right > -2.0 else 180.0))
        world.spawn(Description(0, f"vehicle.{model}", (("color", 5, colour),)), place)
    for number in range(3):
        place = compose(start, pose(10.0 + 1.5 * number, width + 0.5 + 0.4 * number, 0.95, 90.0 * number))
        world.spawn(Description(0, "walker.pedestrian.0001"), place)
    eye = compose(start, np.array([-2.0, 0.0, 2.3, -6.0, 0.0, 0.0]))
    size = (("image_size_x", 2, str(SIZE[0])), ("image_size_y", 2, str(SIZE[1])), ("fov", 3, "80"))
    cameras = [world.spawn(Description(0, f"sensor.camera.{name}", size), eye) for name in CAMERAS]
    beams = (("channels", 2, "48"), ("range", 3, "60"), ("points_per_second", 2, "1600000"),
             ("rotation_frequency", 3, "20"), ("upper_fov", 3, "8"))  # fmt: skip
    lidar = world.spawn(Description(0, "sensor.lidar.ray_cast_semantic", beams), eye)
    world.step(0.05)
    world.observe()
    pictures = [decode(received[camera.stream], name) for camera, name in zip(cameras, CAMERAS, strict=True)]
    pictures.append(from_above(received[lidar.stream]))
    rows = [np.concatenate(pictures[i : i + 3], axis=1) for i in (0, 3)]
    PICTURE.parent.mkdir(exist_ok=True)
    cv2.imwrite(str(PICTURE), np.concatenate(rows), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    world.close()
    print(PICTURE)


def decode(payload: bytes, name: str) -> NDArray[np.uint8]:
    """A camera's message as a picture for people."""
    width, height, _ = struct.unpack_from("<IIf", payload)
    image = np.frombuffer(payload, np.uint8, offset=12).reshape(height, width, 4)[..., :3]
    if name == "depth":
        metres = image.astype(np.int64) @ [65536, 256, 1] * 1000.0 / (2**24 - 1)
        grey = 255.0 * np.clip(np.log(np.maximum(metres, 1.0)) / np.log(200.0), 0.0, 1.0)
        return grey.astype(np.uint8)[..., None].repeat(3, axis=2)
    if name == "semantic_segmentation":
        return PALETTE[image[..., 2]]
    if name == "instance_segmentation":
        shuffled = (image.astype(np.uint32) @ np.array([256, 1, 65536], np.uint32)) * 2654435761
        return np.stack([shuffled >> shift & 255 for shift in (8, 16, 24)], axis=-1).astype(np.uint8)
    return image.copy()


def from_above(payload: bytes) -> NDArray[np.uint8]:
    """Points of the semantic lidar from above, forward is up, coloured by label."""
    (channels,) = struct.unpack_from("<I", payload, 4)
    points = np.frombuffer(payload, SEMANTIC_POINT, offset=8 + 4 * channels)
    width, height = SIZE
    column = (width / 2 + points["point"][:, 1] * width / 2 / LIDAR_REACH).astype(int)
    row = (height * 0.7 - points["point"][:, 0] * width / 2 / LIDAR_REACH).astype(int)
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    picture = np.full((height, width, 3), 24, np.uint8)
    picture[row[inside], column[inside]] = PALETTE[points["label"][inside]]
    return picture


if __name__ == "__main__":
    main()
