"""One set of lines for NumPy and torch: the array namespace and random streams with the same interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from landward.errors import LandwardError, require

Array = Any
"""A NumPy array or a torch tensor."""


def _is_torch(array: Array) -> bool:
    return type(array).__module__.partition(".")[0] == "torch"


def _torch_namespace() -> Any:
    return require("array_api_compat.torch", "train", "torch arrays go through its array API")


def array_namespace(*arrays: Array) -> Any:
    """The module whose functions work on `arrays`: numpy, or array_api_compat.torch.

    Raises:
        LandwardError: the arrays are of different kinds, or neither NumPy nor torch.
    """
    torches = [_is_torch(array) for array in arrays]
    if arrays and all(torches):
        return _torch_namespace()
    if not any(torches) and all(isinstance(array, np.ndarray | np.generic) for array in arrays):
        return np
    kinds = ", ".join(type(array).__name__ for array in arrays)
    raise LandwardError(
        f"arrays must be all NumPy or all torch, got {kinds}; convert them with to_numpy() first"
    )


def to_numpy(array: Array) -> np.ndarray:
    """A NumPy view of a NumPy array or CPU tensor; a copy of anything on another device."""
    return array.detach().cpu().numpy() if _is_torch(array) else np.asarray(array)


def as_float32(array: Array) -> Array:
    """The array as float32; the array itself where it already is."""
    xp = array_namespace(array)
    if array.dtype == xp.float32:
        return array
    return array.to(xp.float32) if _is_torch(array) else array.astype(np.float32)


def constant(values: Any, xp: Any, device: Any) -> Array:
    """A float32 array of the namespace `xp` on `device`."""
    return xp.asarray(np.asarray(values, dtype=np.float32), **place(xp, device))


def convert(value: Any, xp: Any, device: Any, dtype: Any = None) -> Array:
    """A list or an array of any kind as one of the namespace `xp` on `device`; itself where it is one."""
    if xp is np:
        return np.asarray(to_numpy(value), dtype=dtype)
    return xp.asarray(value, dtype=dtype, device=device)


def copy(array: Array) -> Array:
    """A new array with the same values."""
    return array.clone() if _is_torch(array) else array.copy()


def place(xp: Any, device: Any) -> dict[str, Any]:
    """Arguments that make `xp` create an array on `device`; none for NumPy, which before 2.0 takes none."""
    return {} if xp is np else {"device": device}


class Random(Protocol):
    """A stream of random float32 arrays that can be saved and continued."""

    xp: Any
    """The array namespace of what it draws."""
    device: Any
    """The device of what it draws."""

    def uniform(self, low: Array, high: Array, shape: tuple[int, ...]) -> Array:
        """Uniform in [low, high); the bounds broadcast against `shape`."""
        ...

    def normal(self, shape: tuple[int, ...]) -> Array:
        """Standard normal."""
        ...

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> Array:
        """Uniform int64 in [low, high)."""
        ...

    def reseed(self, seed: int) -> None:
        """Start the stream of another seed."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """The position in the stream, of types that JSON can write."""
        ...

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved position."""
        ...


class NumpyRandom:
    """A seeded NumPy stream from SFC64, NumPy's fastest bit generator."""

    def __init__(self, seed: int) -> None:
        self.xp = np
        self.device = "cpu"
        self.generator = np.random.Generator(np.random.SFC64(seed))

    def uniform(self, low: Array, high: Array, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform in [low, high), float32."""
        sample = self.generator.random(shape, dtype=np.float32)
        low32 = np.asarray(low, dtype=np.float32)
        sample *= np.asarray(high, dtype=np.float32) - low32
        sample += low32
        return sample

    def normal(self, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal, float32."""
        return self.generator.standard_normal(shape, dtype=np.float32)

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> np.ndarray:
        """Uniform int64 in [low, high)."""
        return self.generator.integers(low, high, shape)

    def reseed(self, seed: int) -> None:
        """Start the stream of another seed."""
        self.load_state_dict(NumpyRandom(seed).state_dict())

    def state_dict(self) -> dict[str, Any]:
        """The position in the stream."""
        state: Any = self.generator.bit_generator.state
        return {
            "kind": "numpy.SFC64",
            "state": [int(word) for word in state["state"]["state"]],
            "has_uint32": int(state["has_uint32"]),
            "uinteger": int(state["uinteger"]),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved position.

        Raises:
            LandwardError: the state was saved by another kind of stream.
        """
        _check_kind("numpy.SFC64", state)
        self.generator.bit_generator.state = {
            "bit_generator": "SFC64",
            "state": {"state": np.array(state["state"], dtype=np.uint64)},
            "has_uint32": state["has_uint32"],
            "uinteger": state["uinteger"],
        }


class TorchRandom:
    """A seeded torch stream on one device."""

    def __init__(self, seed: int, device: Any = "cpu") -> None:
        self.xp = _torch_namespace()
        self.torch = require("torch", "train", "TorchRandom draws tensors")
        self.device = self.torch.device(device)
        self.generator = self.torch.Generator(device=self.device)
        self.generator.manual_seed(seed)

    def uniform(self, low: Array, high: Array, shape: tuple[int, ...]) -> Array:
        """Uniform in [low, high), float32."""
        sample = self.torch.rand(
            shape, generator=self.generator, device=self.device, dtype=self.torch.float32
        )
        return sample.mul_(high - low).add_(low)

    def normal(self, shape: tuple[int, ...]) -> Array:
        """Standard normal, float32."""
        return self.torch.randn(shape, generator=self.generator, device=self.device, dtype=self.torch.float32)

    def integers(self, low: int, high: int, shape: tuple[int, ...]) -> Array:
        """Uniform int64 in [low, high)."""
        return self.torch.randint(low, high, shape, generator=self.generator, device=self.device)

    def reseed(self, seed: int) -> None:
        """Start the stream of another seed."""
        self.generator.manual_seed(seed)

    def state_dict(self) -> dict[str, Any]:
        """The position in the stream."""
        state = bytes(self.generator.get_state().numpy()).hex()
        return {"kind": f"torch.{self.device.type}", "state": state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a saved position.

        Raises:
            LandwardError: the state was saved by another kind of stream.
        """
        _check_kind(f"torch.{self.device.type}", state)
        words = np.frombuffer(bytes.fromhex(state["state"]), dtype=np.uint8).copy()
        self.generator.set_state(self.torch.from_numpy(words))


def _check_kind(kind: str, state: Mapping[str, Any]) -> None:
    if state.get("kind") != kind:
        raise LandwardError(
            f"a random stream of kind {kind!r} cannot go on from one of kind {state.get('kind')!r}; "
            "resume on the same array library and device type"
        )
