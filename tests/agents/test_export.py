import dataclasses
import json

import numpy as np
import onnx
import pytest
import torch

from agents.export import ScriptPolicy, compare, export_policy
from agents.exported import ExportedPolicy
from landward.errors import PolicyFileError, PolicyInputError
from landward.onnx_policy import OnnxPolicy
from landward.policy_file import read_policy_file
from sims.bridges.rsl_rl import RslRlVecEnv
from tests.agents.builders import make_runner, tiny_config
from tests.agents.fakes import COMMAND, TARGET, VELOCITY, PointMass
from tests.agents.images import Blob, image_config, image_runner, image_spec


def trained(tmp_path, **changes):
    config = tiny_config(iterations=2, **changes)
    runner = make_runner(tmp_path, config)
    runner.train()
    return runner.alg.get_policy()


KINDS = {
    "gaussian": {},
    "gsde": {"model__exploration": "gsde"},
    "gru": {"model__recurrent": "gru", "ppo__parallel_update": False, "constraint__mode": "none"},
    "lstm": {"model__recurrent": "lstm", "ppo__parallel_update": False, "constraint__mode": "none"},
    "not normalised": {"model__normalize": False},
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_files_act_as_in_training_over_resets(tmp_path, kind):
    actor = trained(tmp_path, **{"model__recurrent_size": 8, **KINDS[kind]})
    report = export_policy(actor, PointMass(16), tmp_path, {"seed": 1})
    assert report.error <= 1e-5
    assert report.resets >= 16
    assert report.size == (tmp_path / "policy.onnx").stat().st_size
    assert not list(tmp_path.glob("*.data")) and not list(tmp_path.glob(".policy*"))


@pytest.mark.parametrize("share", [False, True])
def test_a_policy_that_reads_images_acts_as_in_training(tmp_path, share):
    changes = {"model__encoder__share": share, "ppo__parallel_update": not share}
    actor = image_actor(tmp_path, **changes)
    report = export_policy(actor, Blob(16), tmp_path, {})
    assert report.error <= 1e-5 and report.resets >= 16
    graph = onnx.load(tmp_path / "policy.onnx").graph
    image = graph.input[0]
    assert (image.name, image.type.tensor_type.elem_type) == ("picture", onnx.TensorProto.UINT8)
    policy, env = OnnxPolicy(tmp_path / "policy.onnx", expected=image_spec(), num_envs=5), Blob(5, seed=3)
    actor.cnns["view"].chunk = 2  # large batches are encoded in parts while training
    with torch.no_grad():
        raw = actor(RslRlVecEnv(env).get_observations()).numpy()
    assert policy(env.measurements())["steer"] == pytest.approx(2.0 * raw, abs=1e-5)


def test_an_exported_policy_wants_pixels_as_bytes(tmp_path):
    export_policy(image_actor(tmp_path), Blob(16), tmp_path, {})
    policy = OnnxPolicy(tmp_path / "policy.onnx", num_envs=2)
    measured = Blob(2).measurements()
    with pytest.raises(PolicyInputError, match="input 'picture' must be uint8, got float32"):
        policy({**measured, "picture": measured["picture"].astype(np.float32)})
    with pytest.raises(PolicyInputError, match=r"'picture' must have the shape \(2, 16, 16, 2\)"):
        policy({**measured, "picture": measured["picture"][:, :8]})


def test_an_actor_of_other_groups_is_refused(tmp_path):
    spec = dataclasses.replace(image_spec(), actor=("view", "privileged"))
    with pytest.raises(PolicyFileError, match=r"the actor reads \['state', 'view'\]"):
        ExportedPolicy(image_actor(tmp_path), spec)


def image_actor(root, **changes):
    runner = image_runner(root, image_config(iterations=2, **changes))
    runner.train()
    return runner.alg.get_policy()


def test_the_file_carries_its_contract(tmp_path):
    export_policy(trained(tmp_path), PointMass(16), tmp_path, {"seed": 7})
    file = read_policy_file(tmp_path / "policy.onnx")
    assert file.spec == PointMass(1).spec
    assert file.provenance == {"seed": 7}
    states = {state.input: (state.output, state.shape, state.init) for state in file.states}
    assert states == {
        "state.velocity": ("state.velocity.next", (4,), 0.0),
        "state.last_action": ("state.last_action.next", (4,), 0.0),
        "state.first": ("state.first.next", (1,), 1.0),
    }
    graph = onnx.load(tmp_path / "policy.onnx").graph
    assert [entry.name for entry in graph.input] == ["velocity", "command", *states]
    assert [entry.name for entry in graph.output] == ["target", *(f"{name}.next" for name in states)]


def test_one_step_by_hand(tmp_path):
    actor = trained(tmp_path)
    export_policy(actor, PointMass(16), tmp_path, {})
    policy = OnnxPolicy(tmp_path / "policy.onnx")
    velocity, command = np.array([[5.0, 0.3]], np.float32), np.array([[0.2, -0.4]], np.float32)
    # clip to 3, offset (0.1, -0.1), scale 2; three equal frames at the start; no action yet
    frame = [(3.0 - 0.1) * 2, (0.3 + 0.1) * 2]
    obs = torch.tensor([[*frame * 3, 0.2, -0.4, 0, 0, 0, 0]])
    raw = actor({"policy": obs}).detach().numpy()
    expected = np.array([0.05, 0.0]) + 0.5 * np.clip(raw, -5, 5)
    assert policy({"velocity": velocity, "command": command})["target"] == pytest.approx(expected, abs=1e-6)
    # the second step has one new frame and the raw action of the first
    second = [(1.0 - 0.1) * 2, (1.0 + 0.1) * 2]
    obs = torch.tensor([[*frame * 2, *second, 0.2, -0.4, 0, 0, *raw[0].tolist()]])
    raw = actor({"policy": obs}).detach().numpy()
    expected = np.array([0.05, 0.0]) + 0.5 * np.clip(raw, -5, 5)
    velocity = np.array([[1.0, 1.0]], np.float32)
    assert policy({"velocity": velocity, "command": command})["target"] == pytest.approx(expected, abs=1e-6)


def test_torchscript_names_its_inputs(tmp_path):
    export_policy(trained(tmp_path), PointMass(16), tmp_path, {})
    policy = ScriptPolicy(tmp_path / "policy.pt", num_envs=2)
    assert policy.spec == PointMass(1).spec
    measured = {"velocity": np.zeros((2, 2), np.float32), "command": np.zeros((2, 2), np.float32)}
    assert policy(measured)["target"].shape == (2, 2)


class WrongMeasurements(PointMass):
    """Feeds the exported policy another velocity than the one the trained policy saw."""

    def measurements(self):
        return {**super().measurements(), "velocity": np.clip(self.velocity, *VELOCITY.clip) + 0.01}


def test_an_export_that_acts_differently_is_refused(tmp_path):
    actor = trained(tmp_path)
    with pytest.raises(PolicyFileError, match="policy.onnx differs from the trained policy"):
        export_policy(actor, WrongMeasurements(16), tmp_path, {})
    assert not list(tmp_path.glob("policy.*")) and not list(tmp_path.glob(".policy*"))


def test_a_missed_reset_is_noticed(tmp_path):
    actor = trained(tmp_path)
    export_policy(actor, PointMass(16), tmp_path, {})
    policy = OnnxPolicy(tmp_path / "policy.onnx", num_envs=16)
    policy.reset = lambda env_ids=None: None
    errors, resets = compare(actor, PointMass(16), {"deaf": policy}, 30)
    assert resets > 0 and errors["deaf"] > 1e-3


def test_limits_bound_the_commands():
    spec = PointMass(1).spec
    narrow = dataclasses.replace(
        spec, actions=(dataclasses.replace(TARGET, limits=((-0.1, 0.1), (-0.2, 0.2))),)
    )
    actor = _actor(spec)
    with torch.no_grad():
        actor.mlp[-1].bias.copy_(torch.tensor([3.0, -3.0]))
        command = ExportedPolicy(actor, narrow)(*ExportedPolicy(actor, narrow).example_inputs())[0]
    assert command.tolist()[0] == pytest.approx([0.1, -0.2])


def test_what_cannot_be_exported_is_named():
    spec = PointMass(1).spec
    chunked = dataclasses.replace(spec, actions=(dataclasses.replace(TARGET, chunk=4),))
    with pytest.raises(PolicyFileError, match="'target' is chunked"):
        ExportedPolicy(_actor(spec), chunked)
    other = dataclasses.replace(spec, observations={"policy": (COMMAND,)})
    with pytest.raises(PolicyFileError, match="2 columns, the trained actor reads 12"):
        ExportedPolicy(_actor(spec), other)


def test_the_report_is_json_able(tmp_path):
    report = export_policy(trained(tmp_path), PointMass(16), tmp_path, {})
    assert json.dumps({**dataclasses.asdict(report), "path": str(report.path)})


def _actor(spec):
    from rsl_rl.models import MLPModel
    from tensordict import TensorDict

    obs = TensorDict({"policy": torch.zeros(1, 12)}, batch_size=[1])
    return MLPModel(obs, {"actor": list(spec.actor)}, "actor", 2, hidden_dims=[8])


def test_a_policy_that_answers_strongly_to_its_last_action_passes(tmp_path):
    """Rounding grows tenfold a step in such a loop; the comparison must not blame the export."""
    actor = trained(tmp_path)
    with torch.no_grad():
        actor.mlp[0].weight[:, -4:] *= 200.0
    assert export_policy(actor, PointMass(16), tmp_path, {}).error <= 1e-5


def test_a_wrong_last_action_is_found(tmp_path):
    actor, env = trained(tmp_path), PointMass(16)
    export_policy(actor, env, tmp_path, {})

    class Forgetful(OnnxPolicy):
        def state(self):
            return {name: 0 * value for name, value in super().state().items()}

    policies = {"policy.onnx": Forgetful(tmp_path / "policy.onnx", num_envs=16)}
    errors, _ = compare(actor, env, policies, 8)
    assert errors["policy.onnx"] > 1e-3
