"""The live line of a run: trials done, rate, time to go. Silent when nobody looks."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Self, TextIO

__all__ = ["Line", "in_words", "si"]

REDRAW_SECONDS = 0.1
USUAL_WIDTH = 80


_STAGES = {"check": "looking at the store", "pilot": "compiling and timing a few trials"}


class Line:
    """A `sweep.progress.Progress` that draws one line on a terminal, and notes as lines of their own.

    Parameters
    ----------
    quiet
        Draw nothing, note nothing.
    stream
        Where to; standard error when left out.
    """

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._quiet = quiet
        self._live = not quiet and self._stream.isatty()
        self._lock = threading.Lock()
        self._total = self._done = self._before = 0
        self._begun = self._drawn = 0.0
        self._stage = ""
        self._where = ""
        self._children: dict[str, tuple[int, int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._clear()

    def started(self, *, trials: int, finished: int, shards: int, executor: str, workers: int) -> None:
        """Begin to count."""
        self._total, self._before = trials, finished
        self._where = f"{workers} {'threads' if executor == 'inprocess' else 'Ray workers'}"
        self._children = {"map": (0, shards), "reduce": (0, shards)}
        self._begun = time.monotonic()
        if finished:
            self.note(f"{si(finished)} trials are in the store already")

    def advance(self, trials: int) -> None:
        """Count."""
        with self._lock:
            self._done += trials
            if self._live and time.monotonic() - self._drawn > REDRAW_SECONDS:
                self._draw()

    def children(self, stage: str, done: int, size: int) -> None:
        """Count the children of a stage's job."""
        with self._lock:
            self._children[stage] = (done, size)

    def stage(self, name: str) -> None:
        """Show the stage."""
        with self._lock:
            self._stage = name
            if self._live:
                self._draw()

    def note(self, text: str) -> None:
        """Print a line."""
        if not self._quiet:
            with self._lock:
                self._clear()
                self._stream.write(f"sweep: {text}\n")
                self._stream.flush()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        self._stream.write(f"\r\x1b[2K{self._text()}")
        self._stream.flush()

    def _text(self) -> str:
        if not self._total or self._stage != "map":
            return _STAGES.get(self._stage, self._stage)
        elapsed = max(time.monotonic() - self._begun, 1e-9)
        rate = self._done / elapsed
        part = self._done / self._total
        left = in_words((self._total - self._done) / rate) if self._done else "?"
        bar = "━" * round(24 * part) + "╌" * (24 - round(24 * part))
        jobs = "  ".join(f"{stage} {done:,}/{size:,}" for stage, (done, size) in self._children.items())
        pieces = [
            f"{bar} {100 * part:3.0f} %",
            f"{si(self._done)}/{si(self._total)} trials",
            f"{si(rate)}/s",
            f"{left} left",
            jobs,
            self._where,
        ]
        return _fitting([each for each in pieces if each], self._width())

    def _width(self) -> int:
        """Return the columns of the terminal; it may change while the run goes on."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or USUAL_WIDTH
        except OSError:
            return USUAL_WIDTH

    def _clear(self) -> None:
        if self._live and self._drawn:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()


def _fitting(pieces: list[str], width: int) -> str:
    """Join as many pieces as fit on one line of a terminal: a line that wraps could not be drawn over.

    >>> _fitting(["50 %", "1k/s", "3 s left"], 12)
    '50 %  1k/s'
    """
    line = pieces[0]
    for each in pieces[1:]:
        if len(line) + len(each) + 2 >= width:
            break
        line += f"  {each}"
    return line[: width - 1]


def si(number: float) -> str:
    """Write a number in three digits with an SI prefix.

    >>> [si(each) for each in (0, 12, 12_345, 3.2e6, 1e12)]
    ['0', '12', '12.3k', '3.20M', '1.00T']
    """
    for prefix in ("", "k", "M", "G"):
        if number < 999.5:
            return f"{number:.3g}" if not prefix else f"{number:#.3g}{prefix}".replace(f".{prefix}", prefix)
        number /= 1000.0
    return f"{number:#.3g}T".replace(".T", "T")


def in_words(seconds: float) -> str:
    """Write a duration.

    >>> [in_words(each) for each in (0.4, 75, 7260, 200_000)]
    ['0 s', '1 min 15 s', '2 h 01 min', '2 d 7 h']
    """
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes_left = divmod(minutes, 60)
    days, hours_left = divmod(hours, 24)
    if days:
        return f"{days} d {hours_left} h"
    if hours:
        return f"{hours} h {minutes_left:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
