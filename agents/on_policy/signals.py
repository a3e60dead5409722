"""Ending a run on SIGINT and SIGTERM after the iteration that is under way."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType


class StopSignals:
    """Context in which the first SIGINT or SIGTERM asks for a stop; a second SIGINT interrupts at once.

    Outside the main thread Python cannot install handlers; there the context does nothing.
    """

    received: int = 0
    """Number of the signal, 0 while there was none."""

    def __enter__(self) -> StopSignals:
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.received and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = number

    @property
    def exit_code(self) -> int:
        """128 + signal number, as shells have it: 130 after SIGINT, 143 after SIGTERM; 0 without a signal."""
        return 128 + self.received if self.received else 0
