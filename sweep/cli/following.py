"""The line of counts while jobs are waited for, and the table at their end."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import typer

from sweep.cli.options import output_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweep.store import Store
    from sweep.submit.batch import Batch
    from sweep.submit.live import Count
    from sweep.submit.record import Record

__all__ = ["print_result", "wait_for"]

ROWS = 20
LINE_SECONDS = 60.0
CLEAR = "\r\x1b[2K"


def wait_for(record: Record, batch: Batch, *, quiet: bool) -> None:
    """Wait for the jobs of a submission: one line that is drawn anew on a terminal, else a line now and then."""
    from sweep.submit.following import follow

    line = _Line(_stem(record), quiet=quiet)
    try:
        follow(record, batch, line.show, line.note)
    finally:
        line.end()


def _stem(record: Record) -> str:
    """Return what the names of its jobs, as they were submitted, begin with."""
    return next((each.name.removesuffix(f"-{each.stage}") for each in record.jobs), "")


def _percent(counts: Sequence[Count]) -> int:
    """Return how many of the children that simulate have ended well, in percent, rounded down; of all, where none does."""
    own = [each for each in counts if each.job.stage == "map"] or counts
    size = sum(each.job.size for each in own)
    return 100 * sum(each.children.get("SUCCEEDED", 0) for each in own) // max(size, 1)


class _Line:
    def __init__(self, stem: str, *, quiet: bool) -> None:
        self._stem = stem
        self._quiet = quiet
        self._live = sys.stderr.isatty()
        self._written = 0.0
        self._text = ""

    def show(self, counts: Sequence[Count]) -> None:
        text = f"{_percent(counts)} %  {self._stem}: {'; '.join(map(str, counts))}"
        if self._quiet or text == self._text:
            return
        self._text = text
        if self._live:
            sys.stderr.write(f"{CLEAR}{text[: (output_width()) - 1]}")
        elif time.monotonic() - self._written >= LINE_SECONDS:
            self._written = time.monotonic()
            sys.stderr.write(f"sweep: {text}\n")
        sys.stderr.flush()

    def note(self, text: str) -> None:
        """Write a line that stays."""
        if not self._quiet:
            sys.stderr.write(f"{CLEAR * self._live}sweep: {text}\n")
            sys.stderr.flush()
            self._text = ""

    def end(self) -> None:
        if self._quiet or not self._text:
            return
        sys.stderr.write(f"{CLEAR}{self._text}\n" if self._live else f"sweep: {self._text}\n")
        sys.stderr.flush()


def print_result(store: Store) -> None:
    """Print the result as `sweep run` does."""
    from sweep.result import format_table, open_result

    typer.echo(format_table(open_result(store), "text", limit=ROWS, width=output_width()))
    typer.echo(store.url, err=True)
