import dataclasses
import json

import numpy as np
import pytest

pytest.importorskip("onnx", reason="makes policies")
bags = pytest.importorskip("tests.ros2_ws.landward_tools.bags")

from landward.errors import SpecMismatchError  # noqa: E402
from landward.onnx_policy import OnnxPolicy  # noqa: E402
from landward_tools.bag import BagError  # noqa: E402
from landward_tools.replay import comparable, pair, replay  # noqa: E402
from landward_tools.replay_command import Replay  # noqa: E402
from tests.landward import onnx_models  # noqa: E402

MS = 10**6
STEP = 20 * MS
START = 1_700_000_000_000_000_789
"""A stamp with nanoseconds that microseconds leave out."""


@pytest.fixture
def policy(tmp_path):
    path = tmp_path / "policy.onnx"
    path.write_bytes(onnx_models.make_model())
    return path


def rows_of(path, count=20, resets=(0,), names=onnx_models.JOINTS, space=""):
    """What a node with that policy publishes: (rows, rows of commands by inference)."""
    runner, random = OnnxPolicy(path), np.random.default_rng(1)
    rows, tick = [], 0
    order = [onnx_models.JOINTS.index(name) for name in names]
    for i in range(count):
        if i in resets:
            runner.reset()
            tick = 0
        inputs = {name: random.normal(size=3).astype(np.float32) for name in ("joint_pos", "gravity")}
        # A decaying memory would hide a missing inference: this one sums up.
        target = runner({name: value[None] for name, value in inputs.items()})["joint_pos_target"][0]
        stamp, received = START + i * STEP, START + i * STEP + 2 * MS
        command = bags.joint_state(stamp, target.astype(float)[order], names=names)
        rows.append((received, f"{space}/policy/joint_command", command))
        rows.append((received + 1000, f"{space}/policy/observation", bags.observation(stamp, tick, **inputs)))
        tick += 1
    return rows


def test_the_recorded_policy_is_equal(tmp_path, policy):
    names = tuple(reversed(onnx_models.JOINTS))
    seal = OnnxPolicy(policy).graph_hash
    rows = rows_of(policy, resets=(0, 7), names=names, space="/left")
    found = replay(bags.write(tmp_path / "bag", rows, {"policy_hash": seal}), policy, "left")
    assert found.equal
    assert found.same_file is True
    assert (found.inferences, found.compared, found.skipped, found.unmatched) == (20, 20, 0, 0)
    assert found.missing == ()
    assert set(found.max_difference) == set(onnx_models.JOINTS)
    assert max(found.max_difference.values()) == 0.0


def test_a_planted_difference_is_found(tmp_path, policy):
    rows = rows_of(policy)
    # The command of inference 5, joint 1 is 0.25 rad away.
    rows[10][2].position[1] += 0.25
    found = replay(bags.write(tmp_path / "bag", rows), policy)
    assert not found.equal
    assert found.same_file is None
    assert found.max_difference == pytest.approx(
        dict(zip(onnx_models.JOINTS, (0.0, 0.25, 0.0), strict=True)), abs=1e-6
    )
    assert found.mean_difference[onnx_models.JOINTS[1]] == pytest.approx(0.25 / 20, abs=1e-6)
    first = found.first
    assert (first.row, first.tick, first.joint) == (5, 5, onnx_models.JOINTS[1])
    assert first.seconds == pytest.approx(0.1)
    assert first.recorded - first.replayed == pytest.approx(0.25, abs=1e-6)
    # target = 0.5 * (joint_pos + gravity) + memory: each input's step moves it by half of that step.
    steps = {
        name: 0.5 * abs(data[5][1] - data[4][1])
        for name, data in (
            (name, [row[2].data[2 + 3 * k : 5 + 3 * k] for row in rows[1::2]])
            for k, name in enumerate(("joint_pos", "gravity"))
        )
    }
    assert first.influence == pytest.approx(steps, rel=1e-4)
    assert list(first.influence.values()) == sorted(first.influence.values(), reverse=True)
    assert replay(tmp_path / "bag", policy, tolerance=0.3).equal


def test_another_policy_differs_from_its_first_inference(tmp_path, policy):
    other = tmp_path / "other.onnx"
    other.write_bytes(onnx_models.make_model(weight=0.6))
    path = bags.write(tmp_path / "bag", rows_of(policy), {"policy_hash": OnnxPolicy(policy).graph_hash})
    found = replay(path, other)
    assert found.same_file is False
    assert (found.first.row, found.first.influence) == (0, {})


