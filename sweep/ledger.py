"""Which blocks of a plan are finished: worked out from the waves of work and the shards that are there.

Each run that finds work missing writes one wave: the plan, the rectangles it is about to compute and the number of shards it cuts them
into. A shard is finished when its map object exists, and in a plan that keeps trials when those are there too. Nothing else is recorded,
so there is nothing that could disagree with the objects.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError
from sweep.rectangle import Rectangle, common, cut, subtract
from sweep.shares import Cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sweep.plan import Plan
    from sweep_kernels.driver import Blocks

__all__ = ["MAX_SHARDS", "Layer", "Wave", "missing"]

MAX_SHARDS = 10_000
"""An array job has at most this many children on AWS Batch."""


@dataclass(frozen=True)
class Wave:
    """One array job's worth of work.

    Attributes
    ----------
    number
        Counted from 1 within a store.
    trials
        Trials of each point when it was planned; tells which of its blocks was a partial one.
    shards
        How many shards it is cut into, ``1 <= shards <= MAX_SHARDS``.
    rectangles
        What it computes, walked in this order.
    plan
        The JSON of the plan that it is part of: tells whose work it is.
    taper
        How many shards each of the last steps has; see `sweep.shares.Cut`.
    """

    number: int
    trials: int
    shards: int
    rectangles: tuple[Rectangle, ...]
    plan: str = "{}"
    taper: int = 0

    @classmethod
    def of(cls, plan: Plan, number: int, cut: Cut, rectangles: Iterable[Rectangle]) -> Wave:
        """Make a wave of a plan."""
        text = json.dumps(json.loads(plan.to_json()))
        return cls(number, plan.trials, cut.shards, tuple(rectangles), text, cut.taper)

    @property
    def blocks(self) -> int:
        """Blocks in all."""
        return sum(each.blocks for each in self.rectangles)

    def bounds(self, shard: int) -> tuple[int, int]:
        """Return the half-open range of the walk's blocks that a shard holds."""
        return Cut(self.shards, self.taper).bounds(shard, self.blocks)

    def slices(self, shard: int) -> Iterator[Blocks]:
        """Yield what a shard computes."""
        for each, start, stop in cut(self.rectangles, *self.bounds(shard)):
            yield each.slice(start, stop)

    def point_range(self, shard: int) -> tuple[int, int]:
        """Return the smallest half-open range of points that holds all of a shard's."""
        parts = list(self.covered([shard]))
        return min(each.first_point for each in parts), max(each.last_point for each in parts)

    def covered(self, shards: Iterable[int]) -> Iterator[Rectangle]:
        """Yield rectangles that together are what the given shards hold; neighbouring shards share theirs."""
        for first, last in _runs(sorted(shards)):
            for each, start, stop in cut(self.rectangles, self.bounds(first)[0], self.bounds(last)[1]):
                yield from each.rectangles(start, stop)

    def clipped(self, shards: Iterable[int], block_size: int, *, partial: bool) -> list[Rectangle]:
        """Return the shards' whole blocks, or the partial last blocks of their points."""
        whole = self.trials // block_size
        low, high = (whole, whole + 1) if partial else (0, whole)
        return [
            Rectangle(r.first_point, r.last_point, max(r.first_block, low), min(r.last_block, high))
            for r in self.covered(shards)
            if max(r.first_block, low) < min(r.last_block, high)
        ]

    @functools.cached_property
    def digest(self) -> str:
        """64 hexadecimal digits that every object of its shards carries."""
        return hashlib.sha256(json.dumps(self._fields()).encode()).hexdigest()

    def _fields(self) -> dict[str, Any]:
        rectangles = [[r.first_point, r.last_point, r.first_block, r.last_block] for r in self.rectangles]
        fields = {"wave": self.number, "trials": self.trials, "shards": self.shards, "rectangles": rectangles}
        if self.taper:
            fields["taper"] = self.taper
        return {**fields, "plan": json.loads(self.plan)}

    def to_json(self) -> bytes:
        """Write it as JSON."""
        return (json.dumps({**self._fields(), "sha256": self.digest}) + "\n").encode()

    @classmethod
    def from_json(cls, data: bytes, name: str) -> Wave:
        """Read what `to_json` wrote.

        Raises
        ------
        CorruptError
            If it is not that.
        """
        try:
            fields = json.loads(data)
            number, trials, shards = (int(fields[key]) for key in ("wave", "trials", "shards"))
            rectangles = tuple(Rectangle(*map(int, each)) for each in fields["rectangles"])
            wave = cls(number, trials, shards, rectangles, json.dumps(fields["plan"]), int(fields.get("taper", 0)))
            written = fields["sha256"]
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptError(f"{name} is not a wave of work: {type(error).__name__}: {error}") from None
        if written != wave.digest:
            raise CorruptError(
                f"{name} is not a wave of work as it was written: its digest is not that of its contents"
            )
        return wave


