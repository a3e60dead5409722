import hashlib
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from landward.errors import SpecError
from landward.spec import ActionTerm, Constraint, Noise, ObservationTerm, PolicySpec
from tests.landward.example_specs import EXAMPLES, LEGS, locomotion

ROOT = Path(__file__).parents[2]
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def joint_pos(**fields):
    return ObservationTerm(**({"name": "joint_pos", "kind": "joint_position", "shape": (2,)} | fields))


def target(**fields):
    return ActionTerm(**({"name": "target", "kind": "joint_position_target", "shape": (2,)} | fields))


def spec(**fields):
    known = {"task": "t", "robot": "r", "control_period": 0.02, "observations": {"policy": (joint_pos(),)},
             "actions": (target(),)}  # fmt: skip
    return PolicySpec(**(known | fields))


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_survives_json_and_has_a_stable_hash(name):
    example = EXAMPLES[name]()
    again = PolicySpec.from_json(example.to_json())
    assert again == example
    assert hash(again) == hash(example)
    assert again.hash == example.hash == EXAMPLES[name]().hash
    assert PolicySpec.from_json(example.to_json(indent=2)).to_json() == example.to_json()
    assert example.diff(again) == []


def test_hashes_of_examples_differ():
    assert len({make().hash for make in EXAMPLES.values()}) == len(EXAMPLES)


def test_hash_is_the_same_in_another_process():
    code = "from tests.landward.example_specs import locomotion; print(locomotion().hash)"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert other.stdout.strip() == locomotion().hash


def test_hash_is_the_sha256_of_the_json():
    assert spec().hash == "sha256:" + hashlib.sha256(spec().to_json().encode()).hexdigest()


@settings(max_examples=50, deadline=None)
@given(offset=st.lists(FLOATS, min_size=2, max_size=2), scale=FLOATS, unit=st.text())
def test_json_keeps_every_bit(offset, scale, unit):
    one = spec(observations={"policy": (joint_pos(offset=offset, scale=scale, unit=unit),)})
    assert PolicySpec.from_json(one.to_json()) == one


def test_lists_arrays_and_integers_give_the_same_spec_as_tuples_and_floats():
    loose = joint_pos(
        shape=[2], names=["a", "b"], scale=np.float64(2), offset=np.array([0.5, -0.0]), history=np.int64(3)
    )
    strict = joint_pos(shape=(2,), names=("a", "b"), scale=2.0, offset=(0.5, 0.0), history=3)
    assert loose == strict
    assert spec(observations={"policy": [loose]}).hash == spec(observations={"policy": (strict,)}).hash


def test_groups_inputs_and_output_shape():
    walk = locomotion()
    assert list(walk.groups) == ["policy", "critic"]
    assert [term.name for term in walk.inputs] == [
        "base_ang_vel", "projected_gravity", "command", "joint_pos", "joint_vel"
    ]  # fmt: skip
    assert walk.group("critic")[-1].name == "physics"
    assert target(chunk=8).output_shape == (8, 2)
    assert target().output_shape == (2,)
    with pytest.raises(SpecError, match="no observation group 'image'; it has policy, critic"):
        walk.group("image")


def changed(walk, group="policy", **terms):
    new = tuple(replace(term, **terms.get(term.name, {})) for term in walk.group(group))
    return replace(walk, observations={**walk.groups, group: new})


def test_diff_names_the_joint_that_is_out_of_order():
    names = list(LEGS)
    names[2], names[3] = names[3], names[2]
    other = changed(locomotion(), joint_pos={"names": tuple(names)})
    assert locomotion().diff(other) == [
        "observations.policy.joint_pos names[2]: expected 'FL_calf_joint', got 'FR_hip_joint'",
        "observations.policy.joint_pos names[3]: expected 'FR_hip_joint', got 'FL_calf_joint'",
    ]


