"""What may listen at an address instead of a CARLA server of the right version, or in front of one."""

from __future__ import annotations

import contextlib
import multiprocessing
import socket
import threading
from collections.abc import Iterator
from multiprocessing.connection import Connection


@contextlib.contextmanager
def listener(version: str | None, garbage: bytes = b"") -> Iterator[int]:
    """Listens on a free port.

    Args:
        version: what it answers every call with; silent when None.
        garbage: sent to whoever connects.
    """
    import msgpack

    server = socket.create_server(("127.0.0.1", 0))
    held: list[socket.socket] = []

    def talk(client: socket.socket) -> None:
        unpacker = msgpack.Unpacker(raw=False)
        with contextlib.suppress(OSError):
            if garbage:
                client.sendall(garbage)
            while data := client.recv(4096):
                unpacker.feed(data)
                for message in unpacker if version is not None else ():
                    client.sendall(msgpack.packb([1, message[1], None, [[1, version]]]))

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = server.accept()
                held.append(client)
                threading.Thread(target=talk, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        for client in held:
            client.close()
        thread.join(5.0)


@contextlib.contextmanager
def slow_answer(server: int, method: str, after: str, delay: float) -> Iterator[int]:
    """Passes everything on to a server, but one answer comes late; the others overtake it.

    Args:
        server: its port.
        method: whose answer is late, the first time that it is called ...
        after: ... after this was.
        delay: [s]
    """
    context = multiprocessing.get_context("spawn")  # a thread would not run while the client is in a call
    ours, theirs = context.Pipe()
    process = context.Process(target=_pass_on, args=(theirs, server, method, after, delay), daemon=True)
    process.start()
    try:
        yield ours.recv()
    finally:
        process.terminate()
        process.join()


def _pass_on(pipe: Connection, server: int, method: str, after: str, delay: float) -> None:
    def ask(client: socket.socket, upstream: socket.socket, late: set[int]) -> None:
        armed = False
        for (_, number, name, _), raw in _messages(client):
            if armed and name == method:
                late.add(number)
            armed = name == after or (armed and name != method)
            upstream.sendall(raw)
        upstream.shutdown(socket.SHUT_RDWR)

    def answer(client: socket.socket, upstream: socket.socket, late: set[int]) -> None:
        for (_, number, _, _), raw in _messages(upstream):
            if number in late:
                late.discard(number)
                threading.Timer(delay, client.sendall, (raw,)).start()
            else:
                client.sendall(raw)

    listening = socket.create_server(("127.0.0.1", 0))
    pipe.send(listening.getsockname()[1])
    while True:
        client, _ = listening.accept()
        upstream, late = socket.create_connection(("127.0.0.1", server)), set()
        for sock in (client, upstream):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for work in (ask, answer):
            threading.Thread(target=work, args=(client, upstream, late), daemon=True).start()


def _messages(sock: socket.socket) -> Iterator[tuple[list, bytes]]:
    """Messages of msgpack-rpc, and their bytes, until the other side is gone."""
    import msgpack

    unpacker = msgpack.Unpacker(unicode_errors="replace", strict_map_key=False, max_buffer_size=1 << 26)
    data, begin = b"", 0
    with contextlib.suppress(OSError):
        while received := sock.recv(1 << 16):
            unpacker.feed(received)
            data += received
            for message in unpacker:
                length = unpacker.tell() - begin
                yield message, data[:length]
                data, begin = data[length:], begin + length
