"""How many trials of a run may fail before it is stopped."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from sweep.errors import FailuresError
from sweep.work import keys

if TYPE_CHECKING:
    from sweep.ledger import Wave
    from sweep.store import Store

__all__ = ["Allowance"]


class Allowance:
    """Counts failed trials, of this process and, in the store, of others that work on the same wave.

    Others' are known once their shards are finished: of those that are at work a few more may fail than may.

    Parameters
    ----------
    most
        So many may fail.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._here = 0
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[type[Allowance], tuple[Any, ...]]:
        return (Allowance, (self.most,))

    def take(self, store: Store, wave: Wave, shard: int, failed: int, of_shard: int, first: str) -> None:
        """Note that trials have failed.

        Parameters
        ----------
        store, wave, shard
            Where.
        failed
            How many more.
        of_shard
            How many of the shard by now.
        first
            One of them, for the user.

        Raises
        ------
        FailuresError
            If they are too many.
        """
        with self._lock:
            self._here += failed
            here = self._here
        others = of_shard
        for entry in store.list(keys.failures_of(wave.number)):
            found = keys.parse_failures(entry.key)
            if found is not None and found.shard != shard and not found.stopped:
                others += found.failed
        if max(here, others) > self.most:
            raise FailuresError(
                f"{max(here, others):,} trials of this run failed, and at most {self.most:,} may; {first}; `sweep failures {store.url}` shows them; "
                "what is finished is kept"
            )
