import io
import random
import sys
from collections import deque

import numpy as np
import pytest
import torch

from agents.on_policy import checkpoint
from landward.errors import CheckpointError


def round_trip(content):
    stream = io.BytesIO()
    checkpoint.write(stream, content)
    stream.seek(0)
    return checkpoint.read(stream, "file")


def test_everything_comes_back_as_it_was():
    content = {
        "arrays": [
            np.arange(6, dtype=np.int32).reshape(2, 3),
            np.zeros((0, 4)),
            np.array(3.5),
            np.array([True]),
        ],
        "unsigned": np.array([2**63 + 1], np.uint64),
        "text": np.array(["FL", "FR_foot"]),
        "scalar": np.float32(0.1),
        "tensor": torch.arange(3.0),
        "tuple": (1, ("a", None)),
        "generator": np.random.default_rng(0).bit_generator.state,
        "bytes": b"\x00",
        3: True,
    }
    back = round_trip(content)
    for a, b in zip(content["arrays"], back["arrays"], strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)
    assert back["unsigned"][0] == 2**63 + 1
    assert back["text"].tolist() == ["FL", "FR_foot"]
    assert back["scalar"] == np.float32(0.1) and back["scalar"].dtype == np.float32
    assert torch.equal(back["tensor"], content["tensor"])
    for key in ("tuple", "generator", "bytes", 3):
        assert back[key] == content[key]


def test_a_queue_becomes_a_list():
    assert round_trip({"q": deque([1, 2], maxlen=5)})["q"] == [1, 2]


def test_arrays_are_copies():
    array = np.zeros(3)
    encoded = checkpoint.encode({"a": array})
    array[0] = 1.0
    assert checkpoint.decode(encoded)["a"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("value", [object(), np.array([object()]), {1, 2}])
def test_what_is_not_plain_data_is_named(value):
    with pytest.raises(CheckpointError, match=r"checkpoint\['env'\]\[1\]"):
        round_trip({"env": [0, value]})


def test_a_damaged_file_is_refused():
    with pytest.raises(CheckpointError, match="run/iteration.pt is not a readable checkpoint"):
        checkpoint.read(io.BytesIO(b"PK\x03\x04 nonsense"), "run/iteration.pt")


def test_another_format_is_refused():
    stream = io.BytesIO()
    torch.save({"format": 99}, stream)
    stream.seek(0)
    with pytest.raises(CheckpointError, match="format 99"):
        checkpoint.read(stream, "file")


def test_random_streams_go_on():
    state = round_trip(checkpoint.random_state("cpu"))
    first = torch.rand(3), np.random.rand(3), random.random()  # noqa: NPY002
    checkpoint.set_random_state(state, "cpu")
    second = torch.rand(3), np.random.rand(3), random.random()  # noqa: NPY002
    assert torch.equal(first[0], second[0]) and np.array_equal(first[1], second[1]) and first[2] == second[2]


def test_equal_content_gives_equal_bytes_whatever_objects_its_strings_are():
    other = "".join(["joint", "_torque"])
    assert other is not sys.intern("joint_torque")

    def written(second):
        stream = io.BytesIO()
        checkpoint.write(stream, {"joint_torque": 1, "inner": {second: np.zeros(2)}, "names": [second]})
        return stream.getvalue()

    assert written(other) == written("joint_torque")
