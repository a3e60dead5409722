import socket
import threading
import time

import msgpack
import pytest

from sims.carla.server import rhythm
from sims.carla.server.rhythm import FINISHED, SIGNALLED, WAITING, Rhythm, wake
from sims.carla.server.wire import pack

TICK, LIGHTS, BATCH, SETTINGS = (
    *("tick_cue", "get_vehicle_light_states"),
    *("apply_batch", "get_episode_settings"),
)


def after(*methods: str) -> Rhythm:
    """A rhythm after these calls."""
    found = Rhythm()
    for method in methods:
        found.note(method)
    return found


def test_a_turn_goes_round() -> None:
    assert after(TICK).state == WAITING  # nothing is known of the TrafficManager yet
    assert after(TICK, LIGHTS, BATCH).state == FINISHED
    assert after(TICK, LIGHTS, BATCH, SETTINGS).state == WAITING
    assert after(TICK, LIGHTS, BATCH, SETTINGS, TICK).state == SIGNALLED
    assert after(TICK, LIGHTS, BATCH, SETTINGS, BATCH, SETTINGS).state == WAITING  # a program's own calls


def test_a_tick_lets_the_last_call_of_the_turn_come_but_not_for_long() -> None:
    late = after(LIGHTS, BATCH)
    assert late.coming
    time.sleep(rhythm.COMING)
    assert not late.coming
    assert not after(LIGHTS, BATCH, SETTINGS).coming


def test_a_thread_that_has_just_asked_is_given_time_to_wait() -> None:
    ready = after(LIGHTS, BATCH, SETTINGS)
    asked = ready.since
    ready.settle()
    assert time.monotonic() - asked >= rhythm.SETTLING


def test_a_missed_signal_is_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rhythm, "PATIENCE", 0.01)
    missed = after(LIGHTS, BATCH, SETTINGS, TICK)
    assert not missed.missed()
    time.sleep(0.02)
    assert missed.missed()
    assert not missed.missed()


@pytest.mark.parametrize(
    "calls", [(LIGHTS, BATCH, SETTINGS), (TICK,), (LIGHTS, BATCH, SETTINGS, TICK, LIGHTS)]
)
def test_one_that_idles_or_works_has_missed_nothing(
    monkeypatch: pytest.MonkeyPatch, calls: tuple[str, ...]
) -> None:
    monkeypatch.setattr(rhythm, "PATIENCE", 0.0)
    found = after(*calls)
    time.sleep(0.005)
    assert not found.missed()


def test_waking_leaves_synchronous_mode_and_returns_to_it() -> None:
    calls = []

    def serve() -> None:
        sock, _ = listener.accept()
        unpacker = msgpack.Unpacker()
        with sock:
            while data := sock.recv(4096):
                unpacker.feed(data)
                for _, number, method, arguments in unpacker:
                    calls.append((method, arguments))
                    sock.sendall(pack([1, number, None, None]))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        wake("127.0.0.1", listener.getsockname()[1])
        thread.join(5.0)
    assert calls == [("set_synchronous_mode", [False]), ("set_synchronous_mode", [True])]


def test_waking_nobody_is_no_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    wake("127.0.0.1", port)
