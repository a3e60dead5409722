"""Sockets that listen, and connections that do not stay half open."""

from __future__ import annotations

import errno
import socket

from landward.errors import LandwardError

KEEP_ALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))
"""[s], [s], times: a client that is gone without a word is noticed after a minute."""


class ServerError(LandwardError):
    """The driving server cannot start."""


def listen(host: str, port: int, what: str) -> socket.socket:
    """A listening, non-blocking socket.

    Args:
        host: name or IPv4 address of the interface.
        port: 0 for any free one.
        what: the option that chose the port, for the message.

    Raises:
        ServerError: the address is in use, or not of this machine.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((host, port))
        sock.listen(128)
    except (OSError, OverflowError) as error:
        sock.close()
        if getattr(error, "errno", None) == errno.EADDRINUSE:
            raise ServerError(
                f"port {port} of {host} is in use, perhaps by another driving server; stop it, or choose "
                f"another port with {what}"
            ) from None
        raise ServerError(f"cannot listen on {host}:{port}: {error}; see --host and {what}") from None
    sock.setblocking(False)
    return sock


def accept(listener: socket.socket, room: bool) -> socket.socket | None:
    """The next connection, non-blocking; None where it is gone already or there is no room for it."""
    try:
        sock, _ = listener.accept()
    except OSError:
        return None
    if not room:
        sock.close()
        return None
    sock.setblocking(False)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in KEEP_ALIVE:
        sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return sock
