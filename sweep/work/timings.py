"""What shards took: an object beside each shard's, which no result depends on.

A forecast is compared with them. They are not in the shards' own objects, whose bytes say the same whoever wrote them and however fast.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, NamedTuple

from sweep.errors import StoreError
from sweep.work import keys

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from sweep.ledger import Wave
    from sweep.store import Store

__all__ = ["ShardTiming", "Took", "read_timings", "timed", "write_timing"]


class Took(NamedTuple):
    """What work took: processor time of the threads that did it, and their time by the clock, each in seconds."""

    cpu_seconds: float
    seconds: float

    @classmethod
    def since(cls, start: Took) -> Took:
        """Return what this thread has taken since `now` told `start`."""
        here = cls.now()
        return cls(here.cpu_seconds - start.cpu_seconds, here.seconds - start.seconds)

    @classmethod
    def now(cls) -> Took:
        """Read the clocks of this thread."""
        return cls(time.thread_time(), time.perf_counter())

    @classmethod
    def total(cls, each: Iterable[Took | None]) -> Took | None:
        """Add up; None if of one it is not known.

        >>> Took.total([Took(1.0, 2.0), Took(0.5, 0.5)]), Took.total([Took(1.0, 2.0), None])
        (Took(cpu_seconds=1.5, seconds=2.5), None)
        """
        known = list(each)
        if any(took is None for took in known):
            return None
        return cls(*(float(sum(column)) for column in zip((0.0, 0.0), *filter(None, known), strict=True)))


@dataclass(frozen=True)
class ShardTiming:
    """One shard's map child.

    Attributes
    ----------
    wave, shard
        Which one.
    cpu_seconds
        Of the threads that ran it: others that share the machine do not count.
    seconds
        By the clock, of these threads one after the other.
    """

    wave: int
    shard: int
    cpu_seconds: float
    seconds: float


@contextmanager
def timed(store: Store, wave: Wave, shard: int) -> Generator[None]:
    """Write down what the work inside took, if it came to its end; a store that does not take that is no reason to fail."""
    start = Took.now()
    yield
    write_timing(store, wave, shard, Took.since(start))


def write_timing(store: Store, wave: Wave, shard: int, took: Took) -> None:
    """Write down what a shard took; a store that does not take that is no reason to fail."""
    found = ShardTiming(wave.number, shard, *took)
    with suppress(StoreError):
        store.replace(keys.timing_key(wave.number, shard), json.dumps(asdict(found)).encode())


def read_timings(store: Store, waves: set[int]) -> Iterator[ShardTiming]:
    """Yield what shards of these waves took, as far as it was written down."""
    for wave in sorted(waves):
        for entry in store.list(f"{keys.TIMINGS}{wave:06d}/"):
            with suppress(ValueError, TypeError, StoreError):
                yield ShardTiming(**json.loads(store.get(entry.key)))
