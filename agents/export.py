"""Export of a trained actor: a sealed ONNX file, a TorchScript twin, and a check of both."""

from __future__ import annotations

import contextlib
import io
import json
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from rsl_rl.models import MLPModel

from agents.exported import ExportedPolicy
from landward.action import decode_all
from landward.array import to_numpy
from landward.atomic import write_atomic
from landward.errors import PolicyFileError
from landward.onnx_policy import OnnxPolicy
from landward.policy_file import FILE_VERSION, PLACEHOLDER, SEAL_KEY, State, seal
from landward.spec import PolicySpec
from sims.bridges.rsl_rl import RslRlVecEnv
from sims.env import Env

OPSET = 18
"""ONNX operator set; onnxruntime reads it since 1.14 (2023), so old robots do too."""
TOLERANCE = 1e-5
"""Largest accepted difference between training and export, relative to max(1, |command|, |scale|): of a raw
action of 1, or of the command."""


@dataclass(frozen=True)
class ExportReport:
    """What was written and how exact it is."""

    path: Path
    """The ONNX file."""
    opset: int
    size: int
    """Bytes of the ONNX file."""
    torchscript_size: int
    """Bytes of policy.pt."""
    steps: int
    """Control steps compared, all environments together."""
    resets: int
    """Episodes that began within the comparison."""
    error: float
    """Largest difference of a command, relative to max(1, |command|, |scale of the action|)."""


def export_policy(
    actor: MLPModel, env: Env, folder: Path, provenance: dict[str, Any], steps: int = 64
) -> ExportReport:
    """Write policy.onnx and policy.pt into a folder and compare both with the actor in its environment.

    The files get their final names only when they have passed.

    Args:
        actor: the trained model.
        env: an environment of the training task; it is reset and stepped.
        folder: where to write.
        provenance: goes into the file.
        steps: control steps of the comparison; half of the environments end an episode within them.

    Raises:
        PolicyFileError: the policy cannot be exported, or the export acts differently.
    """
    module = ExportedPolicy(actor, env.spec)
    onnx_bytes, script_bytes = to_onnx(module, provenance), to_torchscript(module)
    trial = folder / ".policy.unchecked.onnx"
    write_atomic(trial, lambda stream: stream.write(onnx_bytes))
    try:
        policies = {
            "policy.onnx": OnnxPolicy(trial, expected=env.spec, num_envs=env.num_envs),
            "policy.pt": ScriptPolicy(io.BytesIO(script_bytes), env.num_envs),
        }
        errors, resets = compare(actor, env, policies, steps)
    finally:
        trial.unlink(missing_ok=True)
    for name, error in errors.items():
        if not error <= TOLERANCE:
            raise PolicyFileError(
                f"{name} differs from the trained policy by {error:.2e} (allowed {TOLERANCE:.0e}) "
                f"over {steps} steps of {env.num_envs} environments; nothing was exported: "
                "check env.measurements()"
            )
    write_atomic(folder / "policy.onnx", lambda stream: stream.write(onnx_bytes))
    write_atomic(folder / "policy.pt", lambda stream: stream.write(script_bytes))
    sizes = len(onnx_bytes), len(script_bytes)
    return ExportReport(
        folder / "policy.onnx", OPSET, *sizes, steps * env.num_envs, resets, max(errors.values())
    )


