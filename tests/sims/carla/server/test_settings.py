import pytest

from sims.carla.server.arguments import WireError
from sims.carla.server.errors import RpcError
from sims.carla.server.settings import NOON, Settings


def test_settings_go_there_and_back() -> None:
    settings = Settings(synchronous_mode=True, fixed_delta_seconds=0.05, max_substeps=4)
    assert settings.to_wire()[:3] == [True, False, [True, 0.05]]
    assert Settings.from_wire(settings.to_wire()) == settings
    assert Settings.from_wire(Settings().to_wire()) == Settings()
    assert len(Settings().to_wire()) == 11


def test_a_short_list_keeps_the_defaults_and_a_long_one_is_cut() -> None:
    assert Settings.from_wire([True]) == Settings(synchronous_mode=True)
    assert Settings.from_wire([*Settings().to_wire(), "new field"]) == Settings()


def test_a_step_of_zero_means_a_variable_one() -> None:
    assert Settings.from_wire([True, False, [True, 0.0]]).fixed_delta_seconds is None


@pytest.mark.parametrize(
    ("sent", "error"),
    [
        ([True, False, [True, -0.05]], RpcError),
        ([True, False, [True, 1e9]], RpcError),
        ([True, False, [False], True, 0.0], RpcError),
        ([True, False, [False], True, 0.01, 0], RpcError),
        ([True, False, [True, float("nan")]], WireError),
        ([1], WireError),
        ("settings", WireError),
    ],
)
def test_impossible_settings_are_refused(sent: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        Settings.from_wire(sent)


def test_the_weather_has_fourteen_parameters() -> None:
    assert len(NOON) == 14
