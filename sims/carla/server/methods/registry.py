"""RPC methods by name, and how each answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

Returns = Literal["value", "void", "bare"]
"""value: Response<T>; void: Response<void>; bare: the result as it is (apply_batch)."""
Support = Literal["yes", "default", "no"]
"""yes: it does what it does on a full server; default: it is taken, and there is nothing to do or to tell;
no: it fails, and says what is missing."""


@dataclass(frozen=True)
class Method:
    """One RPC method."""

    name: str
    returns: Returns
    call: Callable[..., Any]
    """(server, *arguments without the metadata) -> result; raises RpcError."""
    support: Support = "yes"


METHODS: dict[str, Method] = {}
"""Name -> method, filled by the modules beside this one."""


def rpc(
    name: str, returns: Returns = "value", support: Support = "yes"
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as the RPC method of that name. It is called on the one thread of the world."""

    def register(call: Callable[..., Any]) -> Callable[..., Any]:
        assert name not in METHODS, f"two methods are called {name}"
        METHODS[name] = Method(name, returns, call, support)
        return call

    return register


def answer(method: Method, result: Any) -> Any:
    """The result element of a successful response (PROTOCOL: response wrapping)."""
    if method.returns == "void":
        return [[False]]
    return [[1, result]] if method.returns == "value" else result


def refusal(method: Method, message: str) -> Any:
    """The result element of a failed response."""
    return [[True, [message]]] if method.returns == "void" else [[0, [message]]]
