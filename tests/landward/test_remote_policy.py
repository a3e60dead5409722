"""Client and server over real sockets on loopback."""

import contextlib
import socket
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("msgpack")
pytest.importorskip("websockets")
from websockets.sync import client as websocket  # noqa: E402
from websockets.sync.server import serve  # noqa: E402

from landward import policy_server  # noqa: E402
from landward.array_wire import pack, unpack  # noqa: E402
from landward.errors import PolicyInputError, RemotePolicyError, SpecMismatchError  # noqa: E402
from landward.policy import Policy  # noqa: E402
from landward.policy_server import PolicyServer  # noqa: E402
from landward.remote_policy import PROTOCOL, RemotePolicy  # noqa: E402
from landward.spec import ActionTerm, ObservationTerm, PolicySpec  # noqa: E402

SPEC = PolicySpec(
    "test",
    "car",
    0.1,
    {"policy": (ObservationTerm("speed", "speed", (1,), unit="m/s"),)},
    (ActionTerm("control", "vehicle_control", (2,), names=("steer", "throttle")),),
)


class Counting:
    """Answers (speed, steps since the reset) for each environment."""

    spec = SPEC
    graph_hash = "sha256:abc"

    def __init__(self, num_envs, seconds=0.0):
        self.steps, self.seconds = np.zeros(num_envs, np.float32), seconds

    def reset(self, env_ids=None):
        self.steps[slice(None) if env_ids is None else env_ids] = 0

    def __call__(self, inputs):
        if set(inputs) != {"speed"}:
            raise PolicyInputError(f"no such inputs: {sorted(inputs)}")
        time.sleep(self.seconds)
        self.steps += 1
        return {"control": np.stack([inputs["speed"][:, 0], self.steps], -1)}


@contextlib.contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        getattr(server, "close", getattr(server, "shutdown", None))()
        thread.join(5.0)
        assert not thread.is_alive()


@pytest.fixture
def server():
    with running(PolicyServer(Counting, port=0)) as started:
        yield started


@contextlib.contextmanager
def stranger(handler):
    """The address of a WebSocket server that does something else."""
    with running(serve(handler, "127.0.0.1", 0)) as other:
        yield f"ws://127.0.0.1:{other.socket.getsockname()[1]}"


def feed(*speeds):
    return {"speed": np.array(speeds, np.float32)[:, None]}


def test_a_served_policy_is_a_policy(server):
    with RemotePolicy(server.address, SPEC, num_envs=2) as policy:
        assert isinstance(policy, Policy)
        assert (policy.spec, policy.graph_hash) == (SPEC, "sha256:abc")
        np.testing.assert_array_equal(policy(feed(3, 4))["control"], [[3, 1], [4, 1]])
        policy.reset(np.array([1]))
        answer = policy(feed(3, 4))["control"]
        np.testing.assert_array_equal(answer, [[3, 2], [4, 1]])
        answer[:] = 0  # it is the caller's
        policy.reset()
        np.testing.assert_array_equal(policy(feed(3, 4))["control"], [[3, 1], [4, 1]])
        assert policy.timing["infer_ms"] >= 0


def test_each_connection_has_its_own_memory(server):
    with RemotePolicy(server.address) as one, RemotePolicy(server.address) as two:
        for policy, steps in ((one, 1), (one, 2), (two, 1)):
            assert policy(feed(0))["control"][0, 1] == steps


def test_another_spec_is_refused_with_the_difference(server):
    wanted = replace(SPEC, control_period=0.05)
    with pytest.raises(SpecMismatchError, match=r"(?s)ws://.*control_period: expected 0.05, got 0.1"):
        RemotePolicy(server.address, wanted)


def test_nobody_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(RemotePolicyError, match="no policy server at .*landward serve"):
            RemotePolicy(f"ws://127.0.0.1:{free.getsockname()[1]}", timeout=2.0)


@pytest.mark.parametrize("address", ["ws://127.0.0.1:99999", "http://127.0.0.1:1", "nonsense"])
def test_addresses_that_are_none(address):
    with pytest.raises(RemotePolicyError, match="no policy server at .*ws://HOST:PORT"):
        RemotePolicy(address, timeout=2.0)


def test_a_listener_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        start = time.perf_counter()
        with pytest.raises(RemotePolicyError, match="no policy server"):
            RemotePolicy(f"ws://127.0.0.1:{silent.getsockname()[1]}", timeout=0.3)
        assert time.perf_counter() - start < 3.0


