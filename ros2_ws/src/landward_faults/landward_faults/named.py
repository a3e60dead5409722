"""Names of faults in the statuses of /diagnostics; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WORD = re.compile(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*")

_PLAIN = frozenset(("clock", "deadman", "internal", "stop", "tilt"))
"""Names of faults that could be any word."""


def is_name(word: str) -> bool:
    """Whether a word looks like the name of a fault, for messages to people."""
    return word in _PLAIN or "_" in word or "." in word


def reasons(level: int, message: str) -> set[str]:
    """What a status may name: every word of the message of a warning or an error.

    Args:
        level: of the status; 0 is "all is well", which names nothing.
        message: of the status.
    """
    return set(_WORD.findall(message)) if level else set()


class Counters:
    """Numbers among the values of statuses, to see which of them rise."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], int] = {}

    def risen(self, name: str, values: Mapping[str, str]) -> set[str]:
        """Keys of whole numbers that are larger than when the same status came before.

        Args:
            name: of the status.
            values: of the status.
        """
        found = set()
        for key, text in values.items():
            if not text.isdigit():
                continue
            before = self._seen.get((name, key), 0)
            self._seen[name, key] = int(text)
            if int(text) > before:
                found.add(key)
        return found


class Words:
    """What statuses say, to see which of their words are new: an old fault does not name this one."""

    def __init__(self) -> None:
        self._seen: dict[str, set[str]] = {}

    def fresh(self, name: str, words: set[str]) -> set[str]:
        """Words that were not there when the same status came before.

        Args:
            name: of the status.
            words: all that it says now.
        """
        before, self._seen[name] = self._seen.get(name, set()), words
        return words - before
