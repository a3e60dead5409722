"""A driving server that notes the name of every method it is asked for: python serve.py FILE OPTIONS..."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import tyro

from sims.carla.server.command import CarlaServer
from sims.carla.server.methods import METHODS


def noting(name: str, call: Callable[..., Any], file: int) -> Callable[..., Any]:
    """A method that writes its name to a file first."""

    def noted(*arguments: Any) -> Any:
        os.write(file, f"{name}\n".encode())
        return call(*arguments)

    return noted


def main() -> None:
    """Serve until told to end."""
    file = os.open(sys.argv[1], os.O_WRONLY | os.O_APPEND)
    for name, method in list(METHODS.items()):
        METHODS[name] = replace(method, call=noting(name, method.call, file))
    sys.exit(tyro.cli(CarlaServer, args=sys.argv[2:]).run())


if __name__ == "__main__":
    main()
