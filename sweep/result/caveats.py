"""What is to be said of a result beside its numbers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sweep.result.weights import small_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.result.result import Result

__all__ = ["caveats"]


def caveats(result: Result) -> Iterator[str]:
    """Yield a line for each output, or vector, of which something is to be known; see `sweep.result.Result.warnings`."""
    found = json.loads((result.table.schema.metadata or {}).get(b"sweep.nonfinite", b"{}"))
    counts = {name: sum(result.table[f"{name}_nonfinite"].to_pylist()) for name in found}
    if result.plan["kernel"].get("program"):
        yield from _of_program(result, counts)
    else:
        for several in _by_vector([name for name in found if counts[name]]):
            yield _lost(result, _said_once(several), counts[several[0]], found[several[0]])
        for several in _by_vector([name for name in result.outputs if _is_zero_or_one(result, name)]):
            yield f"{_said_once(several)}: an integer that was 0 or 1 in every trial; return a bool for a proportion with its exact interval"
    if result.is_weighted:
        yield from small_sizes(result)


def _of_program(result: Result, counts: dict[str, int]) -> Iterator[str]:
    """Say how many trials are left out, once where that is the same for all outputs."""
    failed = sum(result.left_out)
    if failed:
        yield (
            f"{failed:,} trial{'s' if failed != 1 else ''} failed, or gave nothing finite, and {'are' if failed != 1 else 'is'} left out of "
            f"the statistics; `sweep failures {_source(result, 'STORE')}` shows those that failed"
        )
    drawn = {name for name, _ in result.plan.get("draws", [])}
    for name, count in counts.items():
        more = count - failed
        if more > 0 and name not in drawn:
            yield (
                f"{name}: {more:,} more trial{'s have' if more != 1 else ' has'} no finite value, as where the system under test failed, and "
                f"{'are' if more != 1 else 'is'} left out of its statistics"
            )


def _lost(result: Result, name: str, count: int, found: dict[str, int]) -> str:
    """Say how many trials of a kernel's output were not finite, and how one of them is seen."""
    gave = "1 trial gave NaN or inf" if count == 1 else f"{count:,} trials gave NaN or inf"
    if result.is_weighted:
        said = f"{name}: {gave}, so its points have no estimate, for which every weight counts"
    else:
        said = f"{name}: {gave} and {'is' if count == 1 else 'are'} left out of its statistics"
    if count != found["count"]:  # some points of a sweep; the example may be another's
        return said
    return f"{said}; see one with `sweep replay {_source(result, 'STUDY')} --point {found['point']} --trial {found['trial']}`"


def _source(result: Result, otherwise: str) -> str:
    """Return what a command is given to find the result again."""
    return otherwise if not result.url or result.url.startswith("memory:") else result.url


def _is_zero_or_one(result: Result, name: str) -> bool:
    """Tell whether an output was an integer and 0 or 1 in every trial; a bool has other columns."""
    import pyarrow as pa
    import pyarrow.compute as pc

    columns = result.table.column_names
    if f"{name}_min" not in columns or f"{name}_max" not in columns:
        return False
    least, most = result.table[f"{name}_min"], result.table[f"{name}_max"]
    if not pa.types.is_integer(least.type):
        return False
    span = pc.min_max(least).as_py()["min"], pc.min_max(most).as_py()["max"]  # type: ignore[attr-defined] - made at run time by pyarrow
    return None not in span and span[0] >= 0 and span[1] <= 1


def _by_vector(outputs: list[str]) -> list[list[str]]:
    """Put components of one vector together."""
    found: dict[str, list[str]] = {}
    for each in outputs:
        found.setdefault(each.partition("[")[0], []).append(each)
    return list(found.values())


def _said_once(outputs: list[str]) -> str:
    """Name one output, and how many other components of its vector it stands for."""
    return outputs[0] if len(outputs) == 1 else f"{outputs[0]} (and {len(outputs) - 1} more of its vector)"
