"""What shards took: an object beside each shard's, which no result depends on.

A forecast is compared with them. They are not in the shards' own objects, whose bytes say the same whoever wrote them and however fast.
"""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sweep.errors import StoreError
from sweep.work import keys

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sweep.ledger import Wave
    from sweep.store import Store

__all__ = ["ShardTiming", "read_timings", "timed"]


@dataclass(frozen=True)
class ShardTiming:
    """One shard's map child.

    Attributes
    ----------
    wave, shard
        Which one.
    cpu_seconds
        Of the thread that ran it: others that share the machine do not count.
    seconds
        By the clock.
    """

    wave: int
    shard: int
    cpu_seconds: float
    seconds: float


@contextmanager
def timed(store: Store, wave: Wave, shard: int) -> Generator[None]:
    """Write down what the work inside took, if it came to its end; a store that does not take that is no reason to fail."""
    cpu, clock = time.thread_time(), time.perf_counter()
    yield
    found = ShardTiming(wave.number, shard, time.thread_time() - cpu, time.perf_counter() - clock)
    with suppress(StoreError):
        store.replace(keys.timing_key(wave.number, shard), json.dumps(asdict(found)).encode())


def read_timings(store: Store, waves: set[int]) -> Iterator[ShardTiming]:
    """Yield what shards of these waves took, as far as it was written down."""
    for wave in sorted(waves):
        for entry in store.list(f"{keys.TIMINGS}{wave:06d}/"):
            with suppress(ValueError, TypeError, StoreError):
                yield ShardTiming(**json.loads(store.get(entry.key)))
