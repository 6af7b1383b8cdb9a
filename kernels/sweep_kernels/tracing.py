"""An `rng` for plain Python that notes every draw: what was asked for, what came of it, and which line of the kernel asked."""

from __future__ import annotations

import functools
import inspect
from dataclasses import dataclass
from typing import Any

from sweep_kernels.rng import Rng

__all__ = ["Draw", "TracedRng"]


@dataclass(frozen=True, slots=True)
class Draw:
    """One call of a method of ``rng``.

    Attributes
    ----------
    method
        Its name.
    arguments
        As in the call: ``"0.0, 2.5"``.
    value
        What it returned; of ``shuffle``, a list of what the array was afterwards.
    file, line
        Where it was called.
    uniforms, normals
        How many words of each sequence the trial had taken before: where the draw stands in them.
    """

    method: str
    arguments: str
    value: Any
    file: str
    line: int
    uniforms: int
    normals: int


class TracedRng(Rng):
    """The same draws as `Rng`, to the bit, each appended to `drawn`.

    >>> rng = TracedRng(seed=1, point=0, trial=0)
    >>> rng.normal(0.0, 2.0) == rng.drawn[0].value, rng.drawn[0].method, rng.drawn[0].arguments
    (True, 'normal', '0.0, 2.0')
    """

    __slots__ = ("drawn",)

    def __init__(self, seed: int, point: int, trial: int) -> None:
        super().__init__(seed, point, trial)
        self.drawn: list[Draw] = []


def _noting(name: str) -> Any:
    """Return a method that draws as that of `Rng` does, and notes it."""
    method = getattr(Rng, name)

    @functools.wraps(method)
    def draw(self: TracedRng, *arguments: Any, **named: Any) -> Any:
        frame = inspect.currentframe()
        caller = frame.f_back if frame is not None else None
        before = self.uniforms, self.normals
        value = method(self, *arguments, **named)
        said = ", ".join([*map(repr, arguments), *(f"{key}={each!r}" for key, each in named.items())])
        noted = list(arguments[0]) if name == "shuffle" else value
        place = (caller.f_code.co_filename, caller.f_lineno) if caller is not None else ("", 0)
        self.drawn.append(Draw(name, said, noted, *place, *before))
        return value

    return draw


for _name, _method in vars(Rng).items():
    if callable(_method) and not _name.startswith("_") and _name != "check_drawn":
        setattr(TracedRng, _name, _noting(_name))
