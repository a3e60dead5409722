import logging

import pytest

from sims.carla.server.scene import renderer
from sims.carla.server.scene.egl import EglRenderer, NoEglError, guard_band
from sims.carla.server.scene.raster import RasterRenderer
from sims.carla.server.scene.renderer import make_renderer
from sims.carla.server.scene.statics import Statics, statics_for
from sims.carla.server.scene.view import View
from tests.sims.carla.server.towns import ring


def test_opengl_is_taken_where_it_can_be_had() -> None:
    assert isinstance(make_renderer("auto", statics_for(ring())), EglRenderer)
    assert isinstance(make_renderer("cv2", statics_for(ring())), RasterRenderer)


def test_without_opengl_opencv_draws_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(statics: Statics) -> EglRenderer:
        raise NoEglError("the EGL renderer cannot start: no libEGL.so.1")

    monkeypatch.setattr(renderer, "EglRenderer", refuse)
    with caplog.at_level(logging.WARNING):
        assert isinstance(make_renderer("auto", statics_for(ring())), RasterRenderer)
    assert "no libEGL.so.1" in caplog.text and "OpenCV" in caplog.text
    with pytest.raises(NoEglError):
        make_renderer("egl", statics_for(ring()))


def test_a_town_is_made_once_for_episodes_in_a_row() -> None:
    assert statics_for(ring()) is statics_for(ring())


def test_the_guard_band_is_odd_and_fits_the_largest_viewport() -> None:
    for size, expected in ((84, 9), (1920, 7), (8192, 1), (16384, 1)):
        view = View((0.0,) * 6, size, 84, 90.0)
        assert guard_band(view) == expected
        assert expected * size <= 16384