@dataclass(frozen=True)
class Layer:
    """Copies of blocks that rank alike: the whole blocks of a wave's shards, or the partial ones.

    Attributes
    ----------
    wave, partial
        Whose.
    shards
        Those whose object is there.
    block_size
        Trials of a whole block.
    lacks
        By shard, what its object has given up because a better copy is kept elsewhere.
    """

    wave: Wave
    partial: bool
    shards: tuple[int, ...]
    block_size: int
    lacks: Mapping[int, tuple[Rectangle, ...]] = field(default_factory=dict)

    @property
    def rank(self) -> tuple[bool, int, int]:
        """Sorts the better copy first: whole blocks, then those of more trials, then those of the earlier wave."""
        return (self.partial, -self.wave.trials if self.partial else 0, self.wave.number)

    def of(self, shard: int) -> list[Rectangle]:
        """Return the blocks that a shard's object holds."""
        given_up = self.lacks.get(shard, ())
        return [rest for whole in self._named([shard]) for rest in subtract(whole, given_up)]

    @functools.cached_property
    def rectangles(self) -> list[Rectangle]:
        """Blocks that are held."""
        whole = self._named(each for each in self.shards if each not in self.lacks)
        return whole + [r for shard in self.shards if shard in self.lacks for r in self.of(shard)]

    def redundant(self, better: Iterable[Rectangle]) -> dict[int, list[Rectangle]]:
        """Find by shard what it holds of the blocks that better layers hold as well."""
        twice = common(self.rectangles, better)
        found = {shard: common(self.of(shard), twice) for shard in self.shards} if twice else {}
        return {shard: blocks for shard, blocks in found.items() if blocks}

    def _named(self, shards: Iterable[int]) -> list[Rectangle]:
        return self.wave.clipped(shards, self.block_size, partial=self.partial)


def missing(
    points: int,
    trials: int,
    block_size: int,
    finished: Iterable[tuple[Wave, Iterable[int]]],
    kept: Iterable[Layer] | None = None,
) -> list[Rectangle]:
    """Work out which blocks of a plan are still to be computed.

    Parameters
    ----------
    points, trials, block_size
        The plan as it is now.
    finished
        Each wave with the shards whose statistics are there.
    kept
        In a plan that keeps trials, what is kept: a block must be in both.

    Returns
    -------
    list of Rectangle
        In the order of points, then blocks. A partial last block counts as finished only while `trials` is what it was.
    """
    whole = [Layer(wave, partial=False, shards=tuple(shards), block_size=block_size) for wave, shards in finished]
    covered = _current([*whole, *(replace(each, partial=True) for each in whole)], trials)
    if kept is not None:
        covered = common(covered, _current(kept, trials))
    return subtract(Rectangle(0, points, 0, -(-trials // block_size)), covered)


def _current(layers: Iterable[Layer], trials: int) -> list[Rectangle]:
    return [r for each in layers if not each.partial or each.wave.trials == trials for r in each.rectangles]


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """Yield runs of consecutive numbers as (first, last), both included."""
    first = last = None
    for each in numbers:
        if last is not None and each == last + 1:
            last = each
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = each
    if first is not None and last is not None:
        yield first, last
