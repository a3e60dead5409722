"""The exported policy as a torch module: SI measurements and states in, SI commands and next states out."""

from __future__ import annotations

import copy

import numpy as np
import torch
from rsl_rl.models import CNNModel, MLPModel, RNNModel
from torch import nn

from agents.on_policy.encoder import ImageModel
from landward.errors import PolicyFileError
from landward.policy_file import State
from landward.spec import ActionTerm, ObservationTerm, PolicySpec

FIRST = "first"
"""State that is 1 in the first step after a reset, when the present frame fills the histories, else 0."""


class ExportedPolicy(nn.Module):
    """Clip, offset, scale, history, normaliser, encoders, network and action mapping in one graph.

    Inputs, in the order of `input_names`: the terms of `spec.inputs`, (B, *shape) SI, then the states (B,
    *shape). Outputs, in the order of `output_names`: the action terms, (B, *shape) SI, then the next states.
    The output is the mean of the actor's distribution.
    """

    def __init__(self, actor: MLPModel, spec: PolicySpec) -> None:
        """Copy the actor and lay out the graph.

        Args:
            actor: a feed-forward or recurrent model that reads the groups of `spec.actor`.
            spec: the contract of the task.

        Raises:
            PolicyFileError: something that cannot be exported; the message names it.
        """
        super().__init__()
        _check_exportable(actor, spec)
        self.spec, self.terms = spec, _flat_terms(spec)
        self.images = [(group, spec.images[group].name) for group in spec.actor if group in spec.images]
        self.encoders = copy.deepcopy(actor.cnns) if isinstance(actor, ImageModel) else nn.ModuleDict()
        self.normalizer = copy.deepcopy(actor.obs_normalizer)
        self.mlp = copy.deepcopy(actor.mlp)
        distribution = actor.distribution
        self.output = nn.Identity() if distribution is None else distribution.as_deterministic_output_module()
        self.rnn: nn.LSTM | nn.GRU | None = None
        if isinstance(actor, RNNModel):
            self.rnn = copy.deepcopy(actor.rnn.rnn)
        self.states = _states(self.terms, self.rnn, sum(term.size for term in spec.actions))
        for term in (*self.terms, *spec.actions):
            for field in ("scale", "offset"):
                self.register_buffer(f"{term.name}_{field}", _row(getattr(term, field), term))
        for term in spec.actions:
            if term.limits:
                for i, side in enumerate(("low", "high")):
                    limit = _row(tuple(pair[i] for pair in term.limits), term)
                    self.register_buffer(f"{term.name}_{side}", limit)
        self.eval()
        self.to("cpu")

    @property
    def input_names(self) -> list[str]:
        """Names of the inputs in order."""
        return [term.name for term in self.spec.inputs] + [state.input for state in self.states]

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs in order."""
        return [term.name for term in self.spec.actions] + [state.output for state in self.states]

    def example_inputs(self, batch: int = 1) -> tuple[torch.Tensor, ...]:
        """Zeros for the terms and reset values for the states."""
        terms = [
            torch.zeros(batch, *term.shape, dtype=getattr(torch, term.dtype)) for term in self.spec.inputs
        ]
        return (*terms, *(torch.full((batch, *state.shape), state.init) for state in self.states))

    def forward(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """One control step; see the class for inputs and outputs."""
        values = dict(zip(self.input_names, inputs, strict=True))
        following: dict[str, torch.Tensor] = {}
        features = [self.encoders[group](values[name]) for group, name in self.images]
        if self.terms:
            columns = [self._encode(term, values, following) for term in self.terms]
            features.insert(0, self.normalizer(torch.cat(columns, 1)))
        latent = torch.cat(features, 1) if self.images else features[0]
        if self.rnn is not None:
            latent = self._recur(self.rnn, latent, values, following)
        raw = self.output(self.mlp(latent))
        for term in self.terms:
            if term.kind == "last_action":
                frames = torch.cat([values[f"state.{term.name}"], raw], 1)
                following[term.name] = frames[:, term.size :]
        commands, start = [], 0
        for term in self.spec.actions:
            commands.append(self._decode(term, raw[:, start : start + term.size]))
            start += term.size
        if f"state.{FIRST}" in values:
            following[FIRST] = torch.zeros_like(values[f"state.{FIRST}"])
        return (*commands, *(following[state.input.removeprefix("state.")] for state in self.states))

    def _encode(
        self, term: ObservationTerm, values: dict[str, torch.Tensor], following: dict[str, torch.Tensor]
    ) -> torch.Tensor:
        """Frames of one term as the network was trained on them, (B, history * size), oldest first."""
        if term.kind == "last_action":
            return self._scale(term, values[f"state.{term.name}"], term.history)
        now = self._scale(term, values[term.name].flatten(1).to(torch.float32), 1)
        if term.history == 1:
            return now
        first, past = values[f"state.{FIRST}"], values[f"state.{term.name}"]
        past = first * now.repeat(1, term.history - 1) + (1.0 - first) * past
        frames = torch.cat([past, now], 1)
        following[term.name] = frames[:, term.size :]
        return frames

    def _scale(self, term: ObservationTerm, value: torch.Tensor, frames: int) -> torch.Tensor:
        if term.clip is not None:
            value = value.clamp(*term.clip)
        scale, offset = (
            self.get_buffer(f"{term.name}_{field}").repeat(frames) for field in ("scale", "offset")
        )
        return (value - offset) * scale

    def _recur(
        self,
        rnn: nn.LSTM | nn.GRU,
        latent: torch.Tensor,
        values: dict[str, torch.Tensor],
        following: dict[str, torch.Tensor],
    ) -> torch.Tensor:
        """One step of the recurrent layers; states are (B, layers, units) outside, batch second in torch."""
        hidden = values["state.hidden"].transpose(0, 1).contiguous()
        if isinstance(rnn, nn.LSTM):
            cell = values["state.cell"].transpose(0, 1).contiguous()
            latent, (hidden, cell) = rnn(latent.unsqueeze(0), (hidden, cell))
            following["cell"] = cell.transpose(0, 1)
        else:
            latent, hidden = rnn(latent.unsqueeze(0), hidden)
        following["hidden"] = hidden.transpose(0, 1)
        return latent.squeeze(0)

    def _decode(self, term: ActionTerm, raw: torch.Tensor) -> torch.Tensor:
        """Raw action -> SI, as landward.action.decode has it."""
        if term.clip is not None:
            raw = raw.clamp(*term.clip)
        value = self.get_buffer(f"{term.name}_offset") + self.get_buffer(f"{term.name}_scale") * raw
        if term.limits:
            value = torch.minimum(value, self.get_buffer(f"{term.name}_high"))
            value = torch.maximum(value, self.get_buffer(f"{term.name}_low"))
        return value.unflatten(1, term.shape) if len(term.shape) != 1 else value


def _states(
    terms: tuple[ObservationTerm, ...], rnn: nn.LSTM | nn.GRU | None, actions: int
) -> tuple[State, ...]:
    states = []
    for term in terms:
        frames = term.history if term.kind == "last_action" else term.history - 1
        if term.kind == "last_action" and term.size != actions:
            raise PolicyFileError(
                f"last_action term '{term.name}' has {term.size} numbers, the actions have {actions}"
            )
        if frames:
            states.append(_state(term.name, (frames * term.size,), 0.0))
    if any(term.history > 1 and term.kind != "last_action" for term in terms):
        states.append(_state(FIRST, (1,), 1.0))
    if rnn is not None:
        names = ("hidden", "cell") if isinstance(rnn, nn.LSTM) else ("hidden",)
        states += [_state(name, (rnn.num_layers, rnn.hidden_size), 0.0) for name in names]
    names = [state.input for state in states]
    if len(set(names)) < len(names):
        raise PolicyFileError(f"observation terms must not be called {FIRST}, hidden or cell: rename them")
    return tuple(states)


def _state(name: str, shape: tuple[int, ...], init: float) -> State:
    return State(f"state.{name}", f"state.{name}.next", shape, init)


def _row(numbers: float | tuple[float, ...], term: ObservationTerm | ActionTerm) -> torch.Tensor:
    """One number per element of a frame; numbers run along the last axis of the term's shape."""
    return torch.from_numpy(
        np.array(np.broadcast_to(np.asarray(numbers, np.float32), term.shape or (1,)).ravel())
    )


