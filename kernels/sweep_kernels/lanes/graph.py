"""The shape of a function: its loops, and within each the order of what it consists of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sweep_kernels.lanes.function import RAISE, RETURN, NotWidenedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_kernels.lanes.function import Block, Function

__all__ = ["Loop", "loops_of"]


@dataclass(eq=False, slots=True)
class Loop:
    """A loop, or the whole function as one that is gone through once.

    A loop's *nodes* are its blocks that are in no inner loop, and the headers of its inner loops, which stand for these. Without the way back
    from latch to header they are a graph without cycles.

    Attributes
    ----------
    header, latch
        Labels of the block that it begins with, and of the one that leads back to it, or returns.
    blocks
        All labels, those of inner loops too.
    parent
        None for the function.
    inner
        By header.
    order
        Nodes, each after all that lead to it.
    """

    header: str
    latch: str
    blocks: set[str]
    parent: Loop | None = None
    inner: dict[str, Loop] = field(default_factory=dict[str, "Loop"])
    order: list[str] = field(default_factory=list[str])

    def node(self, label: str) -> str:
        """Return the node that a block of this loop belongs to."""
        return next((header for header, each in self.inner.items() if label in each.blocks), label)

    def edges(self, node: str, blocks: dict[str, Block]) -> set[str]:
        """Return where a node leads to, as blocks: other nodes, and what lies outside; not the way back, nor to itself."""
        inner = self.inner.get(node)
        members = {node} if inner is None else inner.blocks
        found = {each for member in members for each in blocks[member].successors if each != RAISE}
        return found - members - {self.header}

    def successors(self, node: str, blocks: dict[str, Block]) -> set[str]:
        """Return the nodes that a node leads to."""
        return {self.node(each) for each in self.edges(node, blocks) if each in self.blocks}

    @property
    def depth(self) -> int:
        """How many loops it is in."""
        return 0 if self.parent is None else 1 + self.parent.depth


def loops_of(function: Function) -> Loop:
    """Find a function's loops.

    Raises
    ------
    NotWidenedError
        If there is a cycle that is entered at several places.
    """
    blocks = function.blocks
    order = _reverse_postorder(blocks)
    above = _dominators(blocks, order)
    whole = Loop(order[0], RETURN, set(order))
    found = [whole]
    for label in order:
        latches = [each for each in order if label in blocks[each].successors and label in above[each]]
        if len(latches) > 1:
            raise NotWidenedError("a loop with several ways back")
        if latches:
            found.append(_natural(label, latches[0], blocks, found))
    for each in found:
        each.order = _order(each, order, blocks)
    return whole


def _reverse_postorder(blocks: dict[str, Block]) -> list[str]:
    order, seen = list[str](), set[str]()
    first = next(iter(blocks))
    stack = [(first, iter(blocks[first].successors))]
    seen.add(first)
    while stack:
        label, rest = stack[-1]
        following = next((each for each in rest if each != RAISE and each not in seen), None)
        if following is None:
            order.append(label)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(blocks[following].successors)))
    return order[::-1]


def _dominators(blocks: dict[str, Block], order: list[str]) -> dict[str, set[str]]:
    """Return for each block those that every way to it goes through."""
    before: dict[str, list[str]] = {each: [] for each in order}
    for label in order:
        for each in blocks[label].successors:
            if each != RAISE:
                before[each].append(label)
    above = {each: set(order) for each in order}
    above[order[0]] = {order[0]}
    changed = True
    while changed:
        changed = False
        for label in order[1:]:
            found = set[str].intersection(*(above[each] for each in before[label])) | {label}
            if found != above[label]:
                above[label], changed = found, True
    return above


def _natural(header: str, latch: str, blocks: dict[str, Block], outer: list[Loop]) -> Loop:
    """Return the loop of a way back, as an inner one of the innermost that holds its header."""
    before: dict[str, list[str]] = {}
    for label, block in blocks.items():
        for each in block.successors:
            before.setdefault(each, []).append(label)
    members, waiting = {header}, [latch]
    while waiting:
        label = waiting.pop()
        if label not in members:
            members.add(label)
            waiting += before.get(label, [])
    parent = max((each for each in outer if header in each.blocks), key=lambda each: each.depth)
    loop = Loop(header, latch, members, parent)
    parent.inner[header] = loop
    return loop


def _order(loop: Loop, order: Iterable[str], blocks: dict[str, Block]) -> list[str]:
    """Order nodes such that each comes after all that lead to it."""
    nodes = [each for each in order if each in loop.blocks and loop.node(each) == each]
    left = dict.fromkeys(nodes, 0)
    for each in nodes:
        for following in loop.successors(each, blocks):
            left[following] += 1
    ready, done = [each for each in nodes if not left[each]], list[str]()
    while ready:
        node = ready.pop(0)
        done.append(node)
        for following in sorted(loop.successors(node, blocks), key=nodes.index):
            left[following] -= 1
            if not left[following]:
                ready.append(following)
    if len(done) < len(nodes):
        raise NotWidenedError("a cycle that is entered at several places")
    return done
