"""The live view, without a display."""

import socket
import urllib.request
from types import SimpleNamespace

import numpy as np
import pytest

from landward.constraint import Constraint
from landward.errors import LandwardError
from sims.play.command import choose_viewer
from sims.play.drive import KEYS, Drive
from sims.play.meshes import ground_height, shapes
from sims.play.native import SPECIAL_KEYS, key_name, overlay
from sims.play.session import Gauge, Session, gauge_percent, play
from sims.play.web import WebViewer, gauges_html, status_html
from tests.sims.fakes import FakeWalker, WalkingPolicy


def make_session(**drive):
    return Session(FakeWalker(1), WalkingPolicy(1), Drive(**drive))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_keys_move_the_command_in_steps_within_the_box():
    drive = Drive()
    for key in ("W", "arrowup", "Q", "D"):
        assert drive.key(key)
    np.testing.assert_allclose(drive.command, [0.2, 0.1, -0.2], atol=1e-6)
    for _ in range(30):
        drive.key("W")
    assert drive.command[0] == pytest.approx(1.0)
    for _ in range(30):
        drive.key("S")
    assert drive.command[0] == 0.0
    assert not drive.key("Z")
    drive.key("X")
    assert not drive.command.any()
    with pytest.raises(ValueError, match="fly"):
        drive.do("fly")


def test_steps_forth_and_back_end_at_exactly_zero():
    drive = Drive()
    for key in "QQQEEE":
        drive.key(key)
    assert drive.command[1] == 0.0


def test_every_special_key_of_the_window_is_bound():
    assert set(SPECIAL_KEYS.values()) <= set(KEYS)
    assert (key_name(265), key_name(ord("W")), key_name(340)) == ("arrowup", "W", "")


@pytest.mark.parametrize(
    ("fields", "values", "percent"),
    [
        ({"limit": 20.0}, [-5.0, -10.0], 75.0),
        ({"limit": 20.0, "dead_band": 1.0}, [-6.0], 75.0),
        ({"limit": 20.0}, [4.0], 120.0),
        ({"limit": 0.2, "measure": "lower"}, [-0.1], 50.0),
        ({"limit": 20.0, "when": "moving"}, [0.0], 0.0),
        ({"limit": 0.0}, [-0.5], 0.0),
        ({"limit": 0.0}, [0.5], 150.0),
        ({"limit": (10.0, 20.0)}, [-1.0, -5.0], 90.0),
    ],
)
def test_gauges_in_percent_of_the_limit(fields, values, percent):
    constraint = Constraint("c", reads="x", unit="1", **fields)
    assert gauge_percent(constraint, np.array(values)) == pytest.approx(percent)


def test_a_session_walks_and_its_gauge_turns_red():
    session = make_session()
    for _ in range(100):
        session.step()
    assert [g.violated for g in session.gauges()] == [False, False]
    session.drive.set(0, 0.9)
    for _ in range(100):
        session.step()
    # The fake torque is 8 + 20 vx = 26 N m against a limit of 20.
    torque = session.gauges()[0]
    assert (torque.name, torque.violated, torque.limit) == ("torque", True, "20 N m")
    assert torque.percent == pytest.approx(130.0, abs=0.5)
    assert session.velocity[0] == pytest.approx(0.9, abs=0.01)


def test_pause_push_and_reset():
    session = make_session()
    session.drive.do("pause")
    session.step()
    assert session.steps == 0
    session.drive.do("pause")
    session.drive.do("push")
    session.step()
    assert np.linalg.norm(session.env.velocity[0, :2]) == pytest.approx(0.7 * 0.7, abs=0.01)
    assert session.env.position.any()
    session.drive.do("reset")
    session.drive.do("pause")
    session.step()
    assert not session.env.position.any()
    assert session.policy.resets == [None, None]


def test_a_fall_is_counted_and_the_command_is_kept():
    session = make_session()
    session.drive.set(0, 0.5)
    session.env.kicked[:] = True
    session.step()
    session.step()
    assert session.falls == 1
    assert session.env.command[0, 0] == pytest.approx(0.5)