def test_missing_inferences_are_told_and_what_follows_is_not_compared(tmp_path, policy):
    rows = rows_of(policy, resets=(0, 10))
    del rows[8:12]  # inferences 4 and 5
    found = replay(bags.write(tmp_path / "bag", rows), policy)
    assert found.equal
    assert found.missing == (4,)
    assert (found.inferences, found.compared, found.skipped) == (18, 14, 4)


def test_a_command_that_is_missing_is_counted(tmp_path, policy):
    rows = rows_of(policy)
    del rows[6]
    found = replay(bags.write(tmp_path / "bag", rows), policy)
    assert found.equal
    assert (found.compared, found.unmatched) == (19, 1)


def test_a_recording_that_began_too_late_cannot_be_compared(tmp_path, policy):
    with pytest.raises(BagError, match="Start the recording before the policy walks"):
        replay(bags.write(tmp_path / "bag", rows_of(policy)[4:]), policy)
    rows = [(1, "/joint_states", bags.joint_state(0, (1, 2, 3)))]
    with pytest.raises(BagError, match="the policy never walked"):
        replay(bags.write(tmp_path / "other", rows), policy)


def test_another_spec_is_refused_with_the_difference(tmp_path, policy):
    spec = onnx_models.make_spec()
    path = bags.write(tmp_path / "bag", rows_of(policy), {"spec": json.loads(spec.to_json())})
    assert replay(path, policy).equal
    slower = tmp_path / "slower.onnx"
    slower.write_bytes(onnx_models.make_model(dataclasses.replace(spec, control_period=0.04)))
    with pytest.raises(SpecMismatchError, match=r"control_period: expected 0\.02, got 0\.04"):
        replay(path, slower)


def test_without_a_recorded_spec_the_messages_tell(tmp_path, policy):
    rows = [
        (1, "/policy/joint_command", bags.joint_state(1000, (1, 2, 3), names=("a", "b", "c"))),
        (2, "/policy/observation", bags.observation(1000, 0, joint_pos=(1, 2), height=(1,))),
    ]
    with pytest.raises(SpecMismatchError) as error:
        replay(bags.write(tmp_path / "bag", rows), policy)
    lines = str(error.value).splitlines()[1:]
    assert [line.strip() for line in lines[:3]] == [
        "input joint_pos: recorded 2 numbers, the policy takes 3",
        "input gravity: recorded 0 numbers, the policy takes 3",
        "input height: recorded, the policy has none",
    ]
    assert "joint FL_hip_joint: the policy commands it" in lines[3]


def test_memory_is_known_from_a_reset_on():
    tick = np.array([3, 4, 0, 1, 3, 4, 0, 1])
    known, missing = comparable(tick, stateful=True)
    assert known.tolist() == [False, False, True, True, False, False, True, True]
    assert missing == (0, 4)
    known, missing = comparable(tick, stateful=False)
    assert known.all()
    assert missing == (0, 4)


def test_commands_of_one_stamp_are_told_apart_by_their_receipt(tmp_path):
    # The sensors stood still: two inferences on one measurement, and a damping command with its stamp.
    rows = [
        (10, "/policy/joint_command", bags.joint_state(5000, (1, 0, 0))),
        (12, "/policy/observation", bags.observation(5000, 0, x=(0,))),
        (30, "/policy/joint_command", bags.joint_state(5000, velocity=(0, 0, 0))),
        (40, "/policy/joint_command", bags.joint_state(5000, (2, 0, 0))),
        (41, "/policy/observation", bags.observation(5000, 1, x=(0,))),
        (50, "/policy/observation", bags.observation(6000, 2, x=(0,))),
    ]
    from landward_ros import names
    from landward_tools.bag import Bag

    bag = Bag(bags.write(tmp_path / "bag", rows))
    assert pair(bag.observations(), bag.joints(names.POLICY_COMMAND)).tolist() == [0, 2, -1]


def test_the_verb_exits_by_equality(tmp_path, policy, capsys):
    path = bags.write(tmp_path / "bag", rows_of(policy))
    assert Replay(path, policy).run() == 0
    assert "equal within 1e-05 rad" in capsys.readouterr().out
    other = tmp_path / "other.onnx"
    other.write_bytes(onnx_models.make_model(weight=0.6))
    assert Replay(path, other).run() == 1
    assert "differs first at inference 0 (tick 0, 0.00 s)" in capsys.readouterr().out
    assert Replay(path, other, json=True).run() == 1
    assert json.loads(capsys.readouterr().out)["equal"] is False
