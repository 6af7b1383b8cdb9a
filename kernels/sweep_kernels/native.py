"""The tower of scalar functions, compiled: numba's view of ``rng`` and of the functions under it.

Imported only when something must be compiled. A trial's ``rng`` is a pointer to a small struct in the driver's frame; everything is
inlined, so LLVM keeps the struct in registers, folds the draw counters to constants in straight-line kernels and vectorises over trials.
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
import builtins
import functools
import inspect
import types as pytypes
from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba import njit, types  # type: ignore[import-untyped]
from numba.core import callconv, cgutils  # type: ignore[import-untyped]
from numba.core.datamodel import models  # type: ignore[import-untyped]
from numba.core.imputils import (  # type: ignore[import-untyped]
    lower_getattr_generic,
    lower_setattr_generic,
)
from numba.core.typing.templates import AttributeTemplate, infer_getattr  # type: ignore[import-untyped]
from numba.extending import intrinsic, overload_method, register_model  # type: ignore[import-untyped]

from sweep_kernels import arithmetic, arrays, draws
from sweep_kernels.exponents import written
from sweep_kernels.mathematics import power
from sweep_kernels.powers import define_powers
from sweep_kernels.repeatable import quiet
from sweep_kernels.shifts import define_shifts
from sweep_kernels.snapshot import INSTRUCTIONS, Namespace, library_name, outer_names

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["INLINE", "Compiler", "RngType", "compiled", "make_rng", "rng_type"]

INLINE = {"forceinline": True, "error_model": "numpy"}
CHECKED = {"forceinline": True, "error_model": "sweep", "boundscheck": True}
LIBRARY = {**CHECKED, "error_model": "sweep_library"}
INT64, DOUBLE = ir.IntType(64), ir.DoubleType()
OWN = {"sweep_kernels.repeatable", "sweep_kernels.interpolation"}
"""Modules whose functions a kernel refers to without knowing it."""

FIELDS = {
    **dict.fromkeys(("k0", "k1", "c1", "c2", "c3", "uniforms", "normals"), types.int64),
    **dict.fromkeys(("spare_uniform", "spare_normal", "log_weight"), types.float64),
}
POSITION = {name: position for position, name in enumerate(FIELDS)}
STRUCT = ir.LiteralStructType([INT64 if each is types.int64 else DOUBLE for each in FIELDS.values()])


class _SweepErrorModel(callconv.NumpyErrorModel):
    """An integer divided by zero raises, as in plain Python; a float gives inf or NaN, which is counted and reported."""

    def fp_zero_division(self, builder: Any, exc_args: Any = None, loc: Any = None) -> bool:
        if not exc_args or not exc_args[0].startswith(
            "integer"
        ):  # numba asks for both, and tells them apart by this word only
            return False
        self.call_conv.return_user_exc(builder, ZeroDivisionError, exc_args, loc)
        return True


class _LibraryErrorModel(_SweepErrorModel):
    """Of a kernel whose mathematics are the C library's."""


callconv.error_models["sweep"] = _SweepErrorModel
callconv.error_models["sweep_library"] = _LibraryErrorModel
define_shifts(lambda context: isinstance(context.error_model, _SweepErrorModel))


class RngType(types.Type):
    """Type of ``rng`` in compiled trials."""

    def __init__(self) -> None:
        super().__init__(name="sweep_kernels.Rng")


rng_type = RngType()


@register_model(RngType)
class _RngModel(models.PrimitiveModel):
    def __init__(self, manager: Any, fe_type: Any) -> None:
        super().__init__(manager, fe_type, STRUCT.as_pointer())


@infer_getattr
class _RngAttributes(AttributeTemplate):
    key = RngType

    def generic_resolve(self, rng: Any, name: str) -> Any:
        del rng
        return FIELDS.get(name)


def _field(builder: Any, pointer: Any, name: str) -> Any:
    return cgutils.gep_inbounds(builder, pointer, 0, POSITION[name])


@lower_getattr_generic(RngType)
def _get_field(context: Any, builder: Any, typ: Any, value: Any, name: str) -> Any:
    del context, typ
    return builder.load(_field(builder, value, name))


@lower_setattr_generic(RngType)
def _set_field(context: Any, builder: Any, signature: Any, arguments: Any, name: str) -> None:
    pointer, value = arguments
    value = context.cast(builder, value, signature.args[1], FIELDS[name])
    builder.store(value, _field(builder, pointer, name))


