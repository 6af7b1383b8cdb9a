"""Whose waves a store holds: this sweep's, a larger form of it, or another sweep's."""

from __future__ import annotations

import functools
import json
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from sweep.errors import CorruptError, ObjectExistsError, ObjectNotFoundError, PlanError
from sweep.ledger import Wave
from sweep.plan import Plan
from sweep.work import keys
from sweep.work.parquet import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable

    from sweep.rectangle import Rectangle
    from sweep.shares import Cut
    from sweep.store import Store

__all__ = ["Waves", "begin", "lead", "read_plan", "read_tables", "write_plan"]


def read_plan(store: Store) -> Plan | None:
    """Read the plan in a store; None when there is none.

    Raises
    ------
    CorruptError
        If it cannot be read.
    """
    try:
        data = store.get(keys.PLAN)
    except ObjectNotFoundError:
        return None
    try:
        return Plan.from_json(data, read_tables(store))
    except CorruptError as error:
        raise CorruptError(f"{error}; delete it and run again: the shards know whose they are") from None


def read_tables(store: Store) -> dict[str, Any]:
    """Read the explicit tables that are sound, by digest."""
    tables: dict[str, Any] = {}
    for entry in store.list(keys.TABLES):
        with suppress(CorruptError):
            digest = entry.key.removeprefix(keys.TABLES).removesuffix(".parquet")
            tables[digest] = decode(store.get(entry.key), entry.key)
    return tables


def write_plan(store: Store, plan: Plan) -> None:
    """Write the plan, and the explicit tables of its space before it."""
    _write_tables(store, plan)
    store.replace(keys.PLAN, plan.to_json())


def _write_tables(store: Store, plan: Plan) -> None:
    for digest, table in plan.space.tables().items():
        store.replace(keys.table_key(digest), encode(table))


def lead(store: Store, plan: Plan) -> None:
    """Make `plan` the store's, unless another run has gone on to a larger one meanwhile."""
    old = None
    with suppress(CorruptError):
        old = read_plan(store)
    if old is None or (old.hash != plan.hash and not _is_larger(old, plan)):
        write_plan(store, plan)


def _continues(plan: Plan, old: Plan) -> bool:
    try:
        plan.continues(old)
    except PlanError:
        return False
    return True


def _is_larger(plan: Plan, than: Plan) -> bool:
    return _continues(plan, than) and not _continues(than, plan)


@dataclass
class Waves:
    """The waves in a store, by number, sorted by whose they are.

    Attributes
    ----------
    own
        Of the plan itself and of those that it continues: their shards count.
    larger
        Of plans that continue this one: another run has gone on. Their kept trials are copies of this plan's too.
    strange
        Of other sweeps.
    plans
        Of those that are larger or strange.
    unreadable
        Names of those that are not as they were written.
    """

    own: dict[int, Wave] = field(default_factory=dict)
    larger: dict[int, Wave] = field(default_factory=dict)
    strange: dict[int, Wave] = field(default_factory=dict)
    plans: dict[int, Plan] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, store: Store, plan: Plan | None, note: Callable[[str], None]) -> Waves:
        """Read and sort a store's waves; one that cannot be read is named. Without a plan all are taken for its own."""
        found = cls()
        sort = functools.cache(functools.partial(_sort, plan, functools.cache(functools.partial(read_tables, store))))
        for entry in store.list(keys.WAVES):
            try:
                found._add(Wave.from_json(store.get(entry.key), entry.key), entry.key, sort)
            except CorruptError as error:
                note(f"{error}; its shards are computed again")
                found.unreadable.append(entry.key)
            except ObjectNotFoundError:
                continue  # another run has just taken it away
        return found

    def _add(self, wave: Wave, name: str, sort: Callable[[str], _Other | None]) -> None:
        if keys.wave_key(wave.number) != name:
            raise CorruptError(f"{name} is in the wrong place: it was written as {keys.wave_key(wave.number)}")
        try:
            other = sort(wave.plan)
        except CorruptError as error:
            raise CorruptError(f"{name} is not a wave of work: {error}") from None
        if other is None:
            self.own[wave.number] = wave
        else:
            self.plans[wave.number] = other.plan
            (self.larger if other.larger else self.strange)[wave.number] = wave

    def claim(self, store: Store, plan: Plan, begun: Container[int], note: Callable[[str], None]) -> None:
        """Take a store over from sweeps that have finished nothing there; `begun` are the waves with a finished shard.

        Raises
        ------
        PlanError
            If another sweep has finished something, or a larger form of this one has and the store is still its.
        """
        for number in sorted(self.strange):
            if number in begun:
                _refuse(plan, self.plans[number], number)
            note(f"{keys.wave_key(number)} is of another sweep that finished nothing; it is given up")
            store.delete([keys.wave_key(number)])
        self.strange.clear()
        old = read_plan(store)
        for number in sorted(self.larger):
            if number in begun and (old is None or not _continues(plan, old)):
                _refuse(plan, self.plans[number], number)
        if old is not None and _is_larger(old, plan):
            write_plan(store, plan)

    def largest(self, plan: Plan, begun: Container[int]) -> Plan:
        """Return the largest of `plan` and of the larger forms of it that have begun."""
        for number in self.larger:
            if number in begun and _is_larger(self.plans[number], plan):
                plan = self.plans[number]
        return plan


def _refuse(plan: Plan, other: Plan, number: int) -> None:
    try:
        plan.continues(other)
    except PlanError as error:
        raise PlanError(f"{error} (in {keys.wave_key(number)})") from None


class _Other(NamedTuple):
    plan: Plan
    larger: bool


def _sort(plan: Plan | None, tables: Callable[[], dict[str, Any]], text: str) -> _Other | None:
    """Read a wave's plan; None if it is `plan` or one that this continues."""
    if plan is None or json.loads(text).get("hash") == plan.hash:
        return None
    other = Plan.from_json(text.encode(), tables(), "its plan")
    return None if _continues(plan, other) else _Other(other, _continues(other, plan))


def begin(store: Store, plan: Plan, number: int, cut: Cut, rectangles: Iterable[Rectangle]) -> Wave:
    """Write down what is about to be computed, under the first free number from `number` on.

    Raises
    ------
    PlanError
        If another sweep has begun here since the store was claimed.
    """
    _write_tables(store, plan)
    known = tuple(rectangles)
    while True:
        wave = Wave.of(plan, number, cut, known)
        with suppress(ObjectExistsError):
            store.create(keys.wave_key(number), wave.to_json())
            break
        number += 1
    now = Waves.read(store, plan, lambda _: None)
    for stranger in sorted(now.strange):
        store.delete([keys.wave_key(number)])
        _refuse(plan, now.plans[stranger], stranger)
    store.replace(keys.PLAN, plan.to_json())
    return wave
