import struct

import msgpack
import pytest

from sims.carla.server.wire import LARGEST_MESSAGE, MalformedError, Packed, Requests, failure, pack, response


def taken(data: bytes, chunk: int = 1 << 16) -> list:
    """All messages of some bytes that come in chunks."""
    requests, found = Requests(), []
    for start in range(0, len(data), chunk):
        requests.feed(data[start : start + chunk])
        while (message := requests.next()) is not None:
            found.append(message)
    return found


def test_pipelined_requests_come_out_one_by_one_however_they_are_cut() -> None:
    data = b"".join(pack([0, n, "tick_cue", [[False], n]]) for n in range(5))
    expected = [(n, "tick_cue", [[False], n]) for n in range(5)]
    assert taken(data) == expected
    assert taken(data, chunk=1) == expected
    assert taken(data, chunk=7) == expected


def test_a_notification_has_no_id() -> None:
    assert taken(pack([2, "set_weather", [[True]]])) == [(None, "set_weather", [[True]])]


def test_a_response_is_four_elements_and_a_packed_result_is_copied() -> None:
    assert msgpack.unpackb(response(7, [[1, "x"]])) == [1, 7, None, [[1, "x"]]]
    assert response(300, Packed(pack([[1, "x"]]))) == response(300, [[1, "x"]])
    assert msgpack.unpackb(failure(7, "unknown")) == [1, 7, "unknown", None]


def test_bytes_are_bin_and_text_is_str() -> None:
    assert pack(b"ab") == b"\xc4\x02ab"
    assert pack("ab") == b"\xa2ab"


def test_text_that_is_no_utf8_goes_through_unchanged() -> None:
    ((_, name, _),) = taken(b"\x94\x00\x01\xa2\xff\xfe\x90")
    assert pack(name) == b"\xa2\xff\xfe"


@pytest.mark.parametrize(
    "data",
    [
        b"\xc1",  # the one byte that msgpack never uses
        b"GET / HTTP/1.1\r\n\r\n",
        pack([1, 2, 3]),
        pack({"a": 1}),
        pack([0, "id", "version", []]),
        pack([0, -1, "version", []]),
        pack([0, 1, "version", "no list"]),
        pack([0, 1, "version", [], "more"]),
        b"\xdd\xff\xff\xff\xff",  # a list of four thousand million elements
        b"\x91" * 5000,  # deeper than any message
        b"\x81\x90\x90",  # a list as the key of a map
    ],
)
def test_what_is_no_request_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedError):
        taken(data)


def test_a_message_larger_than_the_limit_is_refused_before_it_is_there() -> None:
    requests = Requests()
    requests.feed(b"\x94\x00\x01\xa1x\x91\xdb" + struct.pack(">I", LARGEST_MESSAGE + 1))
    with pytest.raises(MalformedError, match="32 MiB"):
        for _ in range(LARGEST_MESSAGE // (1 << 16) + 2):
            requests.feed(bytes(1 << 16))
            requests.next()