def test_diff_of_numbers_missing_terms_and_order():
    walk = locomotion()
    terms = walk.group("policy")
    assert walk.diff(replace(walk, control_period=0.01)) == ["control_period: expected 0.02, got 0.01"]
    without = replace(walk, observations={**walk.groups, "policy": terms[1:]})
    assert walk.diff(without) == ["observations.policy: expected 'base_ang_vel', which is missing"]
    assert without.diff(walk) == ["observations.policy: got 'base_ang_vel', which is not expected"]
    swapped = replace(walk, observations={**walk.groups, "policy": terms[1::-1] + terms[2:]})
    (line,) = walk.diff(swapped)
    assert line.startswith("observations.policy: expected the order base_ang_vel, projected_gravity, command")
    gains = replace(walk, actions=(replace(walk.actions[0], stiffness=(25.0,) + (20.0,) * 11),))
    assert walk.diff(gains) == ["actions.joint_pos_target stiffness[0]: expected 20.0, got 25.0"]
    assert walk.diff(replace(walk, constraints=())) == [
        f"constraints: expected {name!r}, which is missing"
        for name in ("joint_torque", "hip_position", "base_contact")
    ]


def test_specs_are_equal_just_when_the_diff_is_empty():
    specs = [make() for make in EXAMPLES.values()]
    for one in specs:
        assert [one.diff(other) == [] for other in specs] == [one == other for other in specs]


def test_interface_diff_ignores_what_only_training_sees():
    walk = locomotion()
    trained = changed(walk, joint_pos={"noise": None, "delay": (0.0, 0.1)})
    trained = replace(trained, task="go1-rough", constraints=())
    trained = replace(trained, observations={"policy": trained.group("policy")})
    assert walk.interface_diff(trained) == []
    assert walk.diff(trained)
    assert walk.interface_diff(changed(walk, joint_vel={"scale": 0.1})) == [
        "observations.policy.joint_vel scale: expected 0.05, got 0.1"
    ]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: joint_pos(names=("a",)), "'joint_pos': names has 1 entries, expected 2"),
        (lambda: joint_pos(names=("a", "a")), "has the element 'a' twice"),
        (lambda: joint_pos(names="ab"), "must be a sequence of names, got the single text 'ab'"),
        (lambda: joint_pos(scale=(1.0, 2.0, 3.0)), "'joint_pos': scale has 3 entries, expected 2"),
        (lambda: joint_pos(scale=()), "scale is empty"),
        (lambda: joint_pos(offset=(0.0, math.nan)),
         r"'joint_pos': offset\[1\] must be a finite number, got nan"),
        (lambda: joint_pos(kind="joint_angle"),
         "'joint_pos': kind 'joint_angle' is unknown; known: joint_position"),
        (lambda: joint_pos(dtype="float16"), "dtype 'float16' is unknown"),
        (lambda: joint_pos(name="joint.pos"), "name must be letters, digits and '_'"),
        (lambda: joint_pos(shape=(0,)), "shape must be at least 1, got 0"),
        (lambda: joint_pos(shape=(1.5,)), "shape must be a whole number, got 1.5"),
        (lambda: joint_pos(clip=(1.0, -1.0)), "clip has its low end 1 above its high end -1; swap them"),
        (lambda: joint_pos(clip=(1.0,)), r"clip must be a pair \(low, high\), got 1 numbers"),
        (lambda: joint_pos(delay=(-0.1, 0.0)), "delay must not be negative, got -0.1 s"),
        (lambda: joint_pos(history=0), "history must be at least 1, got 0"),
        (lambda: joint_pos(noise=0.1), "noise must be a Noise, got 0.1"),
        (lambda: joint_pos(details={"fov": math.inf}), r"details\['fov'\] must be a finite number, got inf"),
        (lambda: joint_pos(dtype="str", scale=2.0), "a text has no noise, clip, scale or offset"),
        (lambda: Noise("pink", 0.1), "noise kind 'pink' is unknown"),
        (lambda: Noise("uniform", -0.1), "noise scale must not be negative"),
        (lambda: target(limits=((0.0, 1.0),)), "'target': limits has 1 entries, expected 2"),
        (lambda: target(limits=((0.0, 1.0), (2.0, 1.0))),
         r"limits\[1\] has its low end 2 above its high end 1"),
        (lambda: target(limits=((0.0, math.inf),) * 2), r"limits\[0\]\[1\] must be a finite number, got inf"),
        (lambda: target(stiffness=(20.0,)), "stiffness has 1 entries, expected 2"),
        (lambda: target(damping=(1.0, -1.0)), r"damping\[1\] must not be negative, got -1"),
        (lambda: target(chunk=0), "chunk must be at least 1"),
        (lambda: target(kind="position"), "kind 'position' is unknown"),
        (lambda: target(kind="discrete", shape=(), dtype="int64"), "needs `names`"),
        (lambda: target(kind="discrete", shape=(), names=("a", "b")), "give it dtype 'int64'"),
        (lambda: spec(control_period=0.0), "control_period must be positive, got 0 s"),
        (lambda: spec(control_period=math.inf), "control_period must be a finite number, got inf"),
        (lambda: spec(observations={}), "observations has no group"),
        (lambda: spec(observations={"policy": ()}), "observations.policy is empty"),
        (lambda: spec(observations={"policy": (joint_pos(),) * 2}),
         "observations.policy has the term 'joint_pos' twice"),
        (lambda: spec(observations={"critic": (joint_pos(),)}),
         "no observation group 'policy'; it has critic"),
        (lambda: spec(actor=()), "actor is empty"),
        (lambda: spec(actions=()), "actions is empty"),
        (lambda: spec(actions=(target(), target())), "actions has the term 'target' twice"),
        (lambda: spec(actions=(target(name="joint_pos"),)),
         "'joint_pos' names both an observation and an action"),
        (lambda: spec(actions=(joint_pos(),)), "actions must hold ActionTerm objects"),
        (lambda: spec(constraints=(Constraint("c", "x", 1.0, "m"),) * 2), "has the constraint 'c' twice"),
        (lambda: spec(task=""), "task must be a text that is not empty"),
        (lambda: spec(version=2), "the spec has version 2; this Landward reads version 1"),
    ],
)  # fmt: skip
def test_validation_has_one_clear_message(make, message):
    with pytest.raises(SpecError, match=message):
        make()


