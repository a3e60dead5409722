"""Parameters of the vehicles."""

import pytest

from sims.carla.server.blueprints.library import library
from sims.carla.server.physics.control import default_control
from sims.carla.server.physics.models import MODELS, walker_box
from sims.carla.server.physics.vehicle import Vehicle, parameters
from tests.sims.carla.server.physics.stage import CAR, car, plain


def test_every_vehicle_of_the_library_has_its_model() -> None:
    ids = {type_id for type_id in library().by_id if type_id.startswith("vehicle.")}
    assert ids == set(MODELS)
    assert len(MODELS) == 41


def test_kinds_agree_with_the_blueprints() -> None:
    for type_id, model in MODELS.items():
        blueprint = library().by_id[type_id]
        values = {attribute.name: attribute.value for attribute in blueprint.attributes}
        assert values["base_type"] == model.kind, type_id
        assert int(values["number_of_wheels"]) == model.wheels, type_id


@pytest.mark.parametrize("type_id", MODELS)
def test_axles_lie_under_the_body_and_the_centre_of_mass_between_them(type_id: str) -> None:
    model = MODELS[type_id]
    front, rear = model.front_axle, model.front_axle - model.wheelbase
    middle, half = model.box.location[0], model.box.extent[0]
    assert middle - half < rear < model.centre_of_mass[0] < front < middle + half
    assert 0.0 < model.box.location[2] + model.centre_of_mass[1] < model.box.extent[2]


def test_printed_boxes_of_carla() -> None:
    """`actor.bounding_box.extent` of CARLA 0.9.15."""
    assert MODELS["vehicle.tesla.model3"].box.extent == (2.396, 1.082, 0.744)
    assert MODELS["vehicle.lincoln.mkz_2017"].box.extent == (2.451, 1.064, 0.755)
    assert walker_box("walker.pedestrian.0001").extent == (0.188, 0.188, 0.93)
    assert walker_box("walker.pedestrian.0009").extent == (0.25, 0.25, 0.55)


def test_parameters_of_the_mkz_by_hand() -> None:
    """1696 kg, centre of mass 0.878 m behind the front and 1.972 m ahead of the rear axle, friction 1.05."""
    model = MODELS[CAR]
    found = parameters(Vehicle(car(plain()).actor, model, default_control(model)))
    assert found["inertia"] == pytest.approx(1696 * 0.878 * 1.972)
    assert found["static_front"] == pytest.approx(1.05 * 1696 * 9.81 * 1.972 / 2.85)
    assert found["static_front"] + found["static_rear"] == pytest.approx(found["most"])
    height = 0.749 - 0.30
    assert found["transfer_rear"] == pytest.approx(1.05 * 1696 * height / 2.85) == -found["transfer_front"]
