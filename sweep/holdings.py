"""What a store holds of a sweep: its plan, its waves of work, and which shards are finished and sound."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep.errors import CorruptError, ObjectNotFoundError, PlanError
from sweep.ledger import Wave, missing
from sweep.plan import Plan
from sweep.work import keys
from sweep.work.parquet import decode, encode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sweep.rectangle import Rectangle
    from sweep.store import Store

__all__ = ["Holdings", "discard_other", "read_plan", "require_plan", "write_plan"]

READERS = 8


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
    tables = {
        entry.key.removeprefix(keys.TABLES).removesuffix(".parquet"): entry.key for entry in store.list(keys.TABLES)
    }
    return Plan.from_json(data, {digest: decode(store.get(key), key) for digest, key in tables.items()})


def write_plan(store: Store, plan: Plan) -> None:
    """Write the plan, and the explicit tables of its space before it."""
    for digest, table in plan.space.tables().items():
        store.replace(keys.table_key(digest), encode(table))
    store.replace(keys.PLAN, plan.to_json())


@dataclass
class Holdings:
    """A look at a store.

    Attributes
    ----------
    waves
        By number.
    simulated, reduced
        (wave, shard) of each map and reduce object that is there.
    kept
        Names of the objects that hold kept trials.
    has_result
        Whether there is a ``result.parquet``.
    """

    waves: dict[int, Wave] = field(default_factory=dict)
    simulated: set[tuple[int, int]] = field(default_factory=set)
    reduced: set[tuple[int, int]] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    has_result: bool = False

    @classmethod
    def look(cls, store: Store, note: Callable[[str], None]) -> Holdings:
        """List a store; a wave's description that cannot be read is named, and its shards do not count."""
        seen = cls()
        for entry in (
            each
            for prefix in (keys.RESULT, keys.WAVES, keys.MAP, keys.TRIALS, keys.REDUCE)
            for each in store.list(prefix)
        ):
            shard = keys.parse_shard(entry.key)
            if entry.key == keys.RESULT:
                seen.has_result = True
            elif entry.key.startswith(keys.WAVES):
                seen._add_wave(store, entry.key, note)
            elif shard and entry.key.startswith(keys.MAP):
                seen.simulated.add(shard)
            elif shard and entry.key.startswith(keys.REDUCE):
                seen.reduced.add(shard)
            elif shard and entry.key.startswith(keys.TRIALS):
                seen.kept.add(entry.key)
        seen.simulated = {(w, s) for w, s in seen.simulated if w in seen.waves and s < seen.waves[w].shards}
        seen.reduced &= seen.simulated
        return seen

    def _add_wave(self, store: Store, key: str, note: Callable[[str], None]) -> None:
        try:
            wave = Wave.from_json(store.get(key), key)
        except CorruptError as error:
            note(f"{error}; its shards are computed again")
        else:
            self.waves[wave.number] = wave

    def next_wave(self) -> int:
        """Return a number above all waves and all shards' waves."""
        return 1 + max([0, *self.waves])

    def shards(self) -> list[tuple[Wave, int]]:
        """Return the finished shards with their waves."""
        return [(self.waves[wave], shard) for wave, shard in sorted(self.simulated)]

    def missing(self, plan: Plan) -> list[Rectangle]:
        """Work out what of a plan is not there yet."""
        by_wave: dict[int, list[int]] = {}
        for wave, shard in self.simulated:
            by_wave.setdefault(wave, []).append(shard)
        finished = [(self.waves[wave], shards) for wave, shards in by_wave.items()]
        return missing(plan.points, plan.trials, plan.block_size, finished)

    def verify(self, store: Store, plan: Plan, note: Callable[[str], None]) -> None:
        """Read every finished shard's objects; name, delete and forget those that are damaged.

        Trials that were kept for a shard that was never finished are deleted: another shard keeps them again.
        """
        wanted = [(name, each) for each in sorted(self.simulated) for name in self._objects(plan, *each)]
        for (name, shard), problem in zip(wanted, _each(store, [name for name, _ in wanted]), strict=True):
            if problem is not None:
                is_reduction = name.startswith(keys.REDUCE)
                note(f"{problem}; it is {'reduced' if is_reduction else 'computed'} again")
                self._forget(store, shard, only_reduction=is_reduction)
        store.delete(sorted(name for name in self.kept if keys.parse_shard(name) not in self.simulated))

    def _objects(self, plan: Plan, wave: int, shard: int) -> list[str]:
        """Return the names of what a finished shard has written."""
        names = [keys.shard_key(keys.MAP, wave, shard)]
        if plan.keep:
            names.append(keys.shard_key(keys.TRIALS, wave, shard))
            if plan.trials % plan.block_size and self.waves[wave].trials == plan.trials:
                names.append(keys.partial_key(wave, shard))
        return names + ([keys.shard_key(keys.REDUCE, wave, shard)] if (wave, shard) in self.reduced else [])

    def _forget(self, store: Store, shard: tuple[int, int], *, only_reduction: bool) -> None:
        """Delete a damaged object, and with a shard's map or trials also what was made from it."""
        self.reduced.discard(shard)
        store.delete([keys.shard_key(keys.REDUCE, *shard)])
        if not only_reduction:
            self.simulated.discard(shard)
            store.delete(
                [keys.shard_key(keys.MAP, *shard), keys.shard_key(keys.TRIALS, *shard), keys.partial_key(*shard)]
            )

    def drop_superseded(self, store: Store, plan: Plan) -> None:
        """Delete the kept trials of partial blocks that have since been computed in full, so that no trial is kept twice."""
        old = {number for number, wave in self.waves.items() if wave.trials != plan.trials}
        store.delete(
            sorted(
                name
                for name in self.kept
                if name.endswith("-partial.parquet") and (keys.parse_shard(name) or (0,))[0] in old
            )
        )


def _each(store: Store, names: list[str]) -> Iterable[CorruptError | None]:
    def check(name: str) -> CorruptError | None:
        try:
            decode(store.get(name), name)
        except CorruptError as error:
            return error
        except ObjectNotFoundError:
            return CorruptError(f"{name} is missing")
        return None

    with ThreadPoolExecutor(READERS) as pool:
        yield from pool.map(check, names)


def discard_other(store: Store, plan: Plan) -> None:
    """Delete the sweep that a store holds, unless `plan` continues it. Objects that are not a sweep's stay."""
    try:
        old = read_plan(store)
        if old is not None:
            plan.continues(old)
    except (PlanError, CorruptError):
        known = [entry.key for prefix in keys.EVERYTHING for entry in store.list(prefix)]
        store.delete([key for key in known if key != keys.PLAN])
        store.delete([keys.PLAN])


def require_plan(store: Store) -> Plan:
    """Read the plan in a store.

    Raises
    ------
    PlanError
        If there is none.
    """
    plan = read_plan(store)
    if plan is None:
        raise PlanError(f"{store.url} holds no sweep: it has no {keys.PLAN}")
    return plan