@intrinsic
def make_rng(context: Any, k0: Any, k1: Any, c1: Any, c2: Any, c3: Any) -> Any:
    """Start the draws of one trial."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = cgutils.alloca_once(builder, STRUCT)
        zeros = [ir.Constant(INT64, 0)] * 2 + [ir.Constant(DOUBLE, 0.0)] * 3
        for name, value in zip(FIELDS, [*arguments, *zeros], strict=True):
            builder.store(value, _field(builder, pointer, name))
        return pointer

    return rng_type(*[types.int64] * 5), generate


@intrinsic
def _bits_of(context: Any, x: Any) -> Any:
    return types.int64(types.float64), lambda _c, builder, _s, arguments: builder.bitcast(arguments[0], INT64)


@intrinsic
def _float_of_bits(context: Any, bits: Any) -> Any:
    return types.float64(types.int64), lambda _c, builder, _s, arguments: builder.bitcast(arguments[0], DOUBLE)


@intrinsic
def _fma(context: Any, x: Any, y: Any, z: Any) -> Any:
    return types.float64(*[types.float64] * 3), lambda _c, builder, _s, arguments: builder.fma(*arguments)


@intrinsic
def _select(context: Any, condition: Any, a: Any, b: Any) -> Any:
    kind = types.float64 if isinstance(a, types.Float) else types.int64
    return kind(types.boolean, kind, kind), lambda _c, builder, _s, arguments: builder.select(*arguments)


# Keyed by identity: a plain function of ours on the left, what stands for it in compiled code on the right.
STAND_INS = arrays.STAND_INS | {
    id(getattr(arithmetic, name)): each
    for name, each in zip(INSTRUCTIONS, (_bits_of, _float_of_bits, _fma, _select), strict=True)
}


def compiled(function: Callable[..., Any], *, inline: bool = True) -> Any:
    """Make a plain function, and every plain function that it calls, compilable. See `Compiler.compiled`."""
    return Compiler(checked=False).compiled(function, inline=inline)


class Compiler:
    """Makes plain functions compilable, with the plain functions among the names that they read replaced by compilable ones.

    Parameters
    ----------
    checked
        Whether an index out of an array's range and an integer divided by zero raise, as in plain Python.
    stand_ins
        What stands for further plain functions, each keyed by the identity of the plain one.
    own_mathematics
        Whether ``**`` of floats is ours in checked code.

    Attributes
    ----------
    dispatchers
        What numba compiles on the first call: all that were made.
    """

    def __init__(self, *, checked: bool, stand_ins: dict[int, Any] | None = None, own_mathematics: bool = True) -> None:
        self.dispatchers: list[Any] = []
        self._options = (CHECKED if own_mathematics else LIBRARY) if checked else INLINE
        self._made = STAND_INS | (stand_ins or {})

    def compiled(self, function: Callable[..., Any], *, inline: bool = True, pipeline: Any = None) -> Any:
        """Make a plain function that does not call itself compilable; it is not changed.

        Parameters
        ----------
        function
            A plain Python function.
        inline
            Whether LLVM must inline it into its callers.
        pipeline
            Numba's passes, where they are not the usual ones.
        """
        options = self._options if inline else {"error_model": "numpy", "_nrt": False}
        if pipeline is not None:
            options = {**options, "pipeline_class": pipeline}
        made = njit(**options)(self.bound(function))
        self.dispatchers.append(made)
        return made

    def bound(self, function: Any) -> Any:
        """Copy a function, bound to compilable ones."""
        code = written(function)
        scope = dict(function.__globals__)
        for name in {dotted[0] for dotted in outer_names(code)} & scope.keys():
            scope[name] = self._stand_in(scope[name])
        closure = tuple(pytypes.CellType(self._stand_in(each.cell_contents)) for each in function.__closure__ or ())
        copy = pytypes.FunctionType(code, scope, function.__name__, function.__defaults__, closure or None)
        copy.__kwdefaults__ = function.__kwdefaults__
        copy.__module__ = function.__module__
        copy.__qualname__ = function.__qualname__
        return copy

    def _stand_in(self, value: Any) -> Any:
        if isinstance(value, Namespace):
            inner = Namespace(value.__name__)
            vars(inner).update({name: self._stand_in(each) for name, each in vars(value).items()})
            return inner
        if id(value) not in self._made:
            if not isinstance(value, pytypes.FunctionType) or library_name(value) or _is_builtin(value):
                return value
            self._made[id(value)] = _own(value) if value.__module__ in OWN else self.compiled(value)
        return self._made[id(value)]


def _is_builtin(function: Callable[..., Any]) -> bool:
    """Tell whether a function is in a builtin's place, as Ray's own is in that of print: no kernel may call it, and it is not to be compiled."""
    return any(each is function for each in vars(builtins).values())


@functools.cache
def _own(function: Callable[..., Any]) -> Any:
    """Make a function of ours compilable once for all kernels."""
    return compiled(quiet(function))


def _register(name: str, function: Callable[..., Any]) -> None:
    implementation = _draws.bound(function)

    def method(*arguments: Any, **named: Any) -> Any:
        tables = [each for each in (*arguments, *named.values()) if isinstance(each, types.Array) and each.ndim != 1]
        return None if tables else implementation

    method.__signature__ = inspect.signature(implementation)  # type: ignore[attr-defined] - numba folds arguments by it
    method.__name__, method.__qualname__ = name, f"rng.{name}"  # numba's errors say it
    overload_method(RngType, name, jit_options=INLINE)(method)


_draws = Compiler(checked=False)
for _name, _function in draws.METHODS.items():
    _register(_name, _function)

define_powers(lambda context: type(context.error_model) is _SweepErrorModel, compiled(power))
