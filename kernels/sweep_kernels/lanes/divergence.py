"""What differs between lanes: values, branches, loops.

After B. Coutinho, D. Sampaio, F. M. Q. Pereira and W. Meira, "Divergence analysis and optimizations", PACT 2011, and S. Moll and S. Hack,
"Partial control-flow linearization", PLDI 2018: where lanes part, all that lies between there and where they meet again is run for
all of them, one node after the other, under masks; branches that all lanes take alike stay branches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_kernels.lanes.function import RAISE, NotWidenedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sweep_kernels.lanes.function import Block, Function, Instruction, Operand
    from sweep_kernels.lanes.graph import Loop

__all__ = ["BYTES", "VARYING", "Divergence", "Region"]

VARYING = None
"""The shape of a value that differs from lane to lane in any way; of another, lane `i` has the value of lane 0 plus `i` times its shape."""

BYTES = {"double": 8, "i64": 8, "ptr": 8, "float": 4, "i32": 4, "i16": 2, "i8": 1}

Shape = int | None


@dataclass(frozen=True, slots=True)
class Region:
    """What is run under masks after the lanes have parted at `head`, in order, and where they meet; None if they do not."""

    head: str
    nodes: tuple[str, ...]
    join: str | None


class Divergence:
    """What differs.

    Parameters
    ----------
    whole
        The function as a loop.
    shapes
        Shapes of the arguments that are not the same in all lanes.

    Attributes
    ----------
    shapes
        Of every value by name; what is not there is uniform.
    regions
        By the loop that they are in, and their head; of nested ones the outermost.
    divergent
        Loops that lanes leave at different times.
    """

    def __init__(self, function: Function, whole: Loop, shapes: Mapping[str, Shape]) -> None:
        self._blocks = function.blocks
        self._loops = list(_inside_out(whole))
        self._varying_phis: set[str] = set()
        self._forced: set[tuple[Loop, str]] = set()
        self.whole = whole
        self.shapes: dict[str, Shape] = dict(shapes)
        self.regions: dict[Loop, dict[str, Region]] = {each: {} for each in self._loops}
        self.divergent: set[Loop] = set()
        while self._settle_values() | self._settle_branches():
            pass

    def shape(self, operand: Operand) -> Shape:
        """Return the shape of an operand; 0 is uniform."""
        return self.shapes.get(operand.value, 0)

    def parts(self, block: Block) -> bool:
        """Whether lanes part at the end of a block."""
        return block.condition is not None and self.shape(block.condition) != 0

    @property
    def parts_anywhere(self) -> bool:
        """Whether lanes part at all."""
        return bool(self.divergent) or any(self.regions.values())

    def flattened(self, loop: Loop) -> set[str]:
        """Return the nodes of a loop that are run under masks."""
        return {node for region in self.regions[loop].values() for node in region.nodes}

    def loop_of(self, label: str) -> Loop:
        """Return the innermost loop of a block."""
        return next(each for each in self._loops if label in each.blocks)

    # values

    def _settle_values(self) -> bool:
        """Find shapes; return whether any has changed."""
        changed, again = False, True
        while again:
            again = False
            for block in self._blocks.values():
                for each in block.instructions:
                    if each.name and each.opcode != "alloca" and self._reshape(each):
                        again = changed = True
        return changed

    def _reshape(self, each: Instruction) -> bool:
        before = self.shapes.get(each.name, 0)
        if before is VARYING:
            return False
        shape = VARYING if each.name in self._varying_phis else self._shape_of(each)
        if shape == before:
            return False
        # a stride that has changed once is not followed any further
        self.shapes[each.name] = VARYING if before != 0 else shape
        return True

    def _shape_of(self, each: Instruction) -> Shape:
        shapes = [self.shape(operand) for operand in each.operands]
        if all(shape == 0 for shape in shapes):
            return 0
        if VARYING in shapes:
            return VARYING
        return _strided(each, [shape or 0 for shape in shapes])

    # branches

    def _settle_branches(self) -> bool:
        """Find where lanes part and meet; return whether anything has changed."""
        before = (len(self.divergent), dict(self.regions), len(self._varying_phis))
        for loop in self._loops:
            self.regions[loop] = self._regions_of(loop)
        self.divergent |= {
            each for each in self._loops[:-1] if any(self._leaves_alone(*edge, each) for edge in self._exits(each))
        }
        for loop in self._loops:
            self._settle_phis(loop)
        return before != (len(self.divergent), self.regions, len(self._varying_phis))

    def _exits(self, loop: Loop) -> Iterator[tuple[str, str]]:
        return (
            (label, each)
            for label in loop.blocks
            for each in self._blocks[label].successors
            if each not in loop.blocks and each != RAISE
        )

    def _leaves_alone(self, label: str, _target: str, loop: Loop) -> bool:
        """Whether only some of the lanes in a loop may take a way out of it."""
        if self.parts(self._blocks[label]):
            return True
        at: Loop | None = self.loop_of(label)
        node = label
        while at is not None:
            if node in self.flattened(at):
                return True
            if at is loop:
                return False
            if at in self.divergent:
                return True
            at, node = at.parent, at.header
        return False

    def _parts_within(self, loop: Loop, node: str) -> bool:
        """Whether lanes part at a node of a loop, and go on in the loop at several others."""
        within = [each for each in loop.edges(node, self._blocks) if each in loop.blocks]
        if len(within) < 2:
            return False
        if (loop, node) in self._forced:
            return True
        inner = loop.inner.get(node)
        return inner in self.divergent if inner is not None else self.parts(self._blocks[node])

    def _regions_of(self, loop: Loop) -> dict[str, Region]:
        while True:
            found = {node: self._region(loop, node) for node in loop.order if self._parts_within(loop, node)}
            nested = {node for region in found.values() for node in region.nodes}
            outer = {head: region for head, region in found.items() if head not in nested}
            side = next((each for region in outer.values() for each in self._side_entries(loop, region)), None)
            if side is None:
                return outer
            self._forced.add((loop, self._common_head(loop, *side)))

    def _side_entries(self, loop: Loop, region: Region) -> Iterator[tuple[str, str]]:
        """Yield the head, and each node outside from which a way leads into a region past it: there lanes must be told apart before."""
        for node in region.nodes:
            for source in self._sources(loop, node):
                if source != region.head and source not in region.nodes:
                    yield region.head, source

    def _region(self, loop: Loop, head: str) -> Region:
        """Collect what lies between a head and where all ways from it that stay in the loop meet."""
        ends = self._reaching(loop)
        meeting = self._after(loop, head, ends) - {head}
        join = next((each for each in loop.order if each in meeting), None)
        inside, waiting = set[str](), [*loop.successors(head, self._blocks)]
        while waiting:
            node = waiting.pop()
            if node != join and node not in inside:
                inside.add(node)
                waiting += loop.successors(node, self._blocks)
        return Region(head, tuple(each for each in loop.order if each in inside), join)

    def _reaching(self, loop: Loop) -> set[str]:
        """Return the nodes from which a way leads to the loop's latch."""
        last = loop.node(loop.latch)
        reaching = {last}
        for node in reversed(loop.order):
            if loop.successors(node, self._blocks) & reaching:
                reaching.add(node)
        return reaching

    def _after(self, loop: Loop, head: str, reaching: set[str]) -> set[str]:
        """Return the nodes that every way from a node to the loop's latch goes through."""
        after: dict[str, set[str]] = {}
        for node in reversed(loop.order):
            following = [after[each] for each in loop.successors(node, self._blocks) if each in reaching]
            after[node] = (set[str].intersection(*following) if following else set[str]()) | {node}
        return after[head] if head in reaching else set()

    def _common_head(self, loop: Loop, first: str, second: str) -> str:
        """Return the last node that all ways to two nodes go through."""
        above: dict[str, set[str]] = {}
        for node in loop.order:
            before = [
                above[each] for each in loop.order if each in above and node in loop.successors(each, self._blocks)
            ]
            above[node] = (set[str].intersection(*before) if before else set[str]()) | {node}
        common = above[first] & above[second]
        head = [each for each in loop.order if each in common][-1]
        if (loop, head) in self._forced:
            raise NotWidenedError("branches that cross")
        return head

    def _settle_phis(self, loop: Loop) -> None:
        """Find the phis at which lanes meet that have come different ways."""
        apart = set(self.regions[loop]) | self.flattened(loop)
        for region in self.regions[loop].values():
            for node in (*region.nodes, *([region.join] if region.join else [])):
                if node not in loop.inner and len(self._sources(loop, node) & apart) > 0:
                    self._vary(node, several=True)
        if loop in self.divergent:
            for _, target in self._exits(loop):
                self._vary(target, several=False)

    def _sources(self, loop: Loop, node: str) -> set[str]:
        return {each for each in loop.order if node in loop.successors(each, self._blocks)}

    def _vary(self, label: str, *, several: bool) -> None:
        if label in self._blocks:
            self._varying_phis |= {
                each.name for each in self._blocks[label].phis if len(each.operands) > 1 or not several
            }


