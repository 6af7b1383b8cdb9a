"""One trial of a kernel as a function in LLVM's assembly, whatever runs it then."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
import functools
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from numba import njit, types  # type: ignore[import-untyped]
from numba.core import config  # type: ignore[import-untyped]
from numba.core.compiler_lock import global_compiler_lock  # type: ignore[import-untyped]

from sweep_kernels.counter import DRAW_LIMIT
from sweep_kernels.distributions import drawing
from sweep_kernels.errors import KernelError
from sweep_kernels.explained import explained, is_array_alone
from sweep_kernels.filling import filler, of_draws
from sweep_kernels.loading import loader
from sweep_kernels.modules import Assembly, assembly_of, room_of, simplified
from sweep_kernels.native import INLINE, Compiler, make_rng
from sweep_kernels.refusals import refuse_arrays, refuse_code, refuse_room, refuse_types, refuse_unset
from sweep_kernels.returning import InTuple
from sweep_kernels.storing import storer
from sweep_kernels.weights import WEIGHT

if TYPE_CHECKING:
    from collections.abc import Generator

    from sweep_kernels.declaration import Kernel

__all__ = ["ONE_ARGUMENTS", "STRIDES", "OneTrial", "one_trial"]

ONE_ARGUMENTS = (
    *[types.int64] * 5, types.CPointer(types.int64), types.int64, types.CPointer(types.int64),
    types.CPointer(types.float64), types.int64, types.int64,
)  # fmt: skip
"""Key, counter, the words of all points, which point, where the tables are; values, their stride, and which column of them."""
STRIDES = {"%arg.c2": 1, "%arg.i": 1}
"""What differs from one trial to the next."""


class OneTrial(NamedTuple):
    """A module with one trial, in its simplest scalar form.

    Attributes
    ----------
    text
        The module. It names this machine as its target, and has nothing in it that only this machine can do.
    entry
        The function. It takes a result and an exception that nobody reads, then `ONE_ARGUMENTS`; returns an i32, 0 unless the trial raised.
    output_kinds
        For each output ``"int"``, ``"float"`` or ``"bool"``.
    made
        What it was before it was simplified: functions that call each other, as numba writes them.
    """

    text: str
    entry: str
    output_kinds: tuple[str, ...]
    made: Assembly


@functools.lru_cache(maxsize=8)
def one_trial(kernel: Kernel, kinds: tuple[str, ...]) -> OneTrial:
    """Return one trial of a kernel for parameters of the given kinds.

    The last few are remembered: trials side by side, one after the other and on a GPU are made of the same one, and numba needs about
    as long for it as LLVM for the rest.

    Raises
    ------
    KernelError
        If numba cannot type the function, it would compile into something else than plain Python does, or it does not return one number
        for each output.
    """
    made, found = _made(kernel, kinds)
    text = simplified(made)
    refuse_room(kernel, room_of(text))
    return OneTrial(text, made.entry, tuple(found), made)


def _made(kernel: Kernel, kinds: tuple[str, ...], pipeline: Any = None) -> tuple[Assembly, list[str]]:
    """Have numba compile a trial, and refuse what it would misread; return the kinds of its outputs too."""
    found: dict[int, list[str]] = {}
    compiler = Compiler(checked=True, own_mathematics=kernel.own_mathematics)
    trial = compiler.compiled(kernel.frozen, pipeline=pipeline)
    functions = [each.py_func for each in compiler.dispatchers]
    refuse_code(functions)
    refuse_arrays(functions)
    try:
        with _heard() as said:
            made = assembly_of(_one(kernel, kinds, trial, found), types.void(*ONE_ARGUMENTS))
    except Exception as error:  # noqa: BLE001 - numba asserts, and stumbles, over what it does not expect
        if pipeline is None and is_array_alone(kernel, error):
            return _made(kernel, kinds, InTuple)
        raise KernelError(explained(kernel, functions, error)) from None
    refuse_unset(functions, said)
    refuse_types(compiler.dispatchers)
    return made, [kind for _, kinds_found in sorted(found.items()) for kind in kinds_found]


@contextmanager
def _heard() -> Generator[list[Warning]]:
    """Have numba tell of variables that may not have been set; what else it warns of is of no use to anybody."""
    with global_compiler_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        kept, config.ALWAYS_WARN_UNINIT_VAR = config.ALWAYS_WARN_UNINIT_VAR, 1
        said: list[Warning] = []
        try:
            yield said
        finally:
            config.ALWAYS_WARN_UNINIT_VAR = kept
            said += [each.message for each in caught if isinstance(each.message, Warning)]


def _one(kernel: Kernel, kinds: tuple[str, ...], trial: Any, found: dict[int, list[str]]) -> Any:
    if kernel.is_weighted:
        return _one_weighted(kernel, kinds, trial, found)
    if kernel.draws:
        return _one_drawing(kernel, kinds, trial, found)
    load = loader(kinds)
    store = storer(kernel.outputs, found)

    def one(k0, k1, c1, c2, c3, parameters, row, tables, values, stride, i):
        rng = make_rng(k0, k1, c1, c2, c3)
        result = trial(rng, *load(parameters, row, tables))
        if rng.uniforms > DRAW_LIMIT or rng.normals > DRAW_LIMIT or rng.log_weight != 0.0:
            raise OverflowError
        store(values, stride, i, result, 1.0)

    return one


def _one_drawing(kernel: Kernel, kinds: tuple[str, ...], trial: Any, found: dict[int, list[str]]) -> Any:
    """As `_one`, of a kernel some of whose parameters the trial draws: these are stored after what it returns."""
    load, draw, fill = loader(kinds), _draw_of(kernel), _fill_of(kernel)
    store = storer(kernel.returned, found)
    store_drawn = storer(tuple(kernel.draws), found, len(kernel.returned))

    def one(k0, k1, c1, c2, c3, parameters, row, tables, values, stride, i):
        rng = make_rng(k0, k1, c1, c2, c3)
        drawn = draw(rng)
        result = trial(rng, *fill(load(parameters, row, tables), drawn))
        if rng.uniforms > DRAW_LIMIT or rng.normals > DRAW_LIMIT or rng.log_weight != 0.0:
            raise OverflowError
        store(values, stride, i, result, 1.0)
        store_drawn(values, stride, i, drawn, 1.0)

    return one


def _one_weighted(kernel: Kernel, kinds: tuple[str, ...], trial: Any, found: dict[int, list[str]]) -> Any:
    """As `_one_drawing`, of a kernel whose trials have weights: after all that it gives stands the weight, then all of it times the weight."""
    load, draw, fill, weigh = loader(kinds), _draw_of(kernel), _fill_of(kernel), _weigh_of(kernel)
    given = len(kernel.outputs) - 1
    store = storer(kernel.returned, found, 0, given + 1)
    store_drawn = storer(tuple(kernel.draws), found, len(kernel.returned), given + 1) if kernel.draws else _no_store
    store_weight = storer((WEIGHT,), found, given)
    found[given + 1] = ["float"] * given

    def one(k0, k1, c1, c2, c3, parameters, row, tables, values, stride, i):
        rng = make_rng(k0, k1, c1, c2, c3)
        drawn = draw(rng)
        result = trial(rng, *fill(load(parameters, row, tables), drawn))
        if rng.uniforms > DRAW_LIMIT or rng.normals > DRAW_LIMIT:
            raise OverflowError
        weight = weigh(rng.log_weight, drawn)
        store(values, stride, i, result, weight)
        store_drawn(values, stride, i, drawn, weight)
        store_weight(values, stride, i, weight, weight)

    return one


def _draw_of(kernel: Kernel) -> Any:
    return Compiler(checked=False, stand_ins=of_draws()).compiled(drawing(kernel.drawn_from))


def _fill_of(kernel: Kernel) -> Any:
    return filler([kernel.parameters.index(name) for name in kernel.draws])


def _weigh_of(kernel: Kernel) -> Any:
    return Compiler(checked=False, stand_ins=of_draws()).compiled(kernel.weigh)


def _stores_nothing(values, stride, i, drawn, weight):
    return


_no_store = njit(**INLINE)(_stores_nothing)
