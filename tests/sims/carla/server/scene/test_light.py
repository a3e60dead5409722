import numpy as np
import pytest

from sims.carla.server.scene.light import CLOUDINESS, FOG_DENSITY, SUN_ALTITUDE, light_of
from sims.carla.server.world import World
from tests.sims.carla.server.towns import ring


def weather(**changes: float) -> list[float]:
    numbers = list(World(ring()).weather)
    for index, value in changes.items():
        numbers[int(index[1:])] = value
    return numbers


def test_the_sun_stands_as_high_as_the_weather_says() -> None:
    sun = np.array(light_of(weather(_5=30.0)).sun)
    assert SUN_ALTITUDE == 5
    assert np.degrees(np.arcsin(sun[2] / np.linalg.norm(sun))) == pytest.approx(30.0)


def test_night_is_darker_than_day_and_clouds_dim_the_sun() -> None:
    day, night = light_of(weather(_5=60.0)), light_of(weather(_5=-30.0))
    assert np.linalg.norm(night.sun) == 0.0
    assert night.ambient < 0.3 * day.ambient
    assert max(night.sky) < 0.2
    cloudy = light_of(weather(_5=60.0, _0=100.0))
    assert CLOUDINESS == 0
    assert np.linalg.norm(cloudy.sun) < 0.5 * np.linalg.norm(day.sun)


def test_fog_hides_what_is_near() -> None:
    assert FOG_DENSITY == 6
    assert 1.0 / light_of(weather(_6=100.0)).haze < 30.0 < 300.0 < 1.0 / light_of(weather(_6=0.0)).haze
