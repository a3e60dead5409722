"""Sun, sky and haze from CARLA's weather parameters; simple, but day, dusk, clouds, rain and fog differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CLOUDINESS, PRECIPITATION, SUN_AZIMUTH, SUN_ALTITUDE, FOG_DENSITY, FOG_DISTANCE, WETNESS = 0, 1, 4, 5, 6, 7, 9
"""Indices of WeatherParameters."""
CLEAR_SKY = np.array([0.53, 0.72, 0.92])
GREY_SKY = np.array([0.66, 0.68, 0.70])
DUSK_SKY = np.array([0.86, 0.55, 0.38])
NIGHT_SKY = np.array([0.03, 0.04, 0.08])


@dataclass(frozen=True)
class Light:
    """Surfaces are colour * (ambient + max(0, sun . normal)), mixed with the sky by distance."""

    sun: tuple[float, float, float]
    """Towards the sun in the world's axes; its length is its strength."""
    ambient: float
    sky: tuple[float, float, float]
    """Red, green, blue, 0..1."""
    haze: float
    """[1/m] Share of the sky's colour at a distance d is min(1, haze * d)."""


def light_of(weather: Sequence[float]) -> Light:
    """The light of a weather, with CARLA's units: degrees and per cent."""
    azimuth, altitude = np.radians(weather[SUN_AZIMUTH]), np.radians(weather[SUN_ALTITUDE])
    clouds = np.clip(weather[CLOUDINESS] / 100.0, 0.0, 1.0)
    wet = np.clip(weather[PRECIPITATION] / 100.0, 0.0, 1.0)
    day = float(np.clip((np.sin(altitude) + 0.1) / 0.3, 0.0, 1.0))
    dusk = float(np.clip(1.0 - abs(np.degrees(altitude)) / 15.0, 0.0, 1.0)) * (1.0 - clouds)
    sky = CLEAR_SKY + clouds * (GREY_SKY - CLEAR_SKY)
    sky = sky + 0.7 * dusk * (DUSK_SKY - sky)
    sky = NIGHT_SKY + day * (sky - NIGHT_SKY)
    strength = 0.6 * day * (1.0 - 0.75 * clouds)
    high = max(float(np.sin(altitude)), 0.05)
    level = np.sqrt(max(1.0 - high * high, 0.0))
    sun = strength * np.array([-level * np.cos(azimuth), -level * np.sin(azimuth), high])
    fog = np.clip(weather[FOG_DENSITY] / 100.0, 0.0, 1.0)
    return Light(
        (float(sun[0]), float(sun[1]), float(sun[2])),
        0.12 + 0.5 * day + 0.08 * float(clouds) * day,
        (float(sky[0]), float(sky[1]), float(sky[2])),
        float(1.0 / 700.0 + wet / 400.0 + fog * fog / 25.0),
    )
