"""Two bodies that hit each other, with numbers by hand."""

import pytest

from sims.carla.server.physics.impulse import RESTITUTION, RUBBING, Body, collide


def test_head_on_between_equals() -> None:
    """1000 kg, 10 m/s against as much at rest: j = 1.1 * 10 / (2/1000) = 5500 N s; 4.5 and 5.5 m/s after."""
    first, second = Body(0j, 10 + 0j, 0.0, 1e-3, 1e-3), Body(4 + 0j, 0j, 0.0, 1e-3, 1e-3)
    impulse = collide(first, second, 2 + 0j, 1 + 0j)
    assert impulse == pytest.approx(-5500 + 0j)
    assert first.velocity.real == pytest.approx(4.5)
    assert second.velocity.real == pytest.approx(5.5)
    assert second.velocity.real - first.velocity.real == pytest.approx(RESTITUTION * 10.0)


def test_a_wall_takes_nothing() -> None:
    car = Body(0j, 10 + 0j, 0.0, 1 / 1500, 1 / 2000)
    impulse = collide(car, Body(5 + 0j, 0j), 2.5 + 0j, 1 + 0j)
    assert impulse == pytest.approx(-1500 * 11.0)
    assert car.velocity.real == pytest.approx(-1.0)


def test_a_blow_beside_the_centre_turns_the_body() -> None:
    """A lever of 0.5 m, 1/m + l^2/J = 0.001 + 0.00025: j = 1.1 * 10 / 0.00125 = 8800 N s, without rubbing."""
    car = Body(0j, 10 + 0j, 0.0, 1e-3, 1e-3)
    impulse = collide(car, Body(9 + 0j, 0j), 2 + 0.5j, 1 + 0j)
    assert impulse.real == pytest.approx(-8800.0, rel=0.02)
    assert car.yaw_rate > 0.0


def test_rubbing_is_limited_and_slows_the_sliding() -> None:
    car = Body(0j, 2 + 30j, 0.0, 1e-3, 0.0)
    impulse = collide(car, Body(9 + 0j, 0j), 2 + 0j, 1 + 0j)
    assert abs(impulse.imag) == pytest.approx(RUBBING * abs(impulse.real))
    assert 0.0 < car.velocity.imag < 30.0


def test_bodies_that_part_are_left_alone() -> None:
    first, second = Body(0j, -1 + 0j, 0.0, 1e-3), Body(4 + 0j, 1 + 0j, 0.0, 1e-3)
    assert collide(first, second, 2 + 0j, 1 + 0j) == 0
    assert first.velocity == -1


def test_momentum_stays_and_energy_does_not_grow() -> None:
    first, second = Body(0j, 8 + 3j, 0.4, 1 / 1200, 1 / 1900), Body(3 + 1j, -5 + 1j, -0.2, 1 / 2000, 1 / 3000)
    energy = _energy(first) + _energy(second)
    momentum = first.velocity * 1200 + second.velocity * 2000
    collide(first, second, 1.5 + 0.7j, (1 + 0.2j) / abs(1 + 0.2j))
    assert first.velocity * 1200 + second.velocity * 2000 == pytest.approx(momentum)
    assert _energy(first) + _energy(second) < energy


def _energy(body: Body) -> float:
    return abs(body.velocity) ** 2 / (2 * body.lightness) + body.yaw_rate**2 / (2 * body.ease)
