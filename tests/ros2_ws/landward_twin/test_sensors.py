"""Noise within its bounds, losses at their rate, the same seed the same noise."""

import dataclasses
import math

import numpy as np
import pytest

from landward.errors import LandwardError
from landward_ros.samples import ImuSample
from landward_twin.robot import Reading
from landward_twin.sensors import DelayLine, Sensors, SensorsCfg
from sims.velocity.cfg import SensorCfg

UPRIGHT = np.array([1.0, 0.0, 0.0, 0.0])
READING = Reading(
    time=1.0,
    joint_position=np.linspace(-1.0, 1.0, 12),
    joint_velocity=np.linspace(2.0, -2.0, 12),
    joint_effort=np.arange(12.0),
    orientation=UPRIGHT,
    angular_velocity=np.array([0.1, 0.2, 0.3]),
    linear_acceleration=np.array([0.0, 0.0, 9.81]),
)


def errors(name: str, count: int = 2000) -> np.ndarray:
    sensors = Sensors(SensorsCfg(), seed=3)
    return np.array([getattr(sensors.measure(READING), name) - getattr(READING, name) for _ in range(count)])


@pytest.mark.parametrize(
    ("name", "half_width"),
    [("joint_position", 0.01), ("joint_velocity", 1.5), ("angular_velocity", 0.2)],
)
def test_noise_is_uniform_within_its_half_width(name: str, half_width: float) -> None:
    noise = errors(name)
    assert np.abs(noise).max() <= half_width
    assert np.abs(noise).max() > 0.98 * half_width
    assert np.abs(noise.mean(axis=0)).max() < 0.06 * half_width
    assert noise.std(axis=0) == pytest.approx(np.full(noise.shape[1], half_width / math.sqrt(3)), rel=0.06)
    assert abs(np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]) < 0.1  # one axis says nothing of the next


def test_attitude_noise_is_what_training_adds_to_projected_gravity() -> None:
    sensors = Sensors(SensorsCfg(), seed=1)
    gravity = np.array(
        [ImuSample(0.0, np.zeros(3), sensors.measure(READING).orientation).gravity for _ in range(2000)]
    )
    assert np.abs(gravity[:, :2]).max() < 0.052  # the product of two angles adds a little
    assert np.abs(gravity[:, :2]).max() > 0.048
    assert np.linalg.norm(gravity, axis=1) == pytest.approx(np.ones(2000))


def test_attitude_noise_turns_about_the_axes_of_the_base() -> None:
    """Whatever the orientation, the true one and the measured one differ by at most the noise's angle."""
    true = np.array([0.5, 0.5, -0.5, 0.5])
    sensors = Sensors(SensorsCfg(), seed=1)
    reading = dataclasses.replace(READING, orientation=true)
    dots = [abs(float(sensors.measure(reading).orientation @ true)) for _ in range(500)]
    angle = 2.0 * math.acos(min(dots))
    assert 0.05 < angle < 0.05 * math.sqrt(3) + 1e-6


def test_the_numbers_are_those_of_training() -> None:
    ours, theirs = SensorsCfg(), SensorCfg()
    assert ours.angular_velocity == theirs.angular_velocity
    assert ours.attitude == theirs.gravity
    assert ours.joint_position == theirs.joint_position
    assert ours.joint_velocity == theirs.joint_velocity


def test_without_noise_a_reading_stays_as_it_is() -> None:
    measured = Sensors(SensorsCfg(noise=False), seed=0).measure(READING)
    for field in dataclasses.fields(Reading):
        assert np.array_equal(getattr(measured, field.name), getattr(READING, field.name))


def test_measuring_leaves_the_true_reading_alone() -> None:
    before = READING.joint_position.copy()
    Sensors(SensorsCfg(), seed=0).measure(READING)
    assert np.array_equal(READING.joint_position, before)


def test_encoders_have_steps() -> None:
    measured = Sensors(SensorsCfg(encoder_step=0.25), seed=0).measure(READING)
    assert measured.joint_position * 4 == pytest.approx(np.round(measured.joint_position * 4))
    assert np.abs(measured.joint_position - READING.joint_position).max() <= 0.125 + 0.01


def test_the_same_seed_gives_the_same_noise_and_another_one_other_noise() -> None:
    runs = [
        [Sensors(SensorsCfg(dropout=0.3), seed=seed).measure(READING).joint_velocity for _ in range(3)]
        for seed in (7, 7, 8)
    ]
    assert np.array_equal(runs[0], runs[1])
    assert not np.array_equal(runs[0], runs[2])


def test_samples_are_lost_at_the_rate_that_was_asked_for() -> None:
    sensors = Sensors(SensorsCfg(dropout=0.2), seed=5)
    lost = np.mean([sensors.lost() for _ in range(5000)])
    assert lost == pytest.approx(0.2, abs=4 * math.sqrt(0.2 * 0.8 / 5000))


@pytest.mark.parametrize(("dropout", "lost"), [(0.0, False), (1.0, True)])
def test_none_or_all_are_lost(dropout: float, lost: bool) -> None:
    sensors = Sensors(SensorsCfg(dropout=dropout), seed=5)
    assert {sensors.lost() for _ in range(100)} == {lost}


def test_a_delay_line_gives_items_back_in_order_after_its_steps() -> None:
    line: DelayLine[str] = DelayLine(3)
    assert line.next_step is None and line.pop(100) == []
    line.push(10, "a")
    line.push(11, "b")
    assert line.next_step == 13
    assert line.pop(12) == []
    assert line.pop(13) == ["a"]
    assert line.pop(20) == ["b"]


def test_without_delay_an_item_comes_out_at_once() -> None:
    line: DelayLine[int] = DelayLine(0)
    line.push(5, 1)
    assert line.pop(5) == [1]


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"dropout": 1.5}, "dropout is 1.5"),
        ({"dropout": math.nan}, "dropout is nan"),
        ({"latency": -1.0}, "sensor_latency is -1.0 s"),
        ({"joint_velocity": -0.1}, "joint_velocity is -0.1"),
        ({"encoder_step": math.inf}, "encoder_step is inf"),
    ],
)
def test_settings_without_sense_are_refused(settings: dict, said: str) -> None:
    with pytest.raises(LandwardError, match=said):
        Sensors(SensorsCfg(**settings), seed=0)
