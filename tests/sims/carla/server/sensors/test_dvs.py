"""Events against numbers worked out by hand, and in a world with both renderers."""

import struct
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sims.carla.server.actor import Actor, Description
from sims.carla.server.errors import RpcError
from sims.carla.server.geometry import compose, pose
from sims.carla.server.sensors.dvs import EVENT, MOST_EVENTS, Retina, Thresholds, brightness
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring

DVS = 3
SIZE = {"image_size_x": 80, "image_size_y": 60}
Sent = list[tuple[int, int, bytes]]
EVEN = Thresholds(0.3, 0.3)


def picture(*values: float) -> NDArray[np.float64]:
    """One row of brightness."""
    return np.array([values])


def events(
    *pictures: NDArray[np.float64], thresholds: Thresholds = EVEN, seed: int = 0
) -> list[NDArray[np.void]]:
    """Those of each picture after the first; one every 1000 ns, the first at 0."""
    random, retina = np.random.default_rng(seed), Retina(pictures[0], 0)
    return [retina.see(each, 1000 * (i + 1), thresholds, random) for i, each in enumerate(pictures[1:])]


def test_brightness_is_what_carla_documents() -> None:
    """I = 0.2989 R + 0.587 G + 0.114 B, L = log(eps + I / 255)."""
    blue_green_red = np.array([[[10, 20, 30, 255]]], np.uint8)
    grey = 0.2989 * 30 + 0.587 * 20 + 0.114 * 10
    assert brightness(blue_green_red, None)[0, 0] == pytest.approx(grey)
    assert brightness(blue_green_red, 0.001)[0, 0] == pytest.approx(np.log(0.001 + grey / 255.0))


def test_a_step_fires_once_for_each_threshold_that_is_passed() -> None:
    """A change of 1.0 passes 0.3, 0.6 and 0.9, at 300, 600 and 900 of 1000 ns; -0.5 passes one, at 600 ns."""
    (found,) = events(picture(0.0, 2.0, 1.0), picture(1.0, 2.0, 0.5))
    assert [event.tolist() for event in found] == [
        (0, 0, 300, 1), (0, 0, 600, 1), (2, 0, 600, 0), (0, 0, 900, 1),
    ]  # fmt: skip


def test_a_doubled_grey_value_is_a_known_number_of_events() -> None:
    """log 2 = 0.693 passes 0.3 twice, at 0.3 / 0.693 and 0.6 / 0.693 of the way."""
    dark, light = (np.full((1, 1, 4), value, np.uint8) for value in (60, 120))
    (found,) = events(brightness(dark, 1e-6), brightness(light, 1e-6))
    assert found["t"].tolist() == [int(300.0 / np.log(2.0)), int(600.0 / np.log(2.0))]
    (found,) = events(brightness(light, 1e-6), brightness(dark, 1e-6))
    assert found["polarity"].tolist() == [0, 0]
    (found,) = events(brightness(dark, None), brightness(light, None), thresholds=Thresholds(25.0, 25.0))
    assert len(found) == 2  # 60 grey values


def test_what_is_left_over_counts_in_the_next_picture() -> None:
    """0 to 0.5 passes 0.3; on to 0.7 passes 0.6, half way; back to 0.25 passes 0.3, at 0.4 / 0.45."""
    first, second, third = events(picture(0.0), picture(0.5), picture(0.7), picture(0.25))
    assert first["t"].tolist() == [600]
    assert second["t"].tolist() == [1500]
    assert third.tolist() == [(0, 0, 2888, 0)]


def test_up_and_down_have_thresholds_of_their_own() -> None:
    (found,) = events(picture(0.0, 0.0), picture(1.0, -1.0), thresholds=Thresholds(0.4, 0.15))
    assert (found["polarity"] == 1).sum() == 2
    assert (found["polarity"] == 0).sum() == 6


def test_a_pixel_rests_after_an_event() -> None:
    """A threshold every 100 ns and 250 ns of rest: every third one, on into the next picture."""
    rest, random = Thresholds(0.1, 0.1, refractory=250.0), np.random.default_rng(0)
    retina = Retina(picture(0.0), 0)
    first = retina.see(picture(0.95), 950, rest, random)
    assert first["t"] == pytest.approx([100, 400, 700], abs=1)
    second = retina.see(picture(1.95), 1950, rest, random)
    assert second["t"] == pytest.approx([1000, 1300, 1600, 1900], abs=1)
    assert retina.see(picture(2.05), 2050, rest, random).tolist() == []  # 1900 + 250 is later