def to_onnx(module: ExportedPolicy, provenance: dict[str, Any]) -> bytes:
    """The sealed ONNX model with the spec in its metadata, as the content of one file."""
    names = [*module.input_names, *module.output_names]
    with (
        tempfile.TemporaryDirectory() as folder,
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        warnings.simplefilter("ignore")  # the tracing exporter announces its successor and its own constants
        torch.onnx.export(
            module,
            module.example_inputs(2),
            Path(folder) / "policy.onnx",
            input_names=module.input_names,
            output_names=module.output_names,
            opset_version=OPSET,
            dynamic_axes={name: {0: "batch"} for name in names},
            dynamo=False,
        )
        model = onnx.load(Path(folder) / "policy.onnx")
    onnx.checker.check_model(model)
    entries = {
        "landward.version": FILE_VERSION,
        "landward.spec": module.spec.to_json(),
        "landward.spec_hash": module.spec.hash,
        "landward.states": states_json(module.states),
        "landward.provenance": json.dumps(provenance, sort_keys=True),
        SEAL_KEY: PLACEHOLDER,
    }
    for key, value in entries.items():
        model.metadata_props.add(key=key, value=value)
    return seal(model.SerializeToString())


def to_torchscript(module: ExportedPolicy) -> bytes:
    """The same module as TorchScript, with spec, states and names of inputs and outputs as extra files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, module.example_inputs(2), check_trace=False)
    buffer = io.BytesIO()
    extra = {
        "landward.spec": module.spec.to_json(),
        "landward.inputs": json.dumps(module.input_names),
        "landward.outputs": json.dumps(module.output_names),
        "landward.states": states_json(module.states),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(traced, buffer, _extra_files=extra)
    return buffer.getvalue()


def states_json(states: tuple[State, ...]) -> str:
    """The states as the files carry them."""
    return json.dumps(
        [{"input": s.input, "output": s.output, "shape": s.shape, "init": s.init} for s in states]
    )


class ScriptPolicy:
    """Runs policy.pt like `OnnxPolicy` runs policy.onnx."""

    def __init__(self, file: Any, num_envs: int = 1) -> None:
        """Load the module.

        Args:
            file: path or stream of policy.pt.
            num_envs: N.
        """
        extra = dict.fromkeys(("landward.spec", "landward.inputs", "landward.outputs", "landward.states"), "")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._module = torch.jit.load(file, map_location="cpu", _extra_files=extra)
        self.spec = PolicySpec.from_json(_text(extra["landward.spec"]))
        self._inputs, self._outputs = (
            json.loads(extra["landward.inputs"]),
            json.loads(extra["landward.outputs"]),
        )
        self._states = [State(**entry) for entry in json.loads(extra["landward.states"])]
        self._memory = {s.input: torch.full((num_envs, *s.shape), s.init) for s in self._states}

    def reset(self, env_ids: np.ndarray | None = None) -> None:
        """Forget the past of some environments, of all where None."""
        rows = slice(None) if env_ids is None else torch.as_tensor(env_ids)
        for state in self._states:
            self._memory[state.input][rows] = state.init

    def state(self) -> dict[str, np.ndarray]:
        """Copies of what the policy carries to its next step; see `OnnxPolicy`."""
        return {name: value.numpy().copy() for name, value in self._memory.items()}

    def set_state(self, values: Mapping[str, np.ndarray]) -> None:
        """Go on from other states; see `OnnxPolicy`."""
        for name, value in values.items():
            self._memory[name] = torch.from_numpy(value.copy())

    @torch.no_grad()
    def __call__(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One control step; see `OnnxPolicy`."""
        fed = {
            **{name: torch.from_numpy(np.ascontiguousarray(v)) for name, v in inputs.items()},
            **self._memory,
        }
        answer = dict(zip(self._outputs, self._module(*(fed[name] for name in self._inputs)), strict=True))
        self._memory = {state.input: answer[state.output].clone() for state in self._states}
        return {term.name: answer[term.name].numpy() for term in self.spec.actions}


def compare(actor: MLPModel, env: Env, policies: dict[str, Any], steps: int) -> tuple[dict[str, float], int]:
    """Drive the environment with the actor's raw actions and compare its commands with exported policies'.

    Every exported policy is fed `env.measurements()`, keeps its own history and is told of resets. The last
    action that it carries is compared too and then replaced by the recorded one: where a policy answers
    strongly to its last action, rounding would otherwise grow from step to step, whatever the export.

    Returns:
        Largest difference of each policy, relative to max(1, |command|, |scale|); and the number of episodes
        that ended.
    """
    recorded = _LastActions(env)
    vec = RslRlVecEnv(env, str(next(actor.parameters()).device))
    env.reset(seed=0)
    actor.reset()
    env.episode_steps = _episodes_that_end(env, steps)
    errors, resets = dict.fromkeys(policies, 0.0), 0
    units = {term.name: float(np.abs(term.scale).max()) for term in env.spec.actions}
    was_training = actor.training
    actor.eval()
    with torch.inference_mode():
        obs = vec.get_observations()
        for _ in range(steps):
            raw = actor(obs)
            expected = decode_all(env.spec.actions, raw.cpu().numpy())
            measured = {name: to_numpy(value) for name, value in env.measurements().items()}
            for name, policy in policies.items():
                commands = policy(measured)
                pairs = [(commands[term], command, units[term]) for term, command in expected.items()]
                carried = policy.state()
                pairs += [
                    (carried[state], value, 1.0) for state, value in recorded.after(raw.cpu().numpy()).items()
                ]
                errors[name] = max(errors[name], *(_difference(*pair) for pair in pairs))
            recorded.append(raw.cpu().numpy())
            obs, _, dones, _ = vec.step(raw)
            actor.reset(dones)
            ended = dones.nonzero().squeeze(1).cpu().numpy()
            resets += len(ended)
            recorded.reset(ended)
            for policy in policies.values():
                policy.set_state(recorded.frames)
                policy.reset(ended)
    actor.train(was_training)
    actor.reset()
    return errors, resets


class _LastActions:
    """The raw actions of a recorded rollout as the states that carry them, oldest frame first."""

    def __init__(self, env: Env) -> None:
        terms = [term for term in env.spec.actor_terms if term.kind == "last_action"]
        width = {f"state.{term.name}": term.size * term.history for term in terms}
        self.frames = {state: np.zeros((env.num_envs, n), np.float32) for state, n in width.items()}

    def after(self, raw: np.ndarray) -> dict[str, np.ndarray]:
        """The states after a step with these raw actions (N, A)."""
        size = raw.shape[1]
        return {name: np.concatenate([old, raw], 1)[:, size:] for name, old in self.frames.items()}

    def append(self, raw: np.ndarray) -> None:
        """Take a step."""
        self.frames = self.after(raw)

    def reset(self, env_ids: np.ndarray) -> None:
        """No action yet in these environments."""
        for frames in self.frames.values():
            frames[env_ids] = 0.0


def _difference(one: np.ndarray, other: np.ndarray, unit: float) -> float:
    """Largest difference relative to max(1, |other|, unit); a raw action is exact to float32's rounding."""
    return float((np.abs(one - other) / np.maximum(max(1.0, unit), np.abs(other))).max())


def _episodes_that_end(env: Env, steps: int) -> Any:
    """Episode clocks such that every second environment times out within the comparison."""
    clocks = np.zeros(env.num_envs, np.int64)
    remaining = 1 + np.arange(env.num_envs)[1::2] % max(1, steps // 2)
    clocks[1::2] = np.maximum(env.max_episode_steps - remaining, 0)
    if torch.is_tensor(env.episode_steps):
        return torch.from_numpy(clocks).to(env.episode_steps.device)
    return clocks.astype(env.episode_steps.dtype)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
