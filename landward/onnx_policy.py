"""An exported policy, checked once, then run with little between the caller and onnxruntime."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from landward.errors import PolicyFileError, PolicyInputError, SpecMismatchError, require
from landward.policy_file import PolicyFile, State, read_policy_file
from landward.spec import PolicySpec

_ELEMENT_TYPES = {
    "float32": "tensor(float)",
    "float64": "tensor(double)",
    "uint8": "tensor(uint8)",
    "int32": "tensor(int32)",
    "int64": "tensor(int64)",
    "bool": "tensor(bool)",
}
_SHOWN_DIFFERENCES = 12
"""Differences to the expected spec that an error lists; the rest is counted."""
_ALIGNMENT = 16
"""Elements; every input begins on a cache line of the common buffer."""


class OnnxPolicy:
    """Runs an exported policy for N environments: named SI measurements in, named SI commands out.

    The policy keeps its own state (history, last action, recurrent state), a row an environment. Inputs and
    states live in buffers that the graph reads and writes in place; the two copies of the state swap roles
    every step. One object serves one thread.
    """

    def __init__(
        self,
        path: str | Path,
        expected: PolicySpec | None = None,
        num_envs: int = 1,
        threads: int = 1,
    ) -> None:
        """Check the file, load the graph, and run it once on zeros so that the first real step is not slower.

        Args:
            path: the exported file.
            expected: the spec of the robot or environment that will run it; compared with
                `PolicySpec.interface_diff`. No comparison where None.
            num_envs: N.
            threads: onnxruntime threads; one is fastest for small networks and keeps a robot's other cores
                free.

        Raises:
            PolicyFileError: the file is cut short, altered, of another version, or does not match its own
                spec.
            SpecMismatchError: the policy's spec is not the expected one; the message lists the differences.
            MissingDependencyError: onnxruntime is not installed.
        """
        self.path = Path(path)
        file = read_policy_file(self.path)
        if expected is not None:
            check_expected(self.path, expected, file.spec)
        self.spec = file.spec
        self.graph_hash = file.graph_hash
        """SHA-256 of the file; names this very policy in reports."""
        self.provenance = file.provenance
        self.num_envs = num_envs
        self._session = _load(self.path, file, threads)
        _check_graph(self.path, file, self._session, num_envs)
        self._allocate(file)
        self._bind()
        self._warm_up()
        self.reset()

    def reset(self, env_ids: np.ndarray | Sequence[int] | None = None) -> None:
        """Forget the past of some environments, of all where None."""
        rows = slice(None) if env_ids is None else np.asarray(env_ids)
        for state, buffer in zip(self._states, self._memory[self._turn], strict=True):
            buffer[rows] = state.init

    def __call__(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """One control step.

        Args:
            inputs: name -> (N, *shape), SI units; exactly the terms of `spec.inputs`.

        Returns:
            Action term name -> (N, *shape) SI targets as new arrays, (N, chunk, *shape) for a chunked term.

        Raises:
            PolicyInputError: a wrong name, shape or dtype, or a NaN or infinite number in an input or an
                output. The state of the policy is then as before.
        """
        if len(inputs) != len(self._feeds):
            self._refuse(inputs)
        # Numbers that are not finite are refused below, with a better message than NumPy's warning.
        with np.errstate(over="ignore", invalid="ignore"):
            self._take(inputs)
            self._session.run_with_iobinding(self._bindings[self._turn])
            for buffer, zeros in self._finite_outputs:
                if buffer.dot(zeros) != 0.0:
                    self._refuse_outputs()
        self._turn ^= 1
        return {name: buffer.copy() for name, buffer in self._outputs}

    def state(self) -> dict[str, np.ndarray]:
        """Copies of what the policy carries to its next step, by input name: (N, *shape)."""
        pairs = zip(self._states, self._memory[self._turn], strict=True)
        return {state.input: buffer.copy() for state, buffer in pairs}

    def set_state(self, values: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned, of this policy or of another in the same situation.

        Args:
            values: input name -> (N, *shape); states that are left out stay as they are.

        Raises:
            PolicyInputError: no such state, or a wrong shape.
        """
        memory = {s.input: buffer for s, buffer in zip(self._states, self._memory[self._turn], strict=True)}
        for name, value in values.items():
            if name not in memory or memory[name].shape != value.shape:
                shapes = ", ".join(f"{known} {buffer.shape}" for known, buffer in memory.items()) or "none"
                raise PolicyInputError(
                    f"no state {name!r} of shape {value.shape}: the policy carries {shapes}"
                )
            np.copyto(memory[name], value)

    def _take(self, inputs: Mapping[str, np.ndarray]) -> None:
        """Check the inputs and copy them to where the graph reads them."""
        copyto = np.copyto
        try:
            for name, shape, buffer in self._feeds:
                value = inputs[name]
                if value.shape != shape:
                    self._refuse(inputs)
                copyto(buffer, value)
        except (KeyError, AttributeError, TypeError):
            self._refuse(inputs)
        # 0 * x is NaN just where x is NaN or infinite: one product checks a whole buffer, without overflow.
        for buffer, zeros in self._finite_inputs:
            if buffer.dot(zeros) != 0.0:
                self._refuse(inputs)

    def _allocate(self, file: PolicyFile) -> None:
        terms = [(term.name, (self.num_envs, *term.shape), term.dtype) for term in file.spec.inputs]
        views, self._finite_inputs = _buffers(terms)
        self._feeds = [(name, shape, views[name]) for name, shape, _ in terms]
        actions = [(term.name, (self.num_envs, *term.output_shape), term.dtype) for term in file.spec.actions]
        outputs, self._finite_outputs = _buffers(actions)
        self._outputs = list(outputs.items())
        self._states = file.states
        dtypes = {entry.name: _dtype(entry.type) for entry in self._session.get_inputs()}
        self._memory = tuple(
            [np.full((self.num_envs, *s.shape), s.init, dtype=dtypes[s.input]) for s in self._states]
            for _ in range(2)
        )
        self._turn = 0

    def _bind(self) -> None:
        """Two bindings: the first reads memory 0 and writes memory 1, the second the reverse."""
        self._bindings = []
        for turn in range(2):
            binding = self._session.io_binding()
            now, after = self._memory[turn], self._memory[1 - turn]
            for name, _, buffer in self._feeds:
                binding.bind_input(name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data)
            for name, buffer in self._outputs:
                binding.bind_output(name, "cpu", 0, buffer.dtype.type, buffer.shape, buffer.ctypes.data)
            for state, old, new in zip(self._states, now, after, strict=True):
                binding.bind_input(state.input, "cpu", 0, old.dtype.type, old.shape, old.ctypes.data)
                binding.bind_output(state.output, "cpu", 0, new.dtype.type, new.shape, new.ctypes.data)
            self._bindings.append(binding)

    def _warm_up(self) -> None:
        try:
            for binding in self._bindings:
                self._session.run_with_iobinding(binding)
        except Exception as error:
            raise PolicyFileError(f"{self.path}: the graph does not run: {_first_line(error)}") from error

    def _refuse(self, inputs: Mapping[str, np.ndarray]) -> NoReturn:
        """Find out what is wrong with the inputs and raise it; only reached when something is."""
        names = [name for name, _, _ in self._feeds]
        missing = [name for name in names if name not in inputs]
        if missing:
            raise PolicyInputError(
                f"the policy's input {missing[0]!r} is missing; it needs {', '.join(names)}"
            )
        unknown = [name for name in inputs if name not in names]
        if unknown:
            raise PolicyInputError(f"the policy has no input {unknown[0]!r}; it needs {', '.join(names)}")
        for name, shape, buffer in self._feeds:
            value = inputs[name]
            if not isinstance(value, np.ndarray):
                raise PolicyInputError(f"input {name!r} must be a NumPy array, got {type(value).__name__}")
            if value.shape != shape:
                raise PolicyInputError(f"input {name!r} must have the shape {shape}, got {value.shape}")
            if not np.can_cast(value.dtype, buffer.dtype, "same_kind"):
                raise PolicyInputError(f"input {name!r} must be {buffer.dtype}, got {value.dtype}")
            finite = np.isfinite(value.astype(buffer.dtype))
            if not finite.all():
                place = tuple(int(index) for index in np.argwhere(~finite)[0])
                raise PolicyInputError(
                    f"input {name!r} is {value[place]} at {list(place)} (environment first); "
                    "a policy must not be fed NaN or infinite numbers"
                )
        raise PolicyInputError("the policy's inputs changed while they were read")

    def _refuse_outputs(self) -> None:
        for name, buffer in self._outputs:
            if not np.isfinite(buffer).all():
                raise PolicyInputError(
                    f"the policy's output {name!r} is NaN or infinite although its inputs are finite: they "
                    "are far outside of what it was trained on; stop the robot"
                )


