"""What a person sees while a run is going: one bar on a terminal, one line every 30 seconds elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

LINE_PERIOD = 30.0
"""Seconds between two lines where stderr is no terminal."""


class TrainingProgress:
    """Shows progress on stderr. Reads the clock, changes nothing else."""

    def __init__(self, total: float, unit: str, done: float = 0.0, stream: TextIO | None = None) -> None:
        """Prepare the display.

        Args:
            total: amount of `unit` at which the run ends.
            unit: "steps" or "minutes".
            done: amount already done by a run that is resumed.
            stream: where to write; stderr when None.
        """
        self._stream = stream or sys.stderr
        self._total, self._unit, self._first = total, unit, done
        self._start = self._last = time.monotonic()
        self._bar: Progress | None = None
        if self._stream.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[text]}"))
            console = Console(file=self._stream)
            self._bar = Progress(*columns, TimeElapsedColumn(), console=console, refresh_per_second=2)
            self._task = self._bar.add_task("training", total=total, text="")
            self._bar.update(self._task, completed=done)

    def __enter__(self) -> TrainingProgress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: float, iteration: int, numbers: dict[str, float | None]) -> None:
        """Show the state after an iteration.

        Args:
            done: amount of the unit that is done.
            iteration: finished iterations.
            numbers: label -> value, in the order to be shown; None is left out.
        """
        now = time.monotonic()
        shown = "  ".join(f"{label} {_short(value)}" for label, value in numbers.items() if value is not None)
        text = f"{shown}  left {self._left(now, done)}"
        if self._bar is not None:
            self._bar.update(self._task, completed=done, description=f"iteration {iteration}", text=text)
        elif now - self._last >= LINE_PERIOD or self._last == self._start:
            self._last = now
            share = 100.0 * done / self._total if self._total else 0.0
            print(f"iteration {iteration}  {share:.0f} %  {text}", file=self._stream, flush=True)

    def _left(self, now: float, done: float) -> str:
        progressed = done - self._first
        if progressed <= 0:
            return "?"
        seconds = int(max(self._total - done, 0.0) * (now - self._start) / progressed)
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _short(value: float) -> str:
    if abs(value) >= 10000:
        return f"{value / 1000:.1f} k"
    return f"{value:.3g}"
