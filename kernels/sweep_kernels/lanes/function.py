"""A function as blocks of instructions, in the terms of LLVM's language: see https://llvm.org/docs/LangRef.html."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["RAISE", "RETURN", "Block", "Function", "Instruction", "NotWidenedError", "Operand"]

RAISE = "raise"
"""Where an edge leads that ends the trial by an exception."""

RETURN = "return"
"""The one block that ends a trial well."""


class NotWidenedError(Exception):
    """A function is not one that can be compiled for many lanes; says why, in words that end ``a trial has ...``."""


@dataclass(frozen=True, slots=True)
class Operand:
    """A typed value: ``%name``, ``@name`` or a constant."""

    type: str
    value: str

    @property
    def is_local(self) -> bool:
        """Whether it is computed, or an argument."""
        return self.value.startswith("%")


@dataclass(frozen=True, slots=True)
class Instruction:
    """An instruction.

    Attributes
    ----------
    name
        ``%name`` of its result, or "".
    opcode, type
        What it does, and the type of its result.
    operands
        In LLVM's order.
    detail
        A comparison's predicate, the element type of a getelementptr, or who is called.
    labels
        The block that each operand of a phi comes from, or the blocks that a branch leads to.
    """

    name: str
    opcode: str
    type: str
    operands: tuple[Operand, ...] = ()
    detail: str = ""
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Block:
    """Phis, then the other instructions, then where it leads.

    Attributes
    ----------
    successors
        One label, or two: where it leads if the condition holds, and where if not.
    """

    label: str
    phis: list[Instruction] = field(default_factory=list[Instruction])
    body: list[Instruction] = field(default_factory=list[Instruction])
    condition: Operand | None = None
    successors: tuple[str, ...] = ()

    @property
    def instructions(self) -> Iterator[Instruction]:
        """All of them."""
        yield from self.phis
        yield from self.body


@dataclass(slots=True)
class Function:
    """A function that returns 0, or raises.

    Attributes
    ----------
    arguments
        In order.
    blocks
        By label, the entry first; none that only raises, and one, `RETURN`, that returns.
    """

    name: str
    arguments: list[Operand]
    blocks: dict[str, Block]
