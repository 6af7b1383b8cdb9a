"""What is asked of a sweep beyond means: quantiles, histograms, covariances. It is part of the plan."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.errors import PlanError, nearest
from sweep_kernels.outputs import grouped, told
from sweep_kernels.sketch import LEAST_ERROR, MOST_ERROR
from sweep_kernels.tallies import Histogram, Sketch, Tallies

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_BINS", "RELATIVE_ERROR", "Request", "quantile_label"]

RELATIVE_ERROR = 0.01
"""Of quantiles, where nothing else is asked for."""

MOST_BINS = 1 << 16
"""Bins that a histogram may have: each point's counts are a cell of the result."""

MOST_PAIRS = 1 << 13
"""Pairs of outputs that may be named: of each there are moments in every block, and columns in the result."""

MOST_UNNAMED = 1 << 9
"""Pairs that ``covariance=True`` may come to, which are seldom meant when they are many: the outputs of a long vector."""

COLUMNS = 8
"""Of a pair: its covariance and its correlation, each with standard error and interval."""

MOST_SAID = 8
"""Outputs that an error names."""

NARROWEST = 8
"""Floats that a histogram's bin is wide at least, so that rounding leaves no doubt which one a value is in."""


@dataclass(frozen=True)
class Request:
    """Statistics beyond the usual ones.

    Attributes
    ----------
    quantiles
        Outputs with their levels in rising order; under the name ``""``, those of all outputs that are not bools.
    relative_error
        The most by which a quantile may be off.
    histograms
        Outputs with the low and the high end of their range and the number of its bins.
    covariance
        Pairs of outputs, each in the kernel's order.
    """

    quantiles: tuple[tuple[str, tuple[float, ...]], ...] = ()
    relative_error: float = RELATIVE_ERROR
    histograms: tuple[tuple[str, tuple[float, float, int]], ...] = ()
    covariance: tuple[tuple[str, str], ...] = ()

    @classmethod
    def make(
        cls,
        outputs: tuple[str, ...],
        *,
        quantiles: Any = (),
        relative_error: Any = RELATIVE_ERROR,
        histograms: Any = None,
        covariance: Any = False,
    ) -> Request:
        """Check what a study asks for; see `sweep.Sweep` for what each may be.

        Raises
        ------
        PlanError
            If a level, a range or a name is wrong.
        """
        if not _is_number(relative_error) or not LEAST_ERROR <= relative_error <= MOST_ERROR:
            raise PlanError(
                f"relative_error={relative_error!r} is not from {LEAST_ERROR} to {MOST_ERROR}, as in {RELATIVE_ERROR}"
            )
        levels = tuple(_levels(quantiles, outputs))
        return cls(
            levels,
            float(relative_error) if levels else RELATIVE_ERROR,
            tuple(_ranges(histograms, outputs)),
            tuple(_pairs(covariance, outputs)),
        )

    def __bool__(self) -> bool:
        return bool(self.quantiles or self.histograms or self.covariance)

    @property
    def counts(self) -> bool:
        """Whether anything is counted into bins."""
        return bool(self.quantiles or self.histograms)

    def levels(self, output: str, kind: str) -> tuple[float, ...]:
        """Return the levels that are asked for of an output, in rising order."""
        asked = dict(self.quantiles)
        return asked.get(output, asked.get("", ()) if kind != "bool" else ())

    def tallies(self, outputs: tuple[str, ...], kinds: tuple[str, ...]) -> Tallies:
        """Return what a driver is to be asked for: the sketches in the order of outputs, then the histograms, and the pairs.

        Raises
        ------
        PlanError
            If a quantile or a histogram is asked for of a bool.
        """
        numeric = [name for name, kind in zip(outputs, kinds, strict=True) if kind != "bool"]
        for asked, of in (("quantiles", self.quantiles), ("histograms", self.histograms)):
            for name, _ in of:
                if name and name not in numeric:
                    raise PlanError(
                        f"{asked} of {name!r}: it is a bool, of which its mean says all; {_others(numeric)}"
                    )
                if not name and not numeric:
                    raise PlanError(
                        f"{asked}: every output is a bool ({', '.join(outputs)}), of which its mean says all"
                    )
        place = {name: position for position, name in enumerate(outputs)}
        sketched = [place[name] for name in numeric if self.levels(name, "float")]
        return Tallies(
            (
                *(Sketch(output, self.relative_error) for output in sketched),
                *(Histogram(place[name], *range_) for name, range_ in self.histograms),
            ),
            tuple((place[a], place[b]) for a, b in self.covariance),
        )

    def columns(self, outputs: tuple[str, ...]) -> Iterator[str]:
        """Yield the names of the columns that it may add to a result."""
        for name in outputs:
            for level in self.levels(name, "float"):
                label = quantile_label(level)
                yield from (f"{name}_{label}", f"{name}_{label}_ci_low", f"{name}_{label}_ci_high")
        for name, _ in self.histograms:
            yield f"{name}_histogram"
        for a, b in self.covariance:
            for what in ("cov", "corr"):
                yield from (f"{a}_{b}_{what}{end}" for end in ("", "_stderr", "_ci_low", "_ci_high"))

    def fields(self) -> dict[str, Any]:
        """Return what is asked for as it stands in a plan's JSON; nothing for what is not."""
        fields: dict[str, Any] = {}
        if self.quantiles:
            asked = {name: list(levels) for name, levels in self.quantiles}
            fields = {"quantiles": asked.get("", asked), "relative_error": self.relative_error}
        if self.histograms:
            fields["histograms"] = {name: list(range_) for name, range_ in self.histograms}
        if self.covariance:
            fields["covariance"] = [list(pair) for pair in self.covariance]
        return fields

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any], outputs: tuple[str, ...]) -> Request:
        """Read what `fields` returned, among other fields."""
        return cls.make(
            outputs,
            **{
                name: fields[name]
                for name in ("quantiles", "relative_error", "histograms", "covariance")
                if name in fields
            },
        )

    def differences(self, old: Request) -> Iterator[tuple[str, Any, Any]]:
        """Yield what was counted otherwise for `old`: its name, then as in `old`, then as here. Levels are read off what is counted."""
        before, now = ([name or "all numbers" for name, _ in each.quantiles] for each in (old, self))
        if before != now:
            yield "the list of outputs with quantiles", before, now
        elif old.relative_error != self.relative_error:
            yield "relative_error", old.relative_error, self.relative_error
        for field in ("histograms", "covariance"):
            before, now = (each.fields().get(field) for each in (old, self))
            if before != now:
                yield field, before, now


