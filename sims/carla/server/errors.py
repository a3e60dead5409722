"""What a call of a client may fail with."""

from __future__ import annotations


class RpcError(Exception):
    """A call that failed; the client raises RuntimeError with this text."""
