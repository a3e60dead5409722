import numpy as np
import pytest

msgpack = pytest.importorskip("msgpack")
from landward.array_wire import pack, unpack  # noqa: E402
from landward.errors import RemotePolicyError  # noqa: E402

ARRAY = {b"__ndarray__": True, b"data": bytes(8), b"dtype": "<f4", b"shape": [1, 2]}


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.zeros((1, 4, 5, 3), np.uint8),
        np.array([[True, False]]),
        np.array(3.5),
        np.zeros((0, 3)),
        np.arange(12).reshape(3, 4)[:, ::2],
    ],
)
def test_arrays_come_back(array):
    back = unpack(pack({"x": array}))["x"]
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_texts_numbers_and_numpy_scalars_come_back():
    message = {"prompt": "pick up the cube", "n": 3, "list": [1.5, None], "scalar": np.float32(0.5)}
    assert unpack(pack(message)) == {**message, "scalar": 0.5}


def test_the_layout_is_that_of_openpi():
    raw = msgpack.unpackb(pack(np.zeros((1, 2), np.float32)))
    assert raw == ARRAY


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({b"dtype": "O"}, "dtype 'O'"),
        ({b"dtype": "nonsense"}, "nonsense"),
        ({b"dtype": 7}, "dtype 7"),
        ({b"shape": [3]}, "wrong number of bytes"),
        ({b"shape": [-1, -2]}, "no list of sizes"),
        ({b"shape": [2**40, 2**40]}, "wrong number of bytes"),
        ({b"data": "text"}, "wrong number of bytes"),
    ],
)
def test_malformed_arrays_are_refused(change, message):
    with pytest.raises(RemotePolicyError, match=message):
        unpack(msgpack.packb({"x": ARRAY | change}))


@pytest.mark.parametrize("data", [b"", b"\xc1", b"\x92\x01", b"\x01\x02", b"\xdf\xff\xff\xff\xff"])
def test_other_bytes_are_refused(data):
    with pytest.raises(RemotePolicyError, match="not a msgpack message"):
        unpack(data)


def test_objects_do_not_travel():
    with pytest.raises(RemotePolicyError, match="cannot be packed: object is no array"):
        pack({"x": np.array([object()])})