def quantile_label(level: float) -> str:
    """Name a quantile's column, in per cent.

    >>> quantile_label(0.5), quantile_label(0.999), quantile_label(0.07)
    ('q50', 'q99_9', 'q7')
    """
    percent = format((Decimal(repr(level)) * 100).normalize(), "f")
    return f"q{percent.replace('.', '_')}"


def _levels(quantiles: Any, outputs: tuple[str, ...]) -> Iterator[tuple[str, tuple[float, ...]]]:
    if isinstance(quantiles, Mapping):
        for name in quantiles:
            _require_output("quantiles", name, outputs)
        asked = _by_output(quantiles, outputs)
    else:
        asked = {"": quantiles}
    for name, levels in asked.items():
        each = [levels] if _is_number(levels) else levels
        said = f"quantiles of {name!r}" if name else "quantiles"
        if not isinstance(each, Sequence | np.ndarray) or isinstance(each, str):
            raise PlanError(f"{said}: {levels!r} is no list of levels, as in [0.5, 0.99]")
        for level in each:
            if not _is_number(level) or not 0.0 < level < 1.0:
                raise PlanError(f"{said}: {level!r} is not between 0 and 1, as in 0.99")
        if len(each):
            yield name, tuple(sorted({float(level) for level in each}))


def _ranges(histograms: Any, outputs: tuple[str, ...]) -> Iterator[tuple[str, tuple[float, float, int]]]:
    if histograms is None:
        return
    if not isinstance(histograms, Mapping):
        raise PlanError(f"histograms={histograms!r} is no table of outputs, as in {{{outputs[0]!r}: (0.0, 50.0, 100)}}")
    for name in histograms:
        _require_output("histograms", name, outputs)
    for name, asked in _by_output(histograms, outputs).items():
        yield name, _range(name, asked)


