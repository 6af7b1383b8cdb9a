"""One scalar instruction, for all lanes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweep_kernels.lanes.divergence import BYTES, VARYING, Divergence
from sweep_kernels.lanes.function import NotWidenedError, Operand
from sweep_kernels.lanes.memory import OWN
from sweep_kernels.lanes.values import suffixed

if TYPE_CHECKING:
    from sweep_kernels.lanes.function import Instruction
    from sweep_kernels.lanes.values import Values

__all__ = ["Instructions", "kept_slot"]

CODES = {"double": "f64", "float": "f32", "ptr": "p0"}
"""How intrinsics name types, where that is another name."""

_DIVISIONS = {"sdiv", "udiv", "srem", "urem"}

_ELEMENTWISE = {
    "fma", "fmuladd", "sqrt", "fabs", "floor", "ceil", "trunc", "rint", "nearbyint", "round", "roundeven", "copysign",
    "minnum", "maxnum", "minimum", "maximum", "minimumnum", "maximumnum", "canonicalize",
    "smin", "smax", "umin", "umax", "abs", "ctpop", "ctlz", "cttz", "fshl", "fshr", "bswap", "bitreverse", "is.fpclass",
}  # fmt: skip
"""Intrinsics that LLVM has for vectors too, and whose vectors it does not take apart again."""

_IMMEDIATE = {"abs", "ctlz", "cttz", "is.fpclass"}
"""Those whose last argument is a constant that stays a scalar."""

_MATHEMATICS = {
    "exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh", "tanh",
    "asinh", "acosh", "atanh", "pow", "hypot", "erf", "erfc", "lgamma", "tgamma", "fmod", "cbrt", "ldexp",
}  # fmt: skip
"""The C library's: called for one lane after the other."""


def kept_slot(name: str) -> str:
    """Name the memory of a value that passes through it."""
    return suffixed(name, ".kept")


_INTRINSIC = re.compile(r"llvm\.([a-z0-9.]+?)\.[fi]\d+(?:\.[fi]\d+)?$")