def test_a_slow_server_is_given_up():
    with (
        running(PolicyServer(lambda n: Counting(n, seconds=1.0), port=0)) as slow,
        RemotePolicy(slow.address, timeout=0.3) as policy,
    ):
        start = time.perf_counter()
        with pytest.raises(RemotePolicyError, match=r"did not answer within 0\.3 s"):
            policy(feed(0))
        assert time.perf_counter() - start < 3.0
        # Its late answer must not be taken for the next one.
        with pytest.raises(RemotePolicyError, match="is lost"):
            policy(feed(0))


def test_a_server_that_dies_is_told():
    with running(PolicyServer(Counting, port=0)) as server:
        policy = RemotePolicy(server.address, timeout=2.0)
    with pytest.raises(RemotePolicyError, match=r"the connection to .* is lost"):
        policy(feed(0))


def test_wrong_inputs_do_not_travel(server):
    with (
        RemotePolicy(server.address) as policy,
        pytest.raises(PolicyInputError, match="needs speed; got velocity"),
    ):
        policy({"velocity": np.zeros((1, 1))})


METADATA = pack({"protocol": PROTOCOL, "spec": SPEC.to_json()})


@pytest.mark.parametrize(
    ("messages", "error"),
    [
        ([pack({"protocol": "other 2"})], "no Landward policy server: its protocol is 'other 2'"),
        ([pack({"protocol": PROTOCOL, "spec": "{}"})], "a spec that cannot be read"),
        ([pack([1])], "sent list where a map belongs"),
        ([b"\xc1"], "not a msgpack message"),
        (["out of order"], "refused: out of order"),
        ([METADATA, b"\xc1"], "not a msgpack message"),
        ([METADATA, pack({})], "answered None for 'control'; its spec says float32"),
        ([METADATA, pack({"control": np.zeros((2, 2), np.float32)})], r"answered float32 \(2, 2\)"),
        ([METADATA, pack({"control": np.full((1, 2), np.nan, np.float32)})], "answered NaN"),
    ],
)
def test_servers_that_are_none_of_ours(messages, error):
    def handler(connection):
        for message in messages:
            connection.send(message)
        with contextlib.suppress(Exception):
            connection.recv(timeout=2.0)

    with stranger(handler) as address, pytest.raises(RemotePolicyError, match=error):  # noqa: SIM117
        with RemotePolicy(address, timeout=2.0) as policy:
            policy(feed(0))


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        (b"\xc1", "not a msgpack message"),
        ("text", "one binary message"),
        (bytes(17_000), "one binary message of at most"),
        (pack([1, 2]), "a request is a map of inputs, got list"),
        (pack({"reset": [5]}), "must list environments from 0 to 0"),
        (pack({"reset": "all"}), "must list environments"),
        (pack({"nothing": 1}), "no such inputs"),
        (pack({"speed": "fast"}), "the policy failed"),
    ],
)
def test_the_server_refuses_junk_and_lives_on(server, request_, error):
    with websocket.connect(server.address) as connection:
        assert unpack(connection.recv(timeout=2.0))["protocol"] == PROTOCOL
        connection.send(request_)
        assert error in connection.recv(timeout=2.0)
    with RemotePolicy(server.address) as policy:
        assert policy(feed(7))["control"][0, 0] == 7


@pytest.mark.parametrize("number", ["0", "-1", "257", "9" * 5000, "x"])
def test_how_many_environments_is_bounded(server, number):
    with websocket.connect(f"{server.address}/?num_envs={number}") as connection:
        assert "num_envs must be from 1 to 256" in connection.recv(timeout=2.0)


def test_how_many_connections_is_bounded(server, monkeypatch):
    with contextlib.ExitStack() as stack:
        for _ in range(policy_server.MAX_CONNECTIONS):
            stack.enter_context(RemotePolicy(server.address))
        with pytest.raises(RemotePolicyError, match="16 connections are open already"):
            RemotePolicy(server.address)


def test_a_port_that_is_taken(server):
    port = int(server.address.rpartition(":")[2])
    with pytest.raises(RemotePolicyError, match=f"cannot listen on 127.0.0.1:{port}.*another port"):
        PolicyServer(Counting, port=port)


def test_a_term_with_a_name_of_the_protocol():
    term = ObservationTerm("reset", "speed", (1,))

    class Odd(Counting):
        spec = replace(SPEC, observations={"policy": (term,)})

    with pytest.raises(RemotePolicyError, match="the term 'reset' cannot be served"):
        PolicyServer(Odd, port=0)