def _check_exportable(actor: MLPModel, spec: PolicySpec) -> None:
    if isinstance(actor, CNNModel):
        raise PolicyFileError(
            "a policy with rsl_rl's CNNModel cannot be exported: train it with `landward train`, whose "
            "encoder carries the scaling of the images"
        )
    read = [*actor.obs_groups, *getattr(actor, "image_groups", ())]
    if read != sorted(spec.actor, key=lambda group: group in spec.images):  # images come last
        raise PolicyFileError(f"the actor reads {read}, the spec says {list(spec.actor)}")
    for term in spec.actor_terms:
        if term.dtype == "str":
            raise PolicyFileError(f"observation '{term.name}' is a text: it cannot be an input of the graph")
    for term in spec.actions:
        if term.chunk > 1 or term.dtype != "float32":
            raise PolicyFileError(
                f"action '{term.name}' is chunked or of type {term.dtype}: only float32 steps are exported"
            )
    width = sum(term.size * term.history for term in _flat_terms(spec))
    if width != actor.obs_dim:
        raise PolicyFileError(
            f"the spec's flat actor terms have {width} columns, the trained actor reads {actor.obs_dim}"
        )


def _flat_terms(spec: PolicySpec) -> tuple[ObservationTerm, ...]:
    """The actor's terms that are columns of numbers, in order."""
    return tuple(term for group in spec.actor if group not in spec.images for term in spec.group(group))
