"""Values of many lanes, in LLVM assembly."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from sweep_kernels.lanes.divergence import VARYING

if TYPE_CHECKING:
    from sweep_kernels.lanes.divergence import Divergence
    from sweep_kernels.lanes.function import Operand

__all__ = ["Values", "label", "suffixed"]

_ALIKE = {"undef", "poison", "zeroinitializer"}


def suffixed(name: str, suffix: str) -> str:
    """Name something after something else.

    >>> suffixed("%x", ".lanes"), suffixed('%"x y"', ".lanes")
    ('%x.lanes', '%"x y.lanes"')
    """
    return f'{name[:-1]}{suffix}"' if name.endswith('"') else name + suffix


def label(kind: str, name: str) -> str:
    """Name a block that is about another one.

    >>> label("enter", '"x y"')
    '"enter x y"'
    """
    return f'"{kind} {name.strip(chr(34))}"'


class Values:
    """Writes lines of assembly, and knows how values are written.

    A value that is the same in all lanes is a scalar; one with a stride is a scalar, of lane 0, and a vector; any other is a vector.

    Attributes
    ----------
    lines
        What was written.
    """

    def __init__(self, divergence: Divergence, width: int) -> None:
        self._divergence = divergence
        self._count = itertools.count()
        self.width = width
        self.lines: list[str] = []
        self.mask_type = self.kind("i1")

    def kind(self, scalar: str) -> str:
        """Return the type of a vector."""
        return f"<{self.width} x {scalar}>"

    def write(self, line: str) -> None:
        """Write an instruction."""
        self.lines.append(f"  {line}")

    def begin(self, name: str) -> None:
        """Begin a block."""
        self.lines.append(f"{name}:")

    def made(self, expression: str) -> str:
        """Write an instruction and return its result."""
        name = f"%lanes.{next(self._count)}"
        self.write(f"{name} = {expression}")
        return name

    def is_uniform(self, operand: Operand) -> bool:
        """Whether all lanes have the same value."""
        return self._divergence.shape(operand) == 0

    def vector(self, operand: Operand) -> str:
        """Return a value of all lanes."""
        if not self.is_uniform(operand):
            return suffixed(operand.value, ".lanes")
        if not operand.is_local:
            return operand.value if operand.value in _ALIKE else f"splat ({operand.type} {operand.value})"
        return self.spread(operand.type, operand.value)

    def typed(self, operand: Operand) -> str:
        """Return a value of all lanes with its type."""
        return f"{self.kind(operand.type)} {self.vector(operand)}"

    def mixed(self, operand: Operand) -> str:
        """Return a value with its type, as a scalar where it can be one."""
        return f"{operand.type} {operand.value}" if self.is_uniform(operand) else self.typed(operand)

    def spread(self, kind: str, value: str) -> str:
        """Give all lanes one value."""
        one = self.made(f"insertelement {self.kind(kind)} poison, {kind} {value}, i64 0")
        return self.made(
            f"shufflevector {self.kind(kind)} {one}, {self.kind(kind)} poison, {self.kind('i32')} zeroinitializer"
        )

    def steps(self, stride: int) -> str:
        """Return ``0, stride, 2 stride, ...``, as i64."""
        return "<" + ", ".join(f"i64 {lane * stride}" for lane in range(self.width)) + ">"

    def widen_strided(self, name: str, kind: str, stride: int) -> None:
        """Write the vector of a value that has a stride and whose scalar is lane 0's."""
        wide = suffixed(name, ".lanes")
        if kind == "ptr":
            self.write(f"{wide} = getelementptr i8, ptr {name}, {self.kind('i64')} {self.steps(stride)}")
        else:
            first = self.spread("i64", name)
            self.write(f"{wide} = add {self.kind('i64')} {first}, {self.steps(stride)}")

    # masks

    def both(self, mask: str, condition: str) -> str:
        """Return where a mask and a condition hold; what the condition is elsewhere does not matter, not even if it is poison."""
        return self.made(
            f"select {self.mask_type} {mask}, {self.mask_type} {condition}, {self.mask_type} zeroinitializer"
        )

    def without(self, mask: str, condition: str) -> str:
        """Return where a mask holds and a condition does not."""
        return self.made(
            f"select {self.mask_type} {mask}, {self.mask_type} {self.opposite(condition)}, {self.mask_type} zeroinitializer"
        )

    def opposite(self, condition: str) -> str:
        """Return where a condition does not hold."""
        return self.made(f"xor {self.mask_type} {condition}, splat (i1 true)")

    def any(self, mask: str) -> str:
        """Return whether a mask holds anywhere."""
        bits = self.made(f"bitcast {self.mask_type} {mask} to i{self.width}")
        return self.made(f"icmp ne i{self.width} {bits}, 0")

    # memory that becomes registers

    def load(self, slot: str, kind: str) -> str:
        """Read a slot."""
        return self.made(f"load {kind}, ptr {slot}")

    def store(self, slot: str, kind: str, value: str) -> None:
        """Write a slot."""
        self.write(f"store {kind} {value}, ptr {slot}")

    def is_varying(self, operand: Operand) -> bool:
        """Whether a value has no stride."""
        return self._divergence.shape(operand) is VARYING