def test_terms_of_two_actor_groups_may_not_share_a_name():
    groups = {"policy": (joint_pos(),), "more": (joint_pos(),)}
    assert spec(observations=groups).actor == ("policy",)
    with pytest.raises(SpecError, match=r"actor \(policy, more\) has the term 'joint_pos' twice"):
        spec(observations=groups, actor=("policy", "more"))


def edited(edit):
    data = json.loads(spec().to_json())
    edit(data)
    return json.dumps(data)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ("[]", "the spec must be a JSON object, got list"),
        (edited(lambda d: d.update(colour="red")), "the spec has the unknown field 'colour'"),
        (edited(lambda d: d.update(version=2)), "the spec has version 2; this Landward reads version 1"),
        (edited(lambda d: d.pop("robot")), "the spec lacks the field 'robot'"),
        (edited(lambda d: d["actions"][0].pop("names")), r"actions\[0\] lacks the field 'names'"),
        (edited(lambda d: d["observations"]["policy"][0].update(gain=1)),
         r"observations.policy\[0\] has the unknown field 'gain'"),
        (edited(lambda d: d.update(observations=[])), "observations must be a JSON object, got list"),
        (edited(lambda d: d.update(actions={})), "actions must be a JSON list, got dict"),
        (edited(lambda d: d.update(control_period=math.nan)), "holds NaN, which is not a finite number"),
        (spec().to_json().replace('"robot":"r"', '"robot":"r","robot":"s"'), "has the key 'robot' twice"),
    ],
)  # fmt: skip
def test_from_json_refuses(text, message):
    with pytest.raises(SpecError, match=message):
        PolicySpec.from_json(text)


def test_core_needs_numpy_alone():
    code = """
import sys
before = set(sys.modules)
import landward, landward.spec, landward.constraint, landward.pipeline, landward.errors, landward.policy_file
import landward.onnx_policy
added = {name.split(".")[0] for name in set(sys.modules) - before}
print(sorted(added - set(sys.stdlib_module_names)))
"""
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert result.stdout.strip() == "['landward', 'numpy']"


@pytest.mark.parametrize(
    ("kind", "shape", "dtype", "image"),
    [
        ("bird_eye_view", (64, 64, 7), "uint8", True),
        ("image_depth", (48, 64), "float32", True),
        ("state", (84, 84), "uint8", True),
        ("image_rgb", (3,), "uint8", False),
        ("height_scan", (3, 5), "float32", False),
        ("lidar", (900, 4), "float32", False),
    ],
)
def test_images_are_told_from_numbers(kind, shape, dtype, image):
    term = ObservationTerm("seen", kind, shape, dtype=dtype)
    assert term.is_image == image
    made = spec(observations={"policy": (joint_pos(),), "eye": (term,)})
    assert made.images == ({"eye": term} if image else {})
    # beside other terms it is no image group
    assert spec(observations={"policy": (joint_pos(), term)}).images == {}