def _inside_out(loop: Loop) -> Iterator[Loop]:
    for each in loop.inner.values():
        yield from _inside_out(each)
    yield loop


def _strided(each: Instruction, shapes: list[int]) -> Shape:  # noqa: PLR0911 - one return a kind of instruction
    """Return the shape of a result whose operands have shapes, not all of them 0."""
    match each.opcode:
        case "add" if each.type == "i64":
            return shapes[0] + shapes[1]
        case "sub" if each.type == "i64":
            return shapes[0] - shapes[1]
        case "mul" if each.type == "i64":
            return _times(shapes, [operand.value for operand in each.operands])
        case "shl" if each.type == "i64" and each.operands[1].value.isdecimal() and shapes[1] == 0:
            return shapes[0] << int(each.operands[1].value)
        case "getelementptr" if len(shapes) == 2 and each.detail in BYTES:
            return shapes[0] + shapes[1] * BYTES[each.detail]
        case "getelementptr" if not any(shapes[1:]):
            return shapes[0]
        case "phi" if len(set(shapes)) == 1:
            return shapes[0]
        case "select" if shapes[0] == 0 and shapes[1] == shapes[2]:
            return shapes[1]
        case _:
            return VARYING


def _times(shapes: list[int], values: list[str]) -> Shape:
    for shape, factor in ((shapes[0], values[1]), (shapes[1], values[0])):
        if factor.lstrip("-").isdecimal():
            return shape * int(factor)
    return VARYING
