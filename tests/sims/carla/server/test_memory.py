"""Five hundred episodes leave nothing behind."""

import os
import socket
import struct
from pathlib import Path

import numpy as np
import pytest

from sims.carla.process import ServerProcess, start_server
from tests.sims.carla.server.wire_client import WireClient

pytestmark = [pytest.mark.carla, pytest.mark.slow]
EPISODES, TICKS, CARS = 500, 5, 10
SYNCHRONOUS = [True, False, [True, 0.05]]
CAMERA = [1, "sensor.camera.rgb", [["image_size_x", 2, "84"], ["image_size_y", 2, "84"]]]
PEACE = 10.0
"""[MB] What the allocator may still gather in the second half."""


def episode(client: WireClient, port: int) -> None:
    """One episode: cars, a camera that is watched, ticks, and a new world."""
    client.call("load_new_episode", "", False, 65535)
    _, places = client.value("get_map_info")
    cars = [[0, [[1, "vehicle.tesla.model3", []], place, [False], 0, "", []]] for place in places[:CARS]]
    ids = [
        answer[0][1] for answer in client.call("apply_batch", [[car] for car in cars]) if answer[0][0] == 1
    ]
    camera = client.value("spawn_actor_with_parent", CAMERA, [[1, 0, 2], [0, 0, 0]], ids[0], 0, "")
    (stream,) = struct.unpack_from("<I", camera[5])
    with socket.create_connection(("127.0.0.1", port)) as eye:
        eye.sendall(struct.pack("<I", stream))
        for _ in range(TICKS):
            client.value("tick_cue")


def look(server: ServerProcess) -> tuple[float, int]:
    """([MB] in use, open descriptors)."""
    folder = Path(f"/proc/{server.process.pid}")
    pages = int((folder / "statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6, len(list((folder / "fd").iterdir()))


def test_memory_is_flat(ring_file: Path) -> None:
    with start_server(str(ring_file)) as server, WireClient(server.port) as client:
        with WireClient(server.port) as other:  # who has asked that is given time to listen in each episode
            (token,) = other.value("get_sensor_token", 1)
        (port,) = struct.unpack_from("<H", token, 4)
        client.call("set_episode_settings", SYNCHRONOUS)
        seen = []
        for _ in range(EPISODES):
            episode(client, port)
            seen.append(look(server))
        used, descriptors = np.array(seen).T
        half = EPISODES // 2
        assert used[half:].max() - used[half // 2 : half].max() < PEACE
        assert descriptors[half:].max() <= descriptors[:half].max() + 1