def check_expected(path: Path | str, expected: PolicySpec, spec: PolicySpec) -> None:
    """Refuse a policy that was made for another interface.

    Args:
        path: where the policy is; begins the message.
        expected: the spec of what will run it.
        spec: the policy's.

    Raises:
        SpecMismatchError: they differ; the message lists the differences.
    """
    lines = expected.interface_diff(spec)
    if lines:
        count = f"{len(lines)} difference{'s' * (len(lines) > 1)}"
        if len(lines) > _SHOWN_DIFFERENCES:
            more = len(lines) - _SHOWN_DIFFERENCES
            rest = f"... and {more} more difference{'s' * (more > 1)}; `landward inspect` shows both"
            lines = [*lines[:_SHOWN_DIFFERENCES], rest]
        listed = "\n  ".join(lines)
        raise SpecMismatchError(f"{path}: the policy was not made for this interface; {count}:\n  {listed}")


def _load(path: Path, file: PolicyFile, threads: int) -> Any:
    onnxruntime = require("onnxruntime", "deploy", "exported policies run on it")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(file.content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise PolicyFileError(f"{path}: onnxruntime cannot load the graph: {_first_line(error)}") from error


def _check_graph(path: Path, file: PolicyFile, session: Any, num_envs: int) -> None:
    """Hold the graph's inputs and outputs to the spec and the states that the same file declares."""
    spec, states = file.spec, file.states
    inputs = {term.name: (term.shape, _ELEMENT_TYPES.get(term.dtype)) for term in spec.inputs}
    outputs = {term.name: (term.output_shape, _ELEMENT_TYPES.get(term.dtype)) for term in spec.actions}
    types = {entry.name: entry.type for entry in session.get_inputs()}
    for name, element in types.items():
        if element not in _ELEMENT_TYPES.values():
            known = ", ".join(_ELEMENT_TYPES.values())
            raise PolicyFileError(f"{path}: input {name!r} is {element}; a policy file may have {known}")
    _check_side(path, "input", session.get_inputs(), inputs | _state_ports(states, "input", types), num_envs)
    _check_side(
        path, "output", session.get_outputs(), outputs | _state_ports(states, "output", types), num_envs
    )


def _state_ports(
    states: Sequence[State], side: str, types: Mapping[str, str]
) -> dict[str, tuple[tuple[int, ...], str | None]]:
    """A state's next value has the element type of the input it is fed back to."""
    return {getattr(state, side): (state.shape, types.get(state.input)) for state in states}


def _check_side(
    path: Path,
    side: str,
    entries: Sequence[Any],
    declared: Mapping[str, tuple[tuple[int, ...], str | None]],
    num_envs: int,
) -> None:
    found = {entry.name: entry for entry in entries}
    for name in declared.keys() - found.keys():
        raise PolicyFileError(
            f"{path}: the graph lacks the {side} {name!r} that the file declares; export it again"
        )
    for name in found.keys() - declared.keys():
        raise PolicyFileError(f"{path}: the graph has an undeclared {side} {name!r}; export it again")
    for name, (shape, element) in declared.items():
        entry = found[name]
        if entry.type != element:
            raise PolicyFileError(
                f"{path}: {side} {name!r} is {entry.type} in the graph, {element} in the spec"
            )
        # A free axis is a text or None; only the batch may be free, but an exporter may leave others unnamed.
        fixed = (num_envs, *shape)
        axes = list(entry.shape)
        if len(axes) != len(fixed) or any(
            isinstance(a, int) and a != b for a, b in zip(axes, fixed, strict=True)
        ):
            raise PolicyFileError(
                f"{path}: {side} {name!r} has the shape {axes} in the graph, {list(fixed)} is needed"
            )


def _buffers(
    entries: Sequence[tuple[str, tuple[int, ...], str]],
) -> tuple[dict[str, np.ndarray], list[tuple[np.ndarray, np.ndarray]]]:
    """One array an entry; the floats of one type share one flat buffer, returned with zeros of its length."""
    views: dict[str, np.ndarray] = {}
    checked: list[tuple[np.ndarray, np.ndarray]] = []
    for dtype in dict.fromkeys(dtype for _, _, dtype in entries):
        chosen = [(name, shape) for name, shape, kind in entries if kind == dtype]
        padded = [-(-math.prod(shape) // _ALIGNMENT) * _ALIGNMENT for _, shape in chosen]
        flat = np.zeros(sum(padded), dtype=dtype)
        starts = np.cumsum([0, *padded])
        for (name, shape), start in zip(chosen, starts, strict=False):
            views[name] = flat[start : start + math.prod(shape)].reshape(shape)
        if flat.dtype.kind == "f":
            checked.append((flat, np.zeros_like(flat)))
    return {name: views[name] for name, _, _ in entries}, checked


def _dtype(element_type: str) -> str:
    """NumPy's name of an onnxruntime element type."""
    return next(name for name, element in _ELEMENT_TYPES.items() if element == element_type)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
