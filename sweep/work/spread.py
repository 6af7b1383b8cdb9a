"""One shard on several threads of this process, with what is finished kept now and then, and when it is stopped."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING

from sweep.errors import FailuresError
from sweep.work.failures import Failures
from sweep.work.pieces import Piece, discard_parts, gaps, joined, read_parts, run_piece, write_part
from sweep.work.rows import concatenated
from sweep.work.simulate import write_shard
from sweep.work.timings import Took, write_timing

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.ledger import Wave
    from sweep.work.study import Study

__all__ = ["spread"]

PIECE_SECONDS = 5.0
"""After so long a thread lays its piece down as it is and takes another: only then it can be kept."""
KEEP_SECONDS = 300.0
"""Seconds between two times that finished pieces are kept: what the loss of a machine costs at most."""
PIECES_PER_THREAD = 4


def spread(
    study: Study,
    wave: Wave,
    shard: int,
    *,
    threads: int,
    stop: threading.Event,
    report: Callable[[int], None],
    keep_seconds: float = KEEP_SECONDS,
) -> bool:
    """Run what is missing of a shard and write its objects, and beside them what it took, if that is known of all its parts.

    Parameters
    ----------
    study, wave, shard
        Which.
    threads
        How many work at a time; compiled kernels release the interpreter's lock.
    stop
        When it is set, threads stop at the end of their batch, and what is finished is kept as parts.
    report
        Called with numbers of trials, from any thread.
    keep_seconds
        Time between two times that finished pieces are kept.

    Returns
    -------
    bool
        Whether the shard is finished; else it was stopped.

    Raises
    ------
    TrialError
        If a trial raised.
    """
    study.prepare()  # made once, before threads ask for it
    begun = Took.now()
    found = read_parts(study, wave, shard)
    work = _Work(study, wave, shard, found, wave.bounds(shard), stop, report)
    workers = [threading.Thread(target=work.run, args=(threads,), name=f"sweep-piece-{i}") for i in range(threads)]
    for each in workers:
        each.start()
    try:
        while not work.wait(keep_seconds):
            _keep(work, shard)
    except BaseException as error:  # noqa: BLE001 - it is raised when no thread computes for nobody
        work.fail(error)
    for each in workers:
        each.join()
    if work.error is not None:
        if isinstance(work.error, FailuresError):
            _keep(work, shard)
        raise work.error
    return _finish(work, shard, begun, was_kept=bool(found))


def _finish(work: _Work, shard: int, begun: Took, *, was_kept: bool) -> bool:
    """Write the shard's objects if it is finished, else its parts."""
    study, wave = work.study, work.wave
    pieces = joined(study, work.pieces)
    if gaps(*wave.bounds(shard), pieces):
        _keep(work, shard)
        return False
    kept = [table for each in pieces for table in each.kept]
    failures = Failures()
    for table in (table for each in pieces for table in each.failures):
        failures.add(table)
    write_shard(study, wave, shard, concatenated([each.rows for each in pieces]), kept, failures)
    own = Took(Took.since(begun).cpu_seconds, 0.0)  # by the clock it has waited for the threads, which are counted
    took = Took.total([own, *(each.took for each in pieces)])
    if took is not None:
        write_timing(study.store, wave, shard, took)
    if was_kept or work.kept:
        discard_parts(study, wave, shard)
    return True


def _keep(work: _Work, shard: int) -> None:
    """Write what is finished and not kept yet."""
    for each in joined(work.study, work.take_unkept()):
        write_part(work.study, work.wave, shard, each)


class _Work:
    """What threads share: the ranges that are left, and the pieces that are finished."""

    def __init__(
        self,
        study: Study,
        wave: Wave,
        shard: int,
        found: list[Piece],
        bounds: tuple[int, int],
        stop: threading.Event,
        report: Callable[[int], None],
    ) -> None:
        self.study, self.wave, self.shard = study, wave, shard
        self.pieces = list(found)
        self.kept = len(found)
        self.error: BaseException | None = None
        self._left = deque(gaps(*bounds, found))
        self._running = 0
        self._stop, self._report = stop, report
        self._changed = threading.Condition()

    def run(self, threads: int) -> None:
        """Take ranges and run them until there are none, or until it is time to stop."""
        try:
            while (taken := self._take(threads)) is not None:
                self._lay_down(self._piece(*taken), *taken)
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            with self._changed:
                self._running -= 1
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Have all threads end at the end of their batch."""
        with self._changed:
            self.error = self.error or error
            self._left.clear()
            self._changed.notify_all()

    def _piece(self, start: int, stop: int) -> Piece | None:
        at = time.monotonic() + PIECE_SECONDS
        where = (self.study, self.wave, self.shard, start, stop)
        return run_piece(*where, self._report, lambda: self._ends(at), self._is_stopped)

    def _ends(self, ends_at: float) -> bool:
        return self._is_stopped() or time.monotonic() > ends_at

    def _is_stopped(self) -> bool:
        return self._stop.is_set() or self.error is not None

    def _take(self, threads: int) -> tuple[int, int] | None:
        """Take a range: large ones first, small ones at the end, so that all threads end together."""
        with self._changed:
            # What others run may come back in part: whoever has nothing waits for it.
            self._changed.wait_for(lambda: self._left or not self._running or self._is_stopped())
            if not self._left or self._is_stopped():
                self._changed.notify_all()
                return None
            left = sum(stop - start for start, stop in self._left)
            start, stop = self._left.popleft()
            middle = min(stop, start + max(1, left // (threads * PIECES_PER_THREAD)))
            if middle < stop:
                self._left.appendleft((middle, stop))
            self._running += 1
            return start, middle

    def _lay_down(self, piece: Piece | None, start: int, stop: int) -> None:
        with self._changed:
            if piece is not None:
                self.pieces.append(piece)
                start = piece.stop
            if start < stop:
                self._left.appendleft((start, stop))
            self._running -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> bool:
        """Wait until nothing runs and nothing is left that will be; False when the time is over."""
        with self._changed:
            return self._changed.wait_for(self._is_over, seconds)

    def _is_over(self) -> bool:
        return not self._running and (not self._left or self._is_stopped())

    def take_unkept(self) -> list[Piece]:
        """Return the pieces that have been finished since the last call."""
        with self._changed:
            found, self.kept = self.pieces[self.kept :], len(self.pieces)
            return found
