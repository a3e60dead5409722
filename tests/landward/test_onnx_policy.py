import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from landward.errors import PolicyFileError, PolicyInputError, SpecMismatchError
from landward.policy import Policy
from landward.policy_file import PLACEHOLDER, verify
from landward.spec import ActionTerm, ObservationTerm, PolicySpec

pytest.importorskip("onnxruntime")
onnx = pytest.importorskip("onnx")
from landward.onnx_policy import OnnxPolicy  # noqa: E402
from tests.landward import onnx_models as models  # noqa: E402

ROOT = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "policy.onnx"
    path.write_bytes(models.make_model())
    return path


def feed(n=1, joint_pos=1.0, gravity=0.0):
    return {
        "joint_pos": np.full((n, 3), joint_pos, np.float32),
        "gravity": np.full((n, 3), gravity, np.float32),
    }


def test_it_is_a_policy_and_carries_its_state(path):
    policy = OnnxPolicy(path)
    assert isinstance(policy, Policy)
    # target = 0.5 (joint_pos + gravity) + last target
    for expected in (0.5, 1.0, 1.5):
        (name, target), *rest = policy(feed()).items()
        assert name == "joint_pos_target"
        assert not rest
        np.testing.assert_array_equal(target, np.full((1, 3), expected))
        np.testing.assert_array_equal(policy.state()["state.last_action"], target)


def test_reset_forgets_some_environments(path):
    policy = OnnxPolicy(path, num_envs=3)
    for _ in range(3):
        policy(feed(3))
    policy.reset(np.array([1]))
    assert policy(feed(3))["joint_pos_target"][:, 0].tolist() == [2.0, 0.5, 2.0]
    policy.reset([0, 2])
    assert policy(feed(3))["joint_pos_target"][:, 0].tolist() == [0.5, 1.0, 0.5]
    policy.reset()
    assert policy(feed(3))["joint_pos_target"][:, 0].tolist() == [0.5, 0.5, 0.5]


def test_environments_do_not_mix(path):
    policy = OnnxPolicy(path, num_envs=2)
    inputs = feed(2)
    inputs["joint_pos"][1] = [2.0, 4.0, 6.0]
    policy(inputs)
    assert policy(inputs)["joint_pos_target"].tolist() == [[1, 1, 1], [2, 4, 6]]


def test_outputs_are_new_arrays_and_inputs_are_left_alone(path):
    policy = OnnxPolicy(path)
    inputs = feed()
    first = policy(inputs)["joint_pos_target"]
    policy(inputs)
    assert first.tolist() == [[0.5] * 3]
    first[:] = 100.0
    assert policy(inputs)["joint_pos_target"].tolist() == [[1.5] * 3]
    assert inputs["joint_pos"].tolist() == [[1.0] * 3]


def test_double_precision_and_strided_inputs_are_converted(path):
    wide = np.arange(6.0).reshape(1, 6)[:, ::2]
    target = OnnxPolicy(path)(feed() | {"joint_pos": wide})["joint_pos_target"]
    assert target.tolist() == [[0.0, 1.0, 2.0]]
    assert target.dtype == np.float32