class Instructions:
    """Writes instructions.

    Attributes
    ----------
    declared
        Declarations of the functions that are called.
    """

    def __init__(self, values: Values, divergence: Divergence) -> None:
        self._values = values
        self._divergence = divergence
        self.declared: set[str] = set()

    def write(self, each: Instruction, mask: str, *, sure: bool) -> None:
        """Write an instruction.

        Parameters
        ----------
        mask
            The lanes that it is for.
        sure
            Whether there is one at least; else what may trap must not.
        """
        shape = self._divergence.shapes.get(each.name, 0)
        match each.opcode:
            case "keep":
                self._keep(each.operands[0])
            case "reload":
                self._reload(each)
            case "alloca":
                pass  # at the beginning of the function
            case "store":
                self._store(each, mask, sure=sure)
            case "load":
                self._load(each, mask, sure=sure)
            case _ if shape is VARYING:
                self._vector(each, mask)
            case _:
                self._scalar(each, mask, sure=sure)
        if shape is not None and shape != 0:
            self._values.widen_strided(each.name, each.type, shape)

    def _keep(self, value: Operand) -> None:
        values = self._values
        if values.is_uniform(value):
            values.store(kept_slot(value.value), value.type, value.value)
        else:
            values.store(kept_slot(value.value), values.kind(value.type), values.vector(value))

    def _reload(self, each: Instruction) -> None:
        values, (value,) = self._values, each.operands
        if values.is_uniform(value):
            self._put(each, f"load {each.type}, ptr {kept_slot(value.value)}")
        else:
            self._name(each, f"load {values.kind(each.type)}, ptr {kept_slot(value.value)}")

    # the same in all lanes

    def _scalar(self, each: Instruction, mask: str, *, sure: bool) -> None:
        operands = list(each.operands)
        if each.opcode in _DIVISIONS and not sure:
            anybody = self._values.any(mask)
            divisor = self._values.made(f"select i1 {anybody}, {each.type} {operands[1].value}, {each.type} 1")
            operands[1] = Operand(each.type, divisor)
        if each.opcode == "call":
            self._check_callee(each)
        texts = [f"{operand.type} {operand.value}" for operand in operands]
        self._put(each, _expression(each, each.type, texts, [operand.value for operand in operands]))

    def _put(self, each: Instruction, expression: str) -> None:
        self._values.write(f"{each.name} = {expression}" if each.name else expression)

    # different

    def _vector(self, each: Instruction, mask: str) -> None:
        values = self._values
        if each.opcode == "call":
            self._call(each)
            return
        if each.opcode in _DIVISIONS:
            self._divide(each, mask)
            return
        if each.opcode == "getelementptr":
            texts = [values.mixed(operand) for operand in each.operands]
        elif each.opcode == "select":
            condition, yes, no = each.operands
            texts = [values.mixed(condition), values.typed(yes), values.typed(no)]
        else:
            texts = [values.typed(operand) for operand in each.operands]
        plain = [text.partition("> ")[2] for text in texts]
        self._name(each, _expression(each, values.kind(each.type), texts, plain))

    def _name(self, each: Instruction, expression: str) -> None:
        self._values.write(f"{suffixed(each.name, '.lanes')} = {expression}")

    def _divide(self, each: Instruction, mask: str) -> None:
        """Divide; lanes that are not asked for divide by 1."""
        values, kind = self._values, self._values.kind(each.type)
        divisor = values.made(
            f"select {values.mask_type} {mask}, {values.typed(each.operands[1])}, {kind} splat ({each.type} 1)"
        )
        self._name(each, f"{each.opcode} {values.typed(each.operands[0])}, {divisor}")

    def _check_callee(self, each: Instruction) -> str | None:
        """Return the name of an elementwise intrinsic, or None for a function of the C library."""
        intrinsic = _INTRINSIC.match(each.detail)
        if intrinsic and intrinsic[1] in _ELEMENTWISE:
            self._declare(each.type, each.detail, [operand.type for operand in each.operands])
            return intrinsic[1]
        if each.detail in _MATHEMATICS or (intrinsic and intrinsic[1] in _MATHEMATICS):
            self._declare(each.type, each.detail, [operand.type for operand in each.operands])
            return None
        raise NotWidenedError(f"a call of {each.detail}")

    def _declare(self, result: str, name: str, arguments: list[str]) -> None:
        self.declared.add(f"declare {result} @{name}({', '.join(arguments)})")

    def _call(self, each: Instruction) -> None:
        name = self._check_callee(each)
        if name is None:
            self._call_for_each_lane(each)
            return
        operands = list(each.operands)
        last = [f"{operands[-1].type} {operands.pop().value}"] if name in _IMMEDIATE else []
        texts = [self._values.typed(operand) for operand in operands] + last
        suffix = re.sub(
            r"[fi](\d+)", lambda found: f"v{self._values.width}{found[0]}", each.detail.removeprefix(f"llvm.{name}")
        )
        kind, callee = self._values.kind(each.type), f"llvm.{name}{suffix}"
        self._declare(kind, callee, [_type_of(text) for text in texts])
        self._name(each, f"call {kind} @{callee}({', '.join(texts)})")

    def _call_for_each_lane(self, each: Instruction) -> None:
        values, kind = self._values, self._values.kind(each.type)
        vectors = [(operand.type, values.typed(operand)) for operand in each.operands]
        result = "poison"
        for lane in range(values.width):
            ones = [f"{scalar} {values.made(f'extractelement {text}, i64 {lane}')}" for scalar, text in vectors]
            one = values.made(f"call {each.type} @{each.detail}({', '.join(ones)})")
            result = values.made(f"insertelement {kind} {result}, {each.type} {one}, i64 {lane}")
        self._name(each, f"freeze {kind} {result}")

    # memory

    def _load(self, each: Instruction, mask: str, *, sure: bool) -> None:
        (pointer,) = each.operands
        stride, values = self._divergence.shape(pointer), self._values
        if stride == 0:
            place = pointer.value if sure else self._safe(pointer, mask)
            self._put(each, f"load {each.type}, ptr {place}, align {BYTES.get(each.type, 1)}")
            return
        kind, size = values.kind(each.type), BYTES.get(each.type, 1)
        if stride == size and sure and each.detail == OWN:  # there is memory for all lanes
            self._name(each, f"load {kind}, ptr {pointer.value}, align {size}")
            return
        if stride == size:
            callee, place = f"llvm.masked.load.{self._code(each.type)}.p0", f"ptr {pointer.value}"
        else:
            callee, place = f"llvm.masked.gather.{self._code(each.type)}.v{values.width}p0", values.typed(pointer)
        self._declare(kind, callee, [_type_of(place), "i32", values.mask_type, kind])
        self._name(each, f"call {kind} @{callee}({place}, i32 {size}, {values.mask_type} {mask}, {kind} poison)")

    def _store(self, each: Instruction, mask: str, *, sure: bool) -> None:
        value, pointer = each.operands
        stride, values, size = self._divergence.shape(pointer), self._values, BYTES.get(value.type, 1)
        if stride == 0:
            if not values.is_uniform(value):
                raise NotWidenedError("trials that write to the same place")
            place = pointer.value if sure else self._safe(pointer, mask)
            values.write(f"store {value.type} {value.value}, ptr {place}, align {size}")
            return
        kind = values.kind(value.type)
        if stride == size:
            callee, place = f"llvm.masked.store.{self._code(value.type)}.p0", f"ptr {pointer.value}"
        else:
            callee, place = f"llvm.masked.scatter.{self._code(value.type)}.v{values.width}p0", values.typed(pointer)
        self._declare("void", callee, [kind, _type_of(place), "i32", values.mask_type])
        values.write(f"call void @{callee}({values.typed(value)}, {place}, i32 {size}, {values.mask_type} {mask})")

    def _safe(self, pointer: Operand, mask: str) -> str:
        """Return where to read or write when it may be that no lane wants to."""
        return self._values.made(f"select i1 {self._values.any(mask)}, ptr {pointer.value}, ptr %lanes.nowhere")

    def _code(self, kind: str) -> str:
        return f"v{self._values.width}{CODES.get(kind, kind)}"


def _type_of(text: str) -> str:
    """Return the type in ``type value``.

    >>> _type_of("<4 x i64> splat (i64 1)"), _type_of("i1 false")
    ('<4 x i64>', 'i1')
    """
    return text[: text.index(">") + 1] if text.startswith("<") else text.split(maxsplit=1)[0]


def _expression(each: Instruction, kind: str, texts: list[str], plain: list[str]) -> str:  # noqa: PLR0911 - as above
    """Write the right side of an instruction, from operands with and without their types."""
    match each.opcode:
        case "icmp" | "fcmp":
            return f"{each.opcode} {each.detail} {texts[0]}, {plain[1]}"
        case "getelementptr":
            return f"getelementptr {each.detail}, {', '.join(texts)}"
        case "call":
            return f"call {kind} @{each.detail}({', '.join(texts)})"
        case "select":
            return f"select {', '.join(texts)}"
        case "fneg" | "freeze":
            return f"{each.opcode} {texts[0]}"
        case _ if len(texts) == 1:
            return f"{each.opcode} {texts[0]} to {kind}"
        case _:
            return f"{each.opcode} {texts[0]}, {plain[1]}"
