"""What comes of a trial: names, kinds, and where each value stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError
from sweep.programs.checks import codes_of
from sweep.programs.sources import Json
from sweep.programs.values import KINDS, kind_named
from sweep_kernels.outputs import output_names

if TYPE_CHECKING:
    from sweep.programs.sources import Source

__all__ = ["Output", "outputs_of"]


@dataclass(frozen=True)
class Output:
    """One number that comes of a trial.

    Attributes
    ----------
    name, kind
        Its name, and ``"float"``, ``"int"`` or ``"bool"``.
    source
        Where it stands; None for one that `Command.result` gives.
    codes
        Exit codes that make it true: it says whether the system under test has failed.
    """

    name: str
    kind: str
    source: Source | None = None
    codes: tuple[int, ...] = ()


def outputs_of(outputs: Any, result: Any, failure_codes: Any) -> tuple[tuple[Output, ...], Callable[..., Any] | None]:
    """Return the outputs, and the function that gives those without a source."""
    if isinstance(outputs, str):
        outputs = [outputs]
    asked = dict(outputs) if isinstance(outputs, Mapping) else dict.fromkeys(outputs, float)
    if result is not None and not callable(result) and not isinstance(result, str):
        raise KernelError(f"result={result!r} is neither a file's name nor a function")
    function = result if callable(result) else None
    file = result if isinstance(result, str) else None
    if not isinstance(failure_codes, Mapping):
        raise KernelError(
            f"failure_codes={failure_codes!r} is no table of outputs, as in failure_codes={{'crashed': [3]}}"
        )
    codes = {name: codes_of(f"failure_codes[{name!r}]", each) for name, each in failure_codes.items()}
    asked |= {name: bool for name in codes if name not in asked}
    output_names("command", asked)
    found = [_output(key, each, file, function, codes.get(key, ())) for key, each in asked.items()]
    return tuple(found), function


def _output(name: str, asked: Any, file: str | None, function: Any, codes: tuple[int, ...]) -> Output:
    if codes:
        if asked is not bool and asked != "bool":
            raise KernelError(f"output {name!r} has failure_codes and is no bool")
        return Output(name, "bool", None, codes)
    if isinstance(asked, str) or asked in KINDS.values():
        kind = kind_named(asked)
        return Output(name, kind, None if function else Json(name, file, kind))
    if not hasattr(asked, "described"):
        raise KernelError(
            f"output {name!r} is {asked!r}: float, int, bool, from_json(...), from_csv(...), from_xml(...) or from_text(...) was expected"
        )
    return Output(name, asked.kind, asked)
