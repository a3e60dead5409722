"""The `landward` command: finds the verb, reads its options with tyro, and turns errors into one line."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Sequence

import landward
from landward.cli.verbs import explain_missing, find_verb, installed_verbs
from landward.errors import LandwardError, RegistryError, require
from landward.shadow import check_shadowing

FAILED = 1
USAGE = 2
INTERRUPTED = 130
"""128 + SIGINT, as a shell reports it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; return 0 where it worked, 1 failed, 2 wrong usage, 130 interrupted.

    An error that Landward raises on purpose is one line on stderr; LANDWARD_DEBUG=1 shows its traceback too.

    Args:
        arguments: the words after `landward`; those of this process when None.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.addLevelName(logging.WARNING, "warning")
    try:
        check_shadowing()
        status = _dispatch(words)
        sys.stdout.flush()  # here, so that a reader that has gone is noticed below and not at exit
        return status
    except KeyboardInterrupt:
        print("\ninterrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (`landward list | head`); Python's own flush at exit must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except (LandwardError, ModuleNotFoundError) as error:
        shown = (
            explain_missing(error, "this verb needs it") if isinstance(error, ModuleNotFoundError) else error
        )
        if os.environ.get("LANDWARD_DEBUG") or not isinstance(shown, LandwardError):
            raise
        print(f"error: {shown}", file=sys.stderr)
        return USAGE if isinstance(shown, RegistryError) else FAILED


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(help_text())
        return 0 if words else USAGE
    if words[0] == "--version":
        print(f"landward {landward.__version__}")
        return 0
    verb = find_verb(words[0])
    tyro = require("tyro", "cli", "the command line reads its options with it")
    command = verb.load()
    try:
        parsed = tyro.cli(command, args=words[1:], prog=f"landward {verb.name}", description=verb.docstring)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else USAGE
    return parsed.run()


def help_text() -> str:
    """What `landward --help` prints: every verb with what it does and an example."""
    verbs = installed_verbs()
    width = max((len(verb.name) for verb in verbs), default=0)
    lines = [
        "usage: landward VERB [OPTIONS]",
        "",
        "Robot policies from simulation to a real robot through one observation/action interface.",
        "",
        "verbs:",
    ]
    for verb in verbs:
        lines.append(f"  {verb.name:<{width}}  {verb.summary}")
        if verb.example:
            lines.append(f"  {'':<{width}}    $ {verb.example}")
    lines += [
        "",
        "`landward VERB --help` explains a verb's options. LANDWARD_DEBUG=1 adds tracebacks to errors.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
