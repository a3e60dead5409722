import json

import numpy as np
import pytest

from landward.array import (
    NumpyRandom,
    TorchRandom,
    array_namespace,
    as_float32,
    constant,
    convert,
    copy,
    to_numpy,
)
from landward.errors import LandwardError


@pytest.fixture(params=[NumpyRandom, TorchRandom])
def stream(request):
    if request.param is TorchRandom:
        pytest.importorskip("torch")
        pytest.importorskip("array_api_compat")
    return request.param


def test_draws_have_shape_type_and_range(stream):
    random = stream(0)
    uniform = to_numpy(random.uniform(-2.0, 3.0, (1000, 2)))
    assert uniform.dtype == np.float32
    assert uniform.shape == (1000, 2)
    assert -2.0 <= uniform.min() < -1.9
    assert 2.9 < uniform.max() < 3.0
    normal = to_numpy(random.normal((4000,)))
    assert normal.dtype == np.float32
    assert (normal.mean(), normal.std()) == pytest.approx((0.0, 1.0), abs=0.05)
    integers = to_numpy(random.integers(2, 5, (200,)))
    assert integers.dtype == np.int64
    assert set(integers.tolist()) == {2, 3, 4}


def test_bounds_broadcast(stream):
    random = stream(0)
    low, high = (constant(row, random.xp, random.device) for row in ([0.0, 10.0], [1.0, 10.0]))
    sample = to_numpy(random.uniform(low, high, (50, 2)))
    assert 0.0 <= sample[:, 0].min() < sample[:, 0].max() < 1.0
    assert (sample[:, 1] == 10.0).all()


def test_same_seed_same_numbers_and_state_continues_through_json(stream):
    one, two = stream(5), stream(5)
    np.testing.assert_array_equal(to_numpy(one.normal((7,))), to_numpy(two.normal((7,))))
    state = json.loads(json.dumps(one.state_dict()))
    expected = [
        to_numpy(one.uniform(0.0, 1.0, (3,))),
        to_numpy(one.normal((5,))),
        to_numpy(one.integers(0, 9, (5,))),
    ]
    other = stream(6)
    other.load_state_dict(state)
    got = [
        to_numpy(other.uniform(0.0, 1.0, (3,))),
        to_numpy(other.normal((5,))),
        to_numpy(other.integers(0, 9, (5,))),
    ]
    for a, b in zip(expected, got, strict=True):
        np.testing.assert_array_equal(a, b)


def test_state_of_another_kind_is_refused():
    with pytest.raises(LandwardError, match=r"'numpy.SFC64' cannot go on from one of kind 'torch.cpu'"):
        NumpyRandom(0).load_state_dict({"kind": "torch.cpu", "state": ""})


def test_namespace_of_each_kind_and_of_a_mix():
    torch = pytest.importorskip("torch")
    compat = pytest.importorskip("array_api_compat.torch")
    assert array_namespace(np.zeros(2), np.float32(1)) is np
    assert array_namespace(torch.zeros(2)) is compat
    with pytest.raises(LandwardError, match="all NumPy or all torch, got ndarray, Tensor"):
        array_namespace(np.zeros(2), torch.zeros(2))
    with pytest.raises(LandwardError, match="got list"):
        array_namespace([1.0])


def test_conversions():
    torch = pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    same = np.zeros(2, np.float32)
    assert as_float32(same) is same
    assert as_float32(np.array([True])).dtype == np.float32
    assert as_float32(torch.tensor([True])).dtype == torch.float32
    for array in (same, torch.zeros(2)):
        twin = copy(array)
        twin[0] = 1.0
        assert array[0] == 0.0
    assert to_numpy(torch.ones(2, requires_grad=True)).tolist() == [1.0, 1.0]


def test_convert_takes_any_kind_to_the_wanted_one():
    torch = pytest.importorskip("torch")
    namespace = array_namespace(torch.zeros(1))
    for given in ([1, 2], np.array([1, 2]), torch.tensor([1, 2])):
        ours, theirs = convert(given, np, "cpu"), convert(given, namespace, "cpu", torch.float32)
        assert isinstance(ours, np.ndarray) and ours.tolist() == [1, 2]
        assert theirs.dtype == torch.float32 and theirs.tolist() == [1, 2]
    same = torch.zeros(2)
    assert convert(same, namespace, "cpu").data_ptr() == same.data_ptr()
