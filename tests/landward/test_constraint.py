import math

import numpy as np
import pytest

from landward.constraint import Constraint
from landward.errors import SpecError

NAMES = {"joint_pos": ("hip", "thigh", "calf")}


def state(**entries):
    return {name: np.asarray(value) for name, value in entries.items()}


def f32(*rows):
    return np.array(rows, dtype=np.float32)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [("abs", [[0.5, -0.5]]), ("upper", [[-2.5, -0.5]]), ("lower", [[2.5, 0.5]])],
)
def test_measures(measure, expected):
    bound = Constraint("c", "x", 1.0, "m", measure=measure)
    value = bound.value(state(x=f32([-1.5, 0.5])), {})
    np.testing.assert_allclose(value, expected)
    assert value.dtype == np.float32


@pytest.mark.parametrize(
    ("measure", "x", "expected"), [("abs", -1.5, 0.25), ("upper", 1.5, 0.25), ("lower", 0.5, 0.25)]
)
def test_dead_band_is_tolerated_in_every_direction(measure, x, expected):
    bound = Constraint("c", "x", 1.0, "m", measure=measure, dead_band=0.25)
    np.testing.assert_allclose(bound.value(state(x=f32([x])), {}), [[expected]])


def test_reference_elements_and_gate():
    bound = Constraint(
        "c", "joint_pos", 0.2, "rad", reference="default", elements=("calf", "hip"), when="moving"
    )
    pos, default = [0.5, 9.0, -1.0], [0.1, 0.0, -1.1]
    s = state(joint_pos=f32(pos, pos), default=f32(default, default), moving=[True, False])
    np.testing.assert_allclose(bound.value(s, NAMES), [[-0.1, 0.2], [0.0, 0.0]], atol=1e-6)
    np.testing.assert_array_equal(bound.violated(s, NAMES), [[False, True], [False, False]])


def test_reference_of_one_number_an_environment():
    bound = Constraint("c", "joint_pos", 0.0, "rad", reference="default", elements=("hip", "thigh"))
    s = state(joint_pos=f32([1.0, 3.0, 5.0]), default=f32([1.0])[:, 0])
    np.testing.assert_allclose(bound.value(s, NAMES), [[0.0, 2.0]])


def test_limit_for_each_element():
    bound = Constraint("c", "joint_pos", (1.0, 2.0), "rad", elements=("hip", "calf"))
    np.testing.assert_allclose(bound.value(state(joint_pos=f32([3.0, 0.0, -3.0])), NAMES), [[2.0, 1.0]])
    with pytest.raises(SpecError, match="limit has 2 numbers but 'x' has 3 elements"):
        Constraint("c", "x", (1.0, 2.0), "m").value(state(x=f32([1.0, 2.0, 3.0])), {})


def test_booleans_vectors_and_blocks_become_columns():
    contact = Constraint("c", "contact", 0.5, "1", measure="upper")
    np.testing.assert_allclose(contact.value(state(contact=[True, False]), {}), [[0.5], [-0.5]])
    feet = Constraint("c", "feet", 0.0, "m", measure="upper")
    assert feet.value(state(feet=np.zeros((2, 4, 3), np.float32)), {}).shape == (2, 12)


def test_torch_gives_the_same_numbers():
    torch = pytest.importorskip("torch")
    pytest.importorskip("array_api_compat")
    rng = np.random.default_rng(0)
    entries = {"joint_pos": rng.normal(size=(5, 3)).astype(np.float32), "moving": rng.random(5) < 0.5,
               "default": rng.normal(size=(5, 3)).astype(np.float32)}  # fmt: skip
    for limit in (0.3, (0.3, 0.4)):
        bound = Constraint("c", "joint_pos", limit, "rad", reference="default", elements=("hip", "calf"),
                           when="moving", dead_band=0.1)  # fmt: skip
        ours = bound.value(entries, NAMES)
        theirs = bound.value({name: torch.from_numpy(value) for name, value in entries.items()}, NAMES)
        np.testing.assert_array_equal(ours, theirs.numpy())
    contact = Constraint("c", "moving", 0.5, "1")
    assert contact.value({"moving": torch.tensor([True, False])}, {}).tolist() == [[0.5], [-0.5]]


def test_nan_counts_as_a_violation():
    bound = Constraint("c", "x", 1.0, "m")
    assert bound.violated(state(x=f32([math.nan, 0.0])), {}).tolist() == [[True, False]]


def test_unknown_entries_and_elements_are_named():
    with pytest.raises(SpecError, match="reads 'torque', which the state lacks; it has x"):
        Constraint("c", "torque", 1.0, "N m").value(state(x=f32([1.0])), {})
    ankle = Constraint("c", "joint_pos", 1.0, "rad", elements=("ankle",))
    with pytest.raises(SpecError, match="'joint_pos' has no element 'ankle'; it has hip, thigh, calf"):
        ankle.value(state(joint_pos=f32([1.0, 2.0, 3.0])), NAMES)
    with pytest.raises(SpecError, match="the names mapping lacks this entry"):
        ankle.value(state(joint_pos=f32([1.0, 2.0, 3.0])), {})


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"limit": math.nan}, "limit must be a finite number"),
        ({"limit": ()}, "limit is empty"),
        ({"limit": (1.0,), "elements": ("a", "b")}, "limit has 1 entries, expected 2"),
        ({"kind": "medium"}, "kind 'medium' is unknown"),
        ({"measure": "mean"}, "measure 'mean' is unknown; known: abs, upper, lower"),
        ({"p_max": 0.0}, r"p_max must be in \(0, 1\], got 0"),
        ({"dead_band": -1.0}, "dead_band must not be negative"),
        ({"elements": ("a", "a")}, "has the name 'a' twice"),
        ({"reads": ""}, "reads must be letters"),
        ({"ramp": 1}, "ramp must be true or false"),
    ],
)
def test_validation(fields, message):
    with pytest.raises(SpecError, match=message):
        Constraint(**({"name": "c", "reads": "x", "limit": 1.0, "unit": "m"} | fields))
