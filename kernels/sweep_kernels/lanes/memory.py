"""Memory of a trial's own: arrays that it makes, and tuples that are looked up at a position found as it runs.

That of many lanes is interleaved: element 0 of each lane, then element 1 of each, and so on. So where all lanes look at the same
element they look at neighbours, one vector.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweep_kernels.lanes.divergence import BYTES
from sweep_kernels.lanes.function import Block, Function, Instruction, NotWidenedError, Operand

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["OWN", "interleaved", "rooms_of"]

OWN = "own"
"""Detail of a load or store within memory of the trial's own."""

TANGLED = "memory that is looked at in more ways than one"
_NOTHING = {"null", "undef", "poison"}


def rooms_of(function: Function) -> list[Instruction]:
    """Return the instructions that take memory."""
    return [each for block in function.blocks.values() for each in block.body if each.opcode == "alloca"]


def interleaved(function: Function, width: int) -> tuple[Function, dict[str, int]]:
    """Give every lane its own memory.

    Parameters
    ----------
    function
        For one trial.
    width
        How many lanes.

    Returns
    -------
    tuple
        The function, whose addresses within such memory are `width` times as far apart; and for each piece of memory by how many bytes the next
        lane's begins after it.

    Raises
    ------
    NotWidenedError
        If elements of different sizes are read or written in one piece, or its address goes anywhere else.
    """
    rooms = rooms_of(function)
    if not rooms:
        return function, {}
    origins = _Origins(function, rooms)
    sizes = origins.sizes()
    blocks = {label: _scaled(block, origins, width) for label, block in function.blocks.items()}
    return Function(function.name, function.arguments, blocks), sizes


@dataclass(slots=True)
class _Group:
    """Pieces of memory that one pointer may point into."""

    rooms: set[str]
    accesses: set[int]


class _Origins:
    """Which piece of memory each pointer points into."""

    def __init__(self, function: Function, rooms: list[Instruction]) -> None:
        self._function = function
        self._rooms = {each.name: each for each in rooms}
        self._groups = {each.name: _Group({each.name}, set()) for each in rooms}
        while self._follow():
            pass
        self._mixed: set[str] = set()
        while self._mix():
            pass
        for each in self._instructions():
            self._check(each)

    def __contains__(self, name: str) -> bool:
        return name in self._groups

    def sizes(self) -> dict[str, int]:
        """Return the size of the elements of each piece of memory."""
        found: dict[str, int] = {}
        for name, room in self._rooms.items():
            accesses = self._groups[name].accesses or {BYTES[room.detail.rpartition(" ")[2]]}
            if len(accesses) > 1:
                raise NotWidenedError(TANGLED)
            found[name] = min(accesses)
        return found

    def _instructions(self) -> Iterator[Instruction]:
        for block in self._function.blocks.values():
            yield from block.instructions

    def _follow(self) -> bool:
        changed = False
        for each in self._instructions():
            if each.type != "ptr" or each.opcode not in {"getelementptr", "phi", "select"}:
                continue
            for operand in each.operands:
                changed |= operand.value in self._groups and self._join(each.name, operand.value)
        return changed

    def _join(self, name: str, other: str) -> bool:
        """Have two pointers point into the same pieces of memory."""
        group, more = self._groups.get(name), self._groups[other]
        if group is more:
            return False
        if group is not None:
            more.rooms |= group.rooms
            self._groups |= {each: more for each, its in self._groups.items() if its is group}
        self._groups[name] = more
        return True

    def _mix(self) -> bool:
        """Find pointers that may also point to memory that all trials share: one cannot go on from there."""
        before = len(self._mixed)
        for each in self._instructions():
            if each.name in self._groups and each.opcode in {"phi", "select"}:
                pointers = [operand.value for operand in each.operands if operand.type == "ptr"]
                if any(value in self._mixed or value not in {*self._groups, *_NOTHING} for value in pointers):
                    self._mixed.add(each.name)
        return len(self._mixed) > before

    def _check(self, each: Instruction) -> None:
        own = [operand for operand in each.operands if operand.value in self._groups]
        if not own:
            return
        match each.opcode:
            case "load":
                self._groups[own[0].value].accesses.add(BYTES[each.type])
            case "store" if each.operands[0] not in own:
                self._groups[own[0].value].accesses.add(BYTES[each.operands[0].type])
            case "getelementptr" if (
                own == [each.operands[0]] and own[0].value not in self._mixed and "{" not in each.detail
            ):
                pass
            case "phi" | "select":
                pass
            case _:
                raise NotWidenedError(TANGLED)


def _scaled(block: Block, origins: _Origins, width: int) -> Block:
    body = list[Instruction]()
    for each in block.body:
        body += _rewritten(each, origins, width)
    return Block(block.label, block.phis, body, block.condition, block.successors)


def _rewritten(each: Instruction, origins: _Origins, width: int) -> list[Instruction]:
    match each.opcode:
        case "load" if each.operands[0].value in origins:
            return [replace(each, detail=OWN)]
        case "store" if each.operands[1].value in origins:
            return [replace(each, detail=OWN)]
        case "alloca":
            many, _, kind = each.detail.partition(" x ")
            return [replace(each, detail=f"{int(many) * width} x {kind}")]
        case "getelementptr" if each.operands[0].value in origins:
            return _further(each, width)
        case _:
            return [each]


def _further(each: Instruction, width: int) -> list[Instruction]:
    """Go `width` times as far."""
    before, indices = list[Instruction](), list[Operand]()
    for position, index in enumerate(each.operands[1:]):
        if not index.is_local:
            indices.append(replace(index, value=str(int(index.value) * width)))
            continue
        name = f'%"{each.name.strip(chr(37) + chr(34))} scaled {position}"'
        before.append(Instruction(name, "mul", index.type, (index, Operand(index.type, str(width)))))
        indices.append(Operand(index.type, name))
    return [*before, replace(each, operands=(each.operands[0], *indices))]
