"""What may listen at an address instead of a CARLA server of the right version."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator


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
