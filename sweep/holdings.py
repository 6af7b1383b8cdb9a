"""What a store holds of a sweep: its plan, its waves of work, and which shards are finished and sound."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sweep.errors import CorruptError, ObjectNotFoundError, PlanError, SweepError
from sweep.ledger import Layer, Wave, missing
from sweep.rectangle import Rectangle
from sweep.waves import Waves, begin, read_plan, write_plan
from sweep.work import keys
from sweep.work.label import read_labelled, require_wave

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import pyarrow as pa

    from sweep.plan import Plan
    from sweep.shares import Cut
    from sweep.store import Store

__all__ = ["LACKS", "Holdings", "Kept", "discard_other", "read_plan", "require_plan", "write_plan"]

READERS = 8

LACKS = b"sweep.lacks"
"""Footer entry of kept trials: rectangles that the object has given up because a better copy is kept elsewhere."""


class Kept(NamedTuple):
    """An object of kept trials, by whose they are."""

    wave: int
    shard: int
    partial: bool

    @property
    def name(self) -> str:
        """Its name in the store."""
        return keys.shard_key(keys.TRIALS, self.wave, self.shard, partial=self.partial)


@dataclass
class Holdings:
    """A look at a store.

    Attributes
    ----------
    waves
        Those whose shards count, by number.
    larger
        Those of a larger form of the sweep, which another run has gone on to.
    simulated, reduced
        (wave, shard) of each map and reduce object that is there and counts.
    mapped
        (wave, shard) of each map object, whoever's.
    kept
        The objects that hold kept trials, whoever's.
    lacks
        What some of these have given up; known once they have been read.
    has_result
        Whether there is a ``result.parquet``.
    last
        The highest number of a wave in any name.
    """

    waves: dict[int, Wave] = field(default_factory=dict)
    larger: dict[int, Wave] = field(default_factory=dict)
    simulated: set[tuple[int, int]] = field(default_factory=set)
    reduced: set[tuple[int, int]] = field(default_factory=set)
    mapped: set[tuple[int, int]] = field(default_factory=set)
    kept: set[Kept] = field(default_factory=set)
    lacks: dict[Kept, tuple[Rectangle, ...]] = field(default_factory=dict)
    has_result: bool = False
    last: int = 0
    _found: Waves = field(default_factory=Waves)
    _made: list[Wave] = field(default_factory=list)

    @classmethod
    def look(cls, store: Store, note: Callable[[str], None], plan: Plan | None = None) -> Holdings:
        """List a store; a wave that cannot be read is named, and its shards do not count.

        Against the order of writing: whatever is listed, the map object and the wave that it needs are listed after it.
        """
        seen = cls()
        for prefix in (keys.RESULT, keys.TRIALS, keys.REDUCE, keys.MAP):
            for entry in store.list(prefix):
                seen._add(entry.key)
        seen._found = Waves.read(store, plan or read_plan(store), note)
        seen.waves, seen.larger = seen._found.own, seen._found.larger
        numbers = [*seen.waves, *seen.larger, *seen._found.strange, *map(keys.parse_wave, seen._found.unreadable)]
        seen.last = max([seen.last, *numbers])
        seen.simulated = {(w, s) for w, s in seen.mapped if w in seen.waves and s < seen.waves[w].shards}
        seen.reduced &= seen.simulated
        return seen

    def _add(self, key: str) -> None:
        self.has_result |= key == keys.RESULT
        self.last = max(self.last, keys.parse_wave(key))
        match keys.parse_shard(key):
            case (keys.MAP, wave, shard, False):
                self.mapped.add((wave, shard))
            case (keys.REDUCE, wave, shard, False):
                self.reduced.add((wave, shard))
            case (keys.TRIALS, wave, shard, partial):
                self.kept.add(Kept(wave, shard, partial))
            case _:
                pass

    def claim(self, store: Store, plan: Plan, note: Callable[[str], None]) -> None:
        """See that the plan may be kept here; see `sweep.waves.Waves.claim`."""
        self._found.claim(store, plan, {wave for wave, _ in self.mapped}, note)

    def largest(self, plan: Plan) -> Plan:
        """Return the largest form of the sweep of which a shard is finished, or `plan`."""
        return self._found.largest(plan, {wave for wave, _ in self.mapped})

    def begin(self, store: Store, plan: Plan, cut: Cut, rectangles: Iterable[Rectangle]) -> Wave:
        """Write a wave; see `sweep.waves.begin`."""
        wave = begin(store, plan, self.last + 1, cut, rectangles)
        self.waves[wave.number] = wave
        self._made.append(wave)
        return wave

    def require_made(self, store: Store) -> None:
        """See that the waves which this run wrote still count; see `sweep.work.label.require_wave`."""
        for wave in self._made:
            require_wave(store, wave)

    def shards(self) -> list[tuple[Wave, int]]:
        """Return the finished shards with their waves."""
        return [(self.waves[wave], shard) for wave, shard in sorted(self.simulated)]

    def layers(self, block_size: int) -> list[Layer]:
        """Return what is kept, the better copies first."""
        shards: dict[tuple[int, bool], list[int]] = {}
        for each in sorted(self.kept):
            if (each.wave, each.shard) in self.mapped:
                shards.setdefault((each.wave, each.partial), []).append(each.shard)
        layers = [
            Layer(wave, partial, tuple(found), block_size, self._given_up(wave.number, partial))
            for wave in (self.waves | self.larger).values()
            for partial in (False, True)
            if (found := shards.get((wave.number, partial)))
        ]
        return sorted(layers, key=lambda each: each.rank)

    def _given_up(self, wave: int, partial: bool) -> Mapping[int, tuple[Rectangle, ...]]:
        return {each.shard: lacks for each, lacks in self.lacks.items() if (each.wave, each.partial) == (wave, partial)}

    def unfinished(self) -> set[Kept]:
        """Return the kept trials that have no map object or no wave."""
        waves = self.waves.keys() | self.larger.keys() | self._found.strange.keys()
        return {each for each in self.kept if each.wave not in waves or (each.wave, each.shard) not in self.mapped}

    def missing(self, plan: Plan) -> list[Rectangle]:
        """Work out what of a plan is not there yet."""
        by_wave: dict[int, list[int]] = {}
        for wave, shard in self.simulated:
            by_wave.setdefault(wave, []).append(shard)
        finished = [(self.waves[wave], shards) for wave, shards in by_wave.items()]
        kept = self.layers(plan.block_size) if plan.keep else None
        return missing(plan.points, plan.trials, plan.block_size, finished, kept)

    def verify(self, store: Store, note: Callable[[str], None]) -> None:
        """Read every object that counts; name, delete and forget those that are damaged or another's."""
        store.delete(self._found.unreadable)
        wanted = list(self._objects())
        for (name, shard, kept), found in zip(wanted, self._read(store, wanted), strict=True):
            if isinstance(found, tuple):
                if found and kept:
                    self.lacks[kept] = found
            elif isinstance(found, ObjectNotFoundError):
                self._miss(shard, kept)
            else:
                is_reduction = name.startswith(keys.REDUCE)
                note(f"{found}; it is {'reduced' if is_reduction else 'computed'} again")
                self._forget(store, shard, only_reduction=is_reduction)

    def _objects(self) -> Iterator[tuple[str, tuple[int, int], Kept | None]]:
        """Yield the names of what the shards that count have written."""
        for shard in sorted(self.simulated):
            yield keys.shard_key(keys.MAP, *shard), shard, None
            if shard in self.reduced:
                yield keys.shard_key(keys.REDUCE, *shard), shard, None
        for each in sorted(self.kept):
            if (each.wave, each.shard) in self.simulated:
                yield each.name, (each.wave, each.shard), each

    def _read(
        self, store: Store, wanted: list[tuple[str, tuple[int, int], Kept | None]]
    ) -> Iterator[tuple[Rectangle, ...] | SweepError]:
        """Read objects; yield what each lacks, or what is wrong with it."""

        def check(each: tuple[str, tuple[int, int], Kept | None]) -> tuple[Rectangle, ...] | SweepError:
            name, (wave, shard), _ = each
            try:
                return lacking(read_labelled(store, name, self.waves[wave], shard))
            except (CorruptError, ObjectNotFoundError) as error:
                return error

        with ThreadPoolExecutor(READERS) as pool:
            yield from pool.map(check, wanted)

    def _miss(self, shard: tuple[int, int], kept: Kept | None) -> None:
        """Forget what another run has deleted since the look: kept trials that gave way, or a shard that it found damaged."""
        if kept is not None:
            self.kept.discard(kept)
        else:
            self.simulated.discard(shard)
            self.reduced.discard(shard)

    def _forget(self, store: Store, shard: tuple[int, int], *, only_reduction: bool) -> None:
        """Delete a damaged object, and with a shard's map or trials also what was made from it."""
        self.reduced.discard(shard)
        store.delete([keys.shard_key(keys.REDUCE, *shard)])
        if not only_reduction:
            kept = [Kept(*shard, partial) for partial in (False, True)]
            self.simulated.discard(shard)
            self.mapped.discard(shard)
            self.kept.difference_update(kept)
            store.delete([*(each.name for each in kept), keys.shard_key(keys.MAP, *shard)])


def lacking(table: pa.Table) -> tuple[Rectangle, ...]:
    """Read from its footer which blocks an object of kept trials has given up."""
    return tuple(Rectangle(*each) for each in json.loads(table.schema.metadata.get(LACKS, b"[]")))


def discard_other(store: Store, plan: Plan) -> None:
    """Delete the sweep that a store holds, unless `plan` continues it. Objects that are not a sweep's stay."""
    try:
        old = read_plan(store)
        if old is not None:
            plan.continues(old)
        Holdings.look(store, lambda _: None, plan).claim(store, plan, lambda _: None)
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