def test_play_keeps_real_time_and_always_closes_the_viewer():
    now, slept, closed = [0.0], [], []

    def sleep(seconds):
        slept.append(seconds)
        now[0] += seconds

    viewer = SimpleNamespace(update=lambda s: None, is_open=lambda: True, close=lambda: closed.append(True))
    session = make_session()
    play(session, viewer, 1.0, clock=lambda: now[0], sleep=sleep)
    assert session.steps == pytest.approx(50, abs=1)
    assert sum(slept) == pytest.approx(1.0, abs=0.03)
    session.env.step_si = lambda targets: 1 / 0
    with pytest.raises(ZeroDivisionError):
        play(session, viewer, 1.0)
    assert closed == [True, True]


def test_auto_takes_the_window_only_where_there_is_a_display():
    assert choose_viewer("auto", {}, "linux") == "web"
    assert choose_viewer("auto", {"DISPLAY": ":0"}, "linux") == "native"
    assert choose_viewer("auto", {}, "darwin") == "web"
    assert choose_viewer("native", {}, "linux") == "native"


def test_panels_show_what_they_should():
    session = make_session()
    session.step()
    names, values = overlay(session)
    assert names.splitlines() == ["forward", "sideways", "turn", "falls", "torque", "upright"]
    assert "% of 20 N m" in values
    assert "running, 0 s, 0 falls" in status_html(session)
    red = gauges_html([Gauge("<torque>", 130.0, "20 N m", True)])
    assert "#c62828" in red
    assert "width:100%" in red
    assert "&lt;torque&gt;" in red
    assert "#c62828" not in gauges_html([Gauge("torque", 30.0, "20 N m", False)])
    assert "no constraints" in gauges_html([])


def test_every_kind_of_geom_becomes_triangles_of_its_size():
    model, _ = FakeWalker(1).render_model()
    parts = shapes(model)
    # A box, a mesh, a capsule, a cylinder, a sphere and an ellipsoid; the plane is the ground.
    assert len(parts) == 6
    assert ground_height(model) == 0.0
    extents = {part.name.split("_")[0]: np.ptp(part.vertices, axis=0) for part in parts}
    np.testing.assert_allclose(extents["1"], [0.5, 0.2, 0.12], atol=1e-6)
    np.testing.assert_allclose(extents["3"], [0.04, 0.04, 0.29], atol=2e-3)
    np.testing.assert_allclose(extents["4"], [0.04, 0.04, 0.2], atol=2e-3)
    np.testing.assert_allclose(extents["6"], [0.04, 0.06, 0.2], atol=2e-3)
    for part in parts:
        assert part.faces.max() < len(part.vertices)


def test_a_height_field_becomes_a_surface():
    import mujoco

    model = mujoco.MjModel.from_xml_string(
        '<mujoco><asset><hfield name="h" nrow="3" ncol="4" size="2 1 .5 .1"/></asset>'
        '<worldbody><geom type="hfield" hfield="h"/></worldbody></mujoco>'
    )
    model.hfield_data[:] = [0.0] * 11 + [1.0]
    (part,) = shapes(model)
    assert part.vertices.shape == (12, 3)
    assert part.faces.shape == (12, 3)
    top = part.vertices[np.argmax(part.vertices[:, 2])]
    np.testing.assert_allclose(top, [2.0, 1.0, 0.5], atol=1e-6)
    # A ray from 2 m above the raised corner meets it in MuJoCo too.
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    start, down, hit = np.array([1.999, 0.999, 2.0]), np.array([0.0, 0.0, -1.0]), np.zeros(1, np.int32)
    assert mujoco.mj_ray(model, data, start, down, None, 1, -1, hit) == pytest.approx(1.5, abs=0.01)


def test_the_page_is_served_on_loopback_and_the_port_is_given_back():
    session, port = make_session(), free_port()
    session.drive.set(0, 0.6)
    viewer = WebViewer(session.env, session.drive, port=port)
    with pytest.raises(LandwardError, match="another --port"):
        WebViewer(session.env, session.drive, port=port)
    pages = []

    def update(_session):
        viewer.update(_session)
        if not pages:
            with urllib.request.urlopen(viewer.url, timeout=5) as answer:
                pages.append((answer.status, answer.read(200)))

    watched = SimpleNamespace(update=update, is_open=viewer.is_open, close=viewer.close)
    play(session, watched, 1.0)
    assert viewer.url == f"http://127.0.0.1:{port}"
    assert pages[0][0] == 200
    assert b"<!doctype html>" in pages[0][1].lower()
    assert not viewer.is_open()
    assert session.steps > 20
    viewer.close()
    with pytest.raises(OSError):
        urllib.request.urlopen(viewer.url, timeout=1)