def _range(name: str, asked: Any) -> tuple[float, float, int]:
    said = f"histogram of {name!r}: {asked!r}"
    is_triple = (
        isinstance(asked, Sequence) and not isinstance(asked, str) and len(asked) == len(("low", "high", "bins"))
    )
    if not is_triple or not all(map(_is_number, asked)):
        raise PlanError(f"{said} is not low, high and the number of bins, as in (0.0, 50.0, 100)")
    low, high, bins = float(asked[0]), float(asked[1]), asked[2]
    if not isinstance(bins, int | np.integer) or not 1 <= int(bins) <= MOST_BINS:
        raise PlanError(f"{said} has {bins!r} bins, which is not a whole number from 1 to {MOST_BINS:,}")
    if not low < high or not math.isfinite(high - low):
        raise PlanError(f"{said}: {asked[0]!r} is not below {asked[1]!r}, both finite")
    if (high - low) / int(bins) < sys.float_info.min:
        raise PlanError(f"{said}: its bins are narrower than {sys.float_info.min:.0e}; scale the output up")
    if (high - low) / int(bins) < NARROWEST * math.ulp(max(abs(low), abs(high))):
        raise PlanError(f"{said}: its bins are narrower than {NARROWEST} neighbouring floats; ask for fewer")
    return low, high, int(bins)


def _pairs(covariance: Any, outputs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if covariance is False:
        return
    if covariance is True:
        if len(outputs) == 1:
            raise PlanError(f"covariance: it takes two outputs, and there is only {outputs[0]!r}")
        yield from _all_pairs(outputs)
        return
    if not isinstance(covariance, Sequence) or isinstance(covariance, str):
        raise PlanError(f"covariance={covariance!r} is neither True, False nor a list of pairs of outputs")
    components = _components(outputs)
    place = {name: position for position, name in enumerate(outputs)}
    asked: set[tuple[int, int]] = set()
    for pair in covariance:
        _check_pair(pair, outputs)
        first, second = ([place[each] for each in components[name]] for name in pair)
        if len(first) * len(second) <= 2 * MOST_PAIRS:  # a vector with itself has each pair twice
            asked.update((min(a, b), max(a, b)) for a, b in product(first, second) if a != b)
        if len(first) * len(second) > 2 * MOST_PAIRS or len(asked) > MOST_PAIRS:
            raise PlanError(
                f"covariance: with {tuple(pair)!r} there are more than {MOST_PAIRS:,} pairs, and each has {COLUMNS} columns; name fewer"
            )
    yield from ((outputs[a], outputs[b]) for a, b in sorted(asked))


def _check_pair(pair: Any, outputs: tuple[str, ...]) -> None:
    if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != len(("a", "b")):
        raise PlanError(f"covariance: {pair!r} is no pair of outputs")
    for name in pair:
        _require_output("covariance", name, outputs)
    if pair[0] == pair[1] and pair[0] in outputs:
        raise PlanError(f"covariance: {tuple(pair)!r} is one output twice; its variance is its _std squared")


def _all_pairs(outputs: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield every pair of outputs, unless these are more than anybody means."""
    count = math.comb(len(outputs), 2)
    if count > MOST_UNNAMED:
        names = grouped(outputs)
        first, longest = next(iter(names)), max(names, key=lambda name: names[name])
        raise PlanError(
            f"covariance: True is all {count:,} pairs of {len(outputs)} numbers, {', '.join(told(outputs)[:MOST_SAID])}, and each has {COLUMNS} "
            f"columns; name those that are meant, as in covariance=[({first!r}, {longest!r})]: a vector stands for its components"
        )
    yield from combinations(outputs, 2)


def _components(outputs: tuple[str, ...]) -> dict[str, list[str]]:
    """Return what each name stands for: an output for itself, a vector for its components."""
    vectors = {name: [f"{name}[{i}]" for i in range(length)] for name, length in grouped(outputs).items() if length}
    return {**{name: [name] for name in outputs}, **vectors}


def _by_output(asked: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
    """Return what is asked for of each output; what is said of a component counts before what is said of its vector."""
    components = _components(outputs)
    of_vectors = {each: asked[name] for name in asked if name not in outputs for each in components[name]}
    said = {**of_vectors, **{name: asked[name] for name in asked if name in outputs}}
    return {name: said[name] for name in outputs if name in said}


def _require_output(what: str, name: Any, outputs: tuple[str, ...]) -> None:
    if name not in outputs and name not in grouped(outputs):
        raise PlanError(f"{what}: {name!r} is no output: {nearest(str(name), [*grouped(outputs), *outputs])}")


def _others(numeric: list[str]) -> str:
    more = f" and {len(numeric) - MOST_SAID} more" if len(numeric) > MOST_SAID else ""
    return f"ask for those of {', '.join(map(repr, numeric[:MOST_SAID]))}{more}" if numeric else "no output is a number"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
