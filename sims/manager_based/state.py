"""Named state of another library's task: tensors by name, computed when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import torch

Tensor = torch.Tensor


class NamedState(Mapping[str, Tensor]):
    """What constraints read. Whoever inherits adds robots and sensors to `_entries` and `names`.

    `command_NAME` for every command; `action` and `previous_action` (N, A), raw.
    """

    def __init__(self, commands: Any, actions: Callable[[], tuple[Tensor, Tensor]]) -> None:
        """Name commands and actions.

        Args:
            commands: the task's command manager; None where it has none.
            actions: gives the raw action of this step and of the one before.
        """
        self._entries: dict[str, Callable[[], Tensor]] = {}
        self.names: dict[str, tuple[str, ...]] = {}
        """State entry -> names of its elements."""
        for name in getattr(commands, "active_terms", ()):
            self._entries[f"command_{name}"] = lambda name=name: commands.get_command(name)
        self._entries |= {"action": lambda: actions()[0], "previous_action": lambda: actions()[1]}

    def __getitem__(self, name: str) -> Tensor:
        return self._entries[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)