def test_noise_follows_its_seed_and_spreads_the_thresholds() -> None:
    """A change of 1 passes a threshold of 0.5 +- 0.1 once or, where it is at most 0.5, twice."""
    noisy = Thresholds(0.5, 0.5, sigma_brighter=0.1)
    flat = np.zeros((100, 100))
    one, again, other = (events(flat, flat + 1.0, thresholds=noisy, seed=i)[0] for i in (1, 1, 2))
    assert one.tobytes() == again.tobytes() != other.tobytes()
    counts = np.bincount(one["y"].astype(int) * 100 + one["x"], minlength=10_000)
    assert (counts == 1).mean() == pytest.approx(0.5, abs=0.03)
    first = np.sort(one["t"])[:5000]
    assert first.min() < 300 < 450 < first.max()
    assert len(np.unique(events(flat, flat - 1.0, thresholds=noisy)[0]["t"])) == 2  # no noise downwards


def test_events_are_sorted_in_time_and_lie_between_the_pictures() -> None:
    random = np.random.default_rng(3)
    for found, begin in zip(events(*random.normal(0.0, 1.0, (4, 20, 30))), (0, 1000, 2000), strict=True):
        assert len(found) > 500
        assert (np.diff(found["t"]) >= 0).all()
        assert found["t"].min() >= begin and found["t"].max() <= begin + 1000
        assert found["x"].max() < 30 and found["y"].max() < 20


def test_a_message_is_bounded_whatever_happens() -> None:
    """500 * 400 pixels that would fire 690 times each."""
    black, white = np.full((400, 500), np.log(0.001)), np.full((400, 500), np.log(1.001))
    (found,) = events(black, white, thresholds=Thresholds(0.01, 0.01))
    assert 0.9 * MOST_EVENTS < len(found) <= MOST_EVENTS
    assert (np.bincount(found["x"]) > 0).all()


@pytest.fixture
def sent() -> Sent:
    """(stream, sensor type, payload) of every message."""
    return []


@pytest.fixture(params=["egl", "cv2"])
def world(request: pytest.FixtureRequest, sent: Sent) -> Any:
    world = World(
        ring(),
        publish=lambda stream, kind, payload, at: sent.append((stream, kind, bytes(payload))),
        subscribed=lambda stream: True,
        renderer=request.param,
    )
    yield world
    world.close()


def camera(world: World, at: Any, name: str = "dvs", **attributes: Any) -> Actor:
    words = tuple((key, 3, str(value)) for key, value in {**SIZE, **attributes}.items())
    return world.spawn(Description(0, f"sensor.camera.{name}", words), at)


def observe(world: World) -> None:
    """A frame in which nothing moves."""
    world.frame += 1
    world.elapsed += 0.0625
    world.delta = 0.0625
    world.observe()


def test_only_what_changes_is_sent(world: World, sent: Sent) -> None:
    """A car that appears: its pixels fire; before and after there is no message."""
    eye = pose(38.0, -12.0, 1.5, 90.0)
    camera(world, eye, positive_threshold=0.05, negative_threshold=0.05)
    for _ in range(3):
        observe(world)
    assert not sent
    camera(world, eye, "semantic_segmentation")
    car = world.spawn(Description(0, "vehicle.tesla.model3", (("color", 5, "250,250,250"),)),
                      pose(38.0, 0.0, 0.0, 90.0))  # fmt: skip
    observe(world)
    (_, kind, payload), (_, _, labels) = sent
    assert kind == DVS
    assert struct.unpack_from("<IIf", payload) == (80, 60, 90.0)
    found = np.frombuffer(payload, EVENT, offset=12)
    assert len(found) > 100
    assert set(found["polarity"].tolist()) == {0, 1}
    assert 187_500_000 <= found["t"].min() <= found["t"].max() <= 250_000_000
    label = np.frombuffer(labels, np.uint8, offset=12).reshape(60, 80, 4)[..., 2]
    on_car = label[found["y"], found["x"]] == car.tags[0]
    assert on_car.all()
    sent.clear()
    observe(world)
    assert [kind for _, kind, _ in sent] == [14]


def test_a_camera_that_moves_sees_edges_and_sees_the_same_again(world: World, sent: Sent) -> None:
    eyes = [camera(world, pose(38.0, 0.0, 2.0, 90.0), sigma_positive_threshold=0.1) for _ in range(2)]
    for _ in range(3):
        observe(world)
        for eye in eyes:
            world.place(eye, compose(eye.pose, pose(0.0, 0.3)))
    assert len(sent) == 4
    counts = [len(np.frombuffer(payload, EVENT, offset=12)) for _, _, payload in sent]
    assert all(20 < count < 80 * 60 * 3 for count in counts)
    assert sent[0][2] != sent[1][2]  # noise depends on the sensor's id


@pytest.mark.parametrize(
    ("name", "value"), [("positive_threshold", 0), ("log_eps", "-1"), ("refractory_period_ns", "long")]
)
def test_attributes_out_of_bounds_are_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(RpcError, match=f"{name} of sensor.camera.dvs is"):
        camera(World(ring()), pose(), **{name: value})
