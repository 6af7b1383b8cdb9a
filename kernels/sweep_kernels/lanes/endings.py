"""How a function ends: well in one block, or by an exception, of which no more is known than that there was one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_kernels.lanes.function import RAISE, RETURN, Block, NotWidenedError

if TYPE_CHECKING:
    from sweep_kernels.lanes.function import Instruction, Operand

__all__ = ["with_two_endings"]


def with_two_endings(blocks: dict[str, Block]) -> dict[str, Block]:
    """Turn returns of anything but 0 into edges to `RAISE`, drop what only raises, and let all else end in one block."""
    entry = next(iter(blocks))
    _split_returns(blocks)
    _drop_raising(blocks)
    if entry not in blocks:
        raise NotWidenedError("every trial raises")
    blocks[RETURN] = Block(RETURN)
    _drop_unreached(blocks)
    if RETURN not in blocks:
        raise NotWidenedError("every trial raises")
    return blocks


def _split_returns(blocks: dict[str, Block]) -> None:
    """Turn returns of a status other than 0 into edges to `RAISE`."""
    for block in [each for each in blocks.values() if each.successors == (RETURN,)]:
        assert block.condition is not None
        status, block.condition = block.condition, None
        made = next((each for each in block.instructions if each.name == status.value), None)
        if made is None:
            block.successors = (_end_of(status),)
        elif made.opcode == "phi":
            for operand, label in zip(made.operands, made.labels, strict=True):
                if _end_of(operand) == RAISE:
                    _lead_to_raise(blocks[label], block)
        elif made.opcode == "select":
            block.condition = made.operands[0]
            block.successors = (_end_of(made.operands[1]), _end_of(made.operands[2]))
        else:
            raise NotWidenedError("errors that are raised in too many ways")


def _end_of(status: Operand) -> str:
    if status.is_local:
        raise NotWidenedError("errors that are raised in too many ways")
    return RETURN if status.value == "0" else RAISE


def _lead_to_raise(source: Block, block: Block) -> None:
    source.successors = tuple(RAISE if each == block.label else each for each in source.successors)
    block.phis = [_without(each, source.label) for each in block.phis]


def _without(phi: Instruction, label: str) -> Instruction:
    pairs = [(operand, each) for operand, each in zip(phi.operands, phi.labels, strict=True) if each != label]
    return replace(phi, operands=tuple(operand for operand, _ in pairs), labels=tuple(each for _, each in pairs))


def _drop_raising(blocks: dict[str, Block]) -> None:
    changed = True
    while changed:
        changed = False
        for block in list(blocks.values()):
            if set(block.successors) == {RAISE}:
                del blocks[block.label]
                _redirect(blocks, block.label, RAISE)
                changed = True
    for block in blocks.values():
        if len(set(block.successors)) == 1 and len(block.successors) == 2:
            block.successors, block.condition = block.successors[:1], None


def _redirect(blocks: dict[str, Block], label: str, to: str) -> None:
    for each in blocks.values():
        each.successors = tuple(to if successor == label else successor for successor in each.successors)


def _drop_unreached(blocks: dict[str, Block]) -> None:
    reached, waiting = set[str](), [next(iter(blocks))]
    while waiting:
        label = waiting.pop()
        if label not in reached and label in blocks:
            reached.add(label)
            waiting += blocks[label].successors
    for label in blocks.keys() - reached:
        del blocks[label]
    for block in blocks.values():
        for label in {each for phi in block.phis for each in phi.labels} - blocks.keys():
            block.phis = [_without(each, label) for each in block.phis]
