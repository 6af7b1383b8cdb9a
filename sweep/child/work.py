"""What the jobs of a submission have to do, as an object of the store named by its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from sweep.errors import CorruptError, ObjectNotFoundError
from sweep.ledger import Wave
from sweep.plan import Plan
from sweep.waves import read_tables
from sweep.work import keys

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep.store import Store

__all__ = ["Range", "Work", "ranges_of", "read_wave", "read_work", "shard_at", "work_of_plan"]


class Range(NamedTuple):
    """Shards ``first <= s < last`` of a wave."""

    wave: int
    first: int
    last: int


@dataclass(frozen=True)
class Work:
    """Which shards the children of map, and those of the reductions that were left out earlier, are given.

    Attributes
    ----------
    plan
        The JSON of the plan.
    code
        The hash of the study's packed files.
    map
        Child `i` of map, and of the reduction beside it, has the shard at place `i`.
    rest
        The same for shards that are simulated already, and not reduced.
    """

    plan: str
    code: str
    map: tuple[Range, ...]
    rest: tuple[Range, ...] = ()

    @property
    def mapped(self) -> int:
        """Children of map."""
        return sum(each.last - each.first for each in self.map)

    @property
    def resting(self) -> int:
        """Shards that were left to be reduced."""
        return sum(each.last - each.first for each in self.rest)

    @property
    def plan_hash(self) -> str:
        """The plan's hash."""
        return json.loads(self.plan)["hash"]

    def to_json(self) -> bytes:
        """Write it as JSON."""
        fields = {"plan": json.loads(self.plan), "code": self.code, "map": self.map, "rest": self.rest}
        return (json.dumps(fields) + "\n").encode()

    @property
    def sha256(self) -> str:
        """The hash that names it."""
        return hashlib.sha256(self.to_json()).hexdigest()

    def read_plan(self, store: Store) -> Plan:
        """Return the plan; explicit tables of its space are read from the store."""
        return Plan.from_json(self.plan.encode(), read_tables(store), "the plan of the submission")


def work_of_plan(plan: Plan, code: str, map_: tuple[Range, ...], rest: tuple[Range, ...] = ()) -> Work:
    """Make the work of a plan."""
    return Work(json.dumps(json.loads(plan.to_json())), code, map_, rest)


def read_work(store: Store, sha256: str) -> Work:
    """Read what a submission has to do.

    Raises
    ------
    CorruptError
        If it is not there, or not what was written.
    """
    name = keys.work_key(sha256)
    try:
        data = store.get(name)
    except ObjectNotFoundError:
        raise CorruptError(f"{store.url} has no {name}: submit the sweep again") from None
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CorruptError(f"{name} of {store.url} is not what was written: delete it and submit the sweep again")
    fields = json.loads(data)
    lists = (tuple(Range(*each) for each in fields[name]) for name in ("map", "rest"))
    return Work(json.dumps(fields["plan"]), fields["code"], *lists)


def ranges_of(shards: Iterable[tuple[int, int]]) -> tuple[Range, ...]:
    """Put shards, in rising order, together.

    >>> ranges_of([(1, 0), (1, 1), (1, 3), (2, 4)])
    (Range(wave=1, first=0, last=2), Range(wave=1, first=3, last=4), Range(wave=2, first=4, last=5))
    """
    found: list[Range] = []
    for wave, shard in shards:
        if found and found[-1].wave == wave and found[-1].last == shard:
            found[-1] = Range(wave, found[-1].first, shard + 1)
        else:
            found.append(Range(wave, shard, shard + 1))
    return tuple(found)


def shard_at(ranges: Iterable[Range], place: int) -> tuple[int, int]:
    """Return wave and shard at a place of a list of ranges.

    >>> shard_at([Range(1, 0, 2), Range(2, 4, 5)], 2)
    (2, 4)
    """
    passed = 0
    for each in ranges:
        if place - passed < each.last - each.first:
            return each.wave, each.first + place - passed
        passed += each.last - each.first
    raise CorruptError(f"there is no shard at place {place}: {passed:,} were submitted")


def read_wave(store: Store, number: int) -> Wave:
    """Read a wave.

    Raises
    ------
    CorruptError
        If it is gone, or damaged: its shards would not count.
    """
    name = keys.wave_key(number)
    try:
        return Wave.from_json(store.get(name), name)
    except ObjectNotFoundError:
        raise CorruptError(
            f"{store.url} has no {name}: the submission was given up, or the store given to another sweep"
        ) from None