def test_it_equals_a_bare_session(tmp_path):
    import onnxruntime

    terms = tuple(ObservationTerm(name, "state", (size,)) for name, size in (("a", 3), ("b", 17), ("c", 1)))
    spec = PolicySpec("t", "r", 0.02, {"policy": (*terms, ObservationTerm("last", "last_action", (4,)))},
                      (ActionTerm("target", "raw", (4,)),))  # fmt: skip
    path = tmp_path / "mlp.onnx"
    path.write_bytes(models.mlp(spec))
    policy = OnnxPolicy(path, expected=spec, num_envs=5)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    state = np.zeros((5, 4), np.float32)
    rng = np.random.default_rng(0)
    for _ in range(10):
        inputs = {term.name: rng.normal(size=(5, term.size)).astype(np.float32) for term in terms}
        target, state = session.run(None, inputs | {"state.last_action": state})
        np.testing.assert_array_equal(policy(inputs)["target"], target)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"joint_pos": None}, "input 'joint_pos' is missing; it needs joint_pos, gravity"),
        ({"last_action": np.zeros((1, 3))}, "has no input 'last_action'; it needs joint_pos, gravity"),
        ({"gravity": np.zeros((3,), np.float32)}, r"'gravity' must have the shape \(1, 3\), got \(3,\)"),
        ({"gravity": np.zeros((1, 4), np.float32)}, r"'gravity' must have the shape \(1, 3\), got \(1, 4\)"),
        ({"gravity": [[0.0, 0.0, 0.0]]}, "'gravity' must be a NumPy array, got list"),
        ({"gravity": np.zeros((1, 3), complex)}, "'gravity' must be float32, got complex128"),
        ({"gravity": np.array([[0.0, np.nan, 0.0]], np.float32)}, r"'gravity' is nan at \[0, 1\]"),
        ({"joint_pos": np.array([[0.0, 0.0, -np.inf]])}, r"'joint_pos' is -inf at \[0, 2\]"),
        ({"joint_pos": np.array([[1e300, 0.0, 0.0]])}, r"'joint_pos' is 1e\+300 at \[0, 0\]"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_wrong_inputs_are_named_and_leave_the_state(path, change, message):
    policy = OnnxPolicy(path)
    policy(feed())
    inputs = {name: value for name, value in (feed() | change).items() if value is not None}
    with pytest.raises(PolicyInputError, match=message):
        policy(inputs)
    assert policy(feed())["joint_pos_target"].tolist() == [[1.0] * 3]


def test_a_swapped_name_is_caught_although_the_count_fits(path):
    inputs = feed()
    inputs["joint_position"] = inputs.pop("joint_pos")
    with pytest.raises(PolicyInputError, match="input 'joint_pos' is missing"):
        OnnxPolicy(path)(inputs)


def test_large_finite_inputs_are_not_mistaken_for_infinite_ones(path):
    target = OnnxPolicy(path)(feed(joint_pos=3e38))["joint_pos_target"]
    np.testing.assert_allclose(target, 1.5e38, rtol=1e-6)


def test_an_output_that_overflows_is_refused(path):
    policy = OnnxPolicy(path)
    with pytest.raises(
        PolicyInputError, match="output 'joint_pos_target' is NaN or infinite although its inputs"
    ):
        policy(feed(joint_pos=3e38, gravity=3e38))


def test_an_unexpected_spec_is_refused_with_the_difference(path):
    expected = models.make_spec()
    assert OnnxPolicy(path, expected=expected).spec == expected
    joints = ObservationTerm("joint_pos", "joint_position", (3,), unit="rad", names=models.JOINTS[::-1])
    other = replace(
        expected, observations={"policy": (joints, *expected.group("policy")[1:])}, control_period=0.01
    )
    with pytest.raises(SpecMismatchError) as error:
        OnnxPolicy(path, expected=other)
    assert "control_period: expected 0.01, got 0.02" in str(error.value)
    line = "observations.policy.joint_pos names[0]: expected 'FL_calf_joint', got 'FL_hip_joint'"
    assert line in str(error.value)
    assert str(path) in str(error.value)
    assert len(str(error.value).splitlines()) == 4  # 3 differences


def test_many_differences_are_counted(path):
    names = tuple(f"joint_{index}" for index in range(3))
    joints = ObservationTerm(
        "joint_pos", "joint_position", (3,), unit="deg", names=names, scale=(1.0, 2.0, 3.0)
    )
    gravity = ObservationTerm(
        "gravity", "projected_gravity", (3,), frame="world", unit="g", scale=(1.0, 2.0, 3.0)
    )
    target = ActionTerm("joint_pos_target", "joint_position_target", (3,), names=names, unit="deg", scale=0.1)
    last = ObservationTerm("last_action", "last_action", (3,))
    other = models.make_spec(observations={"policy": (joints, gravity, last)}, actions=(target,), robot="arm")
    count = len(other.interface_diff(models.make_spec()))
    with pytest.raises(SpecMismatchError, match=f"; {count} differences:") as error:
        OnnxPolicy(path, expected=other)
    lines = str(error.value).splitlines()
    assert len(lines) == 1 + 12 + 1
    assert lines[-1] == f"  ... and {count - 12} more differences; `landward inspect` shows both"


def test_damaged_files_are_refused(path):
    content = path.read_bytes()
    for broken, message in (
        (content[: len(content) // 2], "cut short"),
        (content.replace(np.float32(0.5).tobytes(), np.float32(0.6).tobytes()), "was altered"),
        (content.replace(verify(content).encode(), PLACEHOLDER.encode()), "never sealed"),
        (models.make_model(version="7"), "layout version '7'"),
    ):
        path.write_bytes(broken)
        with pytest.raises(PolicyFileError, match=message):
            OnnxPolicy(path)


def spec_with(**joint_pos):
    spec = models.make_spec()
    first, *rest = spec.group("policy")
    return replace(spec, observations={"policy": (replace(first, names=(), **joint_pos), *rest)})


STATE = '{"input": "state.%s", "output": "state.last_action.next", "shape": [%d], "init": 0.0}'


@pytest.mark.parametrize(
    ("spec", "entries", "message"),
    [
        (spec_with(name="q"), {}, "graph lacks the input 'q'"),
        (
            spec_with(shape=(4,)),
            {},
            r"'joint_pos' has the shape \['batch', 3\] in the graph, \[1, 4\] is needed",
        ),
        (
            spec_with(dtype="uint8"),
            {},
            r"'joint_pos' is tensor\(float\) in the graph, tensor\(uint8\) in the spec",
        ),
        (
            models.make_spec(actions=(ActionTerm("twist", "twist", (3,)),)),
            {},
            "graph lacks the output 'twist'",
        ),
        (None, {"states": "[]"}, "undeclared input 'state.last_action'"),
        (None, {"states": f"[{STATE % ('memory', 3)}]"}, "graph lacks the input 'state.memory'"),
        (None, {"states": f"[{STATE % ('last_action', 5)}]"}, "'state.last_action' has the shape"),
    ],
)
def test_a_graph_that_contradicts_its_spec_is_refused(tmp_path, spec, entries, message):
    path = tmp_path / "policy.onnx"
    path.write_bytes(models.make_model(spec, **entries))
    with pytest.raises(PolicyFileError, match=message):
        OnnxPolicy(path)


def test_a_graph_that_onnxruntime_cannot_load_is_refused(tmp_path):
    path = tmp_path / "policy.onnx"
    graph = onnx.helper.make_graph([onnx.helper.make_node("NoSuchOperator", ["a"], ["b"])], "g", [], [])
    path.write_bytes(models.with_metadata(graph, models.make_spec(), []))
    with pytest.raises(PolicyFileError, match=re.escape(f"{path}: onnxruntime cannot load the graph")):
        OnnxPolicy(path)


def test_images_and_discrete_actions(tmp_path):
    """argmax over the channels' means: another element type in, an index out."""
    spec = PolicySpec(
        "t", "r", 0.1,
        {"policy": (ObservationTerm("speed", "speed", ()),),
         "images": (ObservationTerm("camera", "image_rgb", (2, 2, 3), dtype="uint8"),)},
        (ActionTerm("move", "discrete", (), names=("stop", "left", "right"), dtype="int64"),),
        actor=("policy", "images"),
    )  # fmt: skip
    h, t = onnx.helper, onnx.TensorProto
    nodes = [
        h.make_node("Cast", ["camera"], ["floats"], to=t.FLOAT),
        h.make_node("ReduceMean", ["floats"], ["means"], axes=[1, 2], keepdims=0),
        h.make_node("Unsqueeze", ["speed", "one"], ["column"]),
        h.make_node("Mul", ["means", "column"], ["scores"]),
        h.make_node("ArgMax", ["scores"], ["move"], axis=1, keepdims=0),
    ]
    one = onnx.numpy_helper.from_array(np.array([1]), "one")
    inputs = [h.make_tensor_value_info("speed", t.FLOAT, ["n"]),
              h.make_tensor_value_info("camera", t.UINT8, ["n", 2, 2, 3])]  # fmt: skip
    graph = h.make_graph(nodes, "g", inputs, [h.make_tensor_value_info("move", t.INT64, ["n"])], [one])
    path = tmp_path / "policy.onnx"
    path.write_bytes(models.with_metadata(graph, spec, []))
    policy = OnnxPolicy(path, num_envs=2)
    camera = np.zeros((2, 2, 2, 3), np.uint8)
    camera[0, ..., 1] = 200
    camera[1, ..., 2] = 200
    moves = policy({"speed": np.ones(2, np.float32), "camera": camera})["move"]
    assert moves.tolist() == [1, 2]
    assert moves.dtype == np.int64
    with pytest.raises(PolicyInputError, match="'camera' must be uint8, got float32"):
        policy({"speed": np.ones(2, np.float32), "camera": camera.astype(np.float32)})


def test_a_robot_needs_neither_onnx_nor_torch(path):
    code = f"""
import sys
sys.modules["onnx"] = sys.modules["torch"] = None
import numpy as np
from landward.onnx_policy import OnnxPolicy
policy = OnnxPolicy({str(path)!r})
print(policy({{"joint_pos": np.ones((1, 3)), "gravity": np.zeros((1, 3))}})["joint_pos_target"].tolist())
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "[[0.5, 0.5, 0.5]]"


def test_without_onnxruntime_the_extra_is_named(path):
    code = f"""
import sys
sys.modules["onnxruntime"] = None
from landward.errors import MissingDependencyError
from landward.onnx_policy import OnnxPolicy
try:
    OnnxPolicy({str(path)!r})
except MissingDependencyError as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert "pip install 'landward[deploy]'" in result.stdout


def test_a_state_can_be_set_and_a_wrong_one_is_refused(path):
    one, two = OnnxPolicy(path), OnnxPolicy(path)
    one(feed())
    two.set_state(one.state())
    for _ in range(3):
        first, second = one(feed()), two(feed())
        for name, value in first.items():
            np.testing.assert_array_equal(second[name], value)
    with pytest.raises(PolicyInputError, match="nonsense"):
        one.set_state({"nonsense": np.zeros((1, 2), np.float32)})
    with pytest.raises(PolicyInputError, match="last_action"):
        one.set_state({"state.last_action": np.zeros((3, 99), np.float32)})
