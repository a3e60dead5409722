"""Which of the protocol's methods the server answers, as rows of the guide's tables."""

from __future__ import annotations

import inspect
import json
from pathlib import Path

from sims.carla.server.methods import METHODS, MODULES

ANSWERED = {"yes": "yes", "default": "nothing to do", "no": "**no**"}
KINDS = (("as on a full server", "yes"), ("nothing to do or to tell", "default"), ("refused", "no"))


def methods(module: str, file: Path) -> list[tuple[str, str, str, str]]:
    """(method, whether it is answered, what it does, the programs that call it) of one module.

    Args:
        module: such as vehicles.
        file: JSON: program -> the methods that it calls.
    """
    calls = json.loads(file.read_text(encoding="utf-8"))
    (home,) = (each.__name__ for each in MODULES if each.__name__.endswith(f".{module}"))
    return [
        (
            f"`{method.name}`",
            ANSWERED[method.support],
            (inspect.getdoc(method.call) or "").splitlines()[0].replace("|", "\\|"),
            ", ".join(program for program, names in calls.items() if method.name in names),
        )
        for method in METHODS.values()
        if method.call.__module__ == home
    ]


def counts(file: Path) -> list[tuple[str, str, str]]:
    """(kind of answer, number of methods, number of those that the programs call); see `methods`."""
    called = {name for names in json.loads(file.read_text(encoding="utf-8")).values() for name in names}
    rows = []
    for title, kind in KINDS:
        names = {method.name for method in METHODS.values() if method.support == kind}
        rows.append((title, str(len(names)), str(len(names & called))))
    return [*rows, ("all", str(len(METHODS)), str(len(called)))]
