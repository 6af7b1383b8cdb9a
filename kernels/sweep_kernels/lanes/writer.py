"""A scalar function, compiled for a group of lanes: each computes what the function would for one trial, bit for bit.

Every phi is a slot of memory while this is written, and so is every mask; LLVM makes registers of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweep_kernels.lanes.divergence import VARYING
from sweep_kernels.lanes.function import RAISE, RETURN
from sweep_kernels.lanes.instructions import Instructions
from sweep_kernels.lanes.memory import rooms_of
from sweep_kernels.lanes.values import Values, label, suffixed

if TYPE_CHECKING:
    from sweep_kernels.lanes.divergence import Divergence, Region
    from sweep_kernels.lanes.function import Block, Function, Instruction
    from sweep_kernels.lanes.graph import Loop

__all__ = ["GROUP", "Writer", "live_slot", "phi_slot"]

GROUP = "sweep_group"
"""Name of the function for one group."""


class Writer:
    """Writes the function `GROUP`, which takes what the scalar one takes, for lane 0, and `extra`.

    Attributes
    ----------
    extra
        Further arguments: how many lanes there are (i64), and what subclasses need.
    """

    extra = "i64 %lanes.active"

    def __init__(self, function: Function, divergence: Divergence, width: int) -> None:
        self._function = function
        self._blocks = function.blocks
        self._divergence = divergence
        self._values = Values(divergence, width)
        self._instructions = Instructions(self._values, divergence)
        # by loop and node, for a header stands for its loop one level up, and for itself within
        self._next: dict[tuple[Loop, str], str] = {}
        self._flattened: set[tuple[Loop, str]] = set()
        self._heads: dict[tuple[Loop, str], Region] = {}
        for loop, regions in divergence.regions.items():
            for region in regions.values():
                self._chain(loop, region)

    def _chain(self, loop: Loop, region: Region) -> None:
        """Note where each node of a region leads."""
        end = region.join or (label("done", loop.header) if loop.parent else label("never", loop.header))
        following = [*(self._door(loop, each) for each in region.nodes), end]
        for node, after in zip((region.head, *region.nodes), following, strict=True):
            self._next[loop, node] = after
        self._flattened.update((loop, each) for each in region.nodes)
        self._heads[loop, region.head] = region

    def _door(self, loop: Loop, node: str) -> str:
        """Return the block by which a node under masks is entered."""
        return label("guard", node) if node in loop.inner else node

    @property
    def declared(self) -> set[str]:
        """Declarations of what is called."""
        return self._instructions.declared

    def write(self) -> list[str]:
        """Write the function."""
        values, whole = self._values, self._divergence.whole
        arguments = ", ".join(f"{each.type} {each.value}" for each in self._function.arguments)
        self._enter_function()
        self._loop(whole)
        values.begin(label("raise", "."))
        values.write("ret i32 1")
        if label("never", whole.header) in self._next.values():
            values.begin(label("never", whole.header))
            values.write("unreachable")
        return [f"define i32 @{GROUP}({arguments}, {self.extra}) {{", *self._slots(), *values.lines, "}"]

    def _slots(self) -> list[str]:
        """Write the memory that becomes registers."""
        lines = [f"{label('start', '.')}:", "  %lanes.nowhere = alloca i64, align 8"]
        mask = self._values.mask_type
        lines += [
            f"  {phi_slot(phi)} = alloca {self._kind(phi)}" for block in self._blocks.values() for phi in block.phis
        ]
        lines += [f"  {_mask_slot(each)} = alloca {mask}" for _, each in self._flattened]
        lines += [f"  {each.name} = alloca [{each.detail}], align 64" for each in rooms_of(self._function)]
        lines += [f"  {live_slot(each)} = alloca {mask}" for each in self._divergence.regions]
        return lines

    def _enter_function(self) -> None:
        values, shapes = self._values, self._divergence.shapes
        for each in self._function.arguments:
            stride = shapes.get(each.value, 0)
            if stride:
                values.widen_strided(each.value, each.type, stride)
        self._begin_loop(self._divergence.whole, self._active())

    def _active(self) -> str:
        values = self._values
        count = values.spread("i64", "%lanes.active")
        return values.made(f"icmp ult {values.kind('i64')} {values.steps(1)}, {count}")

    # loops

    def _begin_loop(self, loop: Loop, mask: str) -> None:
        self._values.store(live_slot(loop), self._values.mask_type, mask)
        self._values.write(f"br label %{loop.header}")

    def _loop(self, loop: Loop) -> None:
        for node in loop.order:
            inner = loop.inner.get(node)
            if inner is None:
                self._block(loop, self._blocks[node])
            else:
                self._inner(loop, inner)

    def _inner(self, loop: Loop, inner: Loop) -> None:
        """Write a loop in a loop: its guard, its way in, itself, and its way out."""
        values, node = self._values, inner.header
        if (loop, node) in self._flattened:
            values.begin(label("guard", node))
            mask = values.load(_mask_slot(node), values.mask_type)
            values.write(f"br i1 {values.any(mask)}, label %{label('enter', node)}, label %{self._next[loop, node]}")
        values.begin(label("enter", node))
        mask = self._mask_of(loop, node)
        self._clear(loop, node)
        self._begin_loop(inner, mask)
        self._loop(inner)
        if inner in self._divergence.divergent:
            values.begin(label("done", node))
            self._leave(loop, inner)

    def _leave(self, loop: Loop, inner: Loop) -> None:
        """Go on after all lanes have left an inner loop."""
        if (loop, inner.header) in self._next:
            self._values.write(f"br label %{self._next[loop, inner.header]}")
            return
        targets = [each for each in loop.edges(inner.header, self._blocks) if each in loop.blocks]
        if targets:
            self._go_on(loop, targets[0])
        else:
            self._values.write(f"br label %{label('done', loop.header)}")

    def _go_on(self, loop: Loop, target: str) -> None:
        """Go on in a loop if a lane is left in it."""
        if loop not in self._divergence.divergent:
            self._values.write(f"br label %{target}")
            return
        live = self._values.load(live_slot(loop), self._values.mask_type)
        self._values.write(f"br i1 {self._values.any(live)}, label %{target}, label %{label('done', loop.header)}")

    def _mask_of(self, loop: Loop, node: str) -> str:
        slot = _mask_slot(node) if (loop, node) in self._flattened else live_slot(loop)
        return self._values.load(slot, self._values.mask_type)

    def _clear(self, loop: Loop, node: str) -> None:
        """Before lanes part at a node: none has come anywhere yet."""
        if (loop, node) in self._heads:
            for each in self._heads[loop, node].nodes:
                self._values.store(_mask_slot(each), self._values.mask_type, "zeroinitializer")

    # blocks

    def _block(self, loop: Loop, block: Block) -> None:
        values = self._values
        values.begin(block.label)
        mask = self._mask_of(loop, block.label)
        for phi in block.phis:
            self._phi(phi)
        for each in block.body:
            self._instructions.write(each, mask, sure=(loop, block.label) not in self._flattened)
        if block.label == RETURN:
            values.write("ret i32 0")
            return
        self._clear(loop, block.label)
        successors = self._raise(loop, block, mask)
        if (loop, block.label) in self._next:
            self._part(loop, block, successors, mask)
        elif len(successors) == 1:
            self._jump(loop, block.label, successors[0], mask)
        elif self._divergence.parts(block):
            self._let_go(loop, block, mask)
        else:
            self._branch(loop, block, mask)

    def _phi(self, phi: Instruction) -> None:
        shape = self._divergence.shapes.get(phi.name, 0)
        name = suffixed(phi.name, ".lanes") if shape is VARYING else phi.name
        self._values.write(f"{name} = load {self._kind(phi)}, ptr {phi_slot(phi)}")
        if shape:
            self._values.widen_strided(phi.name, phi.type, shape)

    def _kind(self, phi: Instruction) -> str:
        return self._values.kind(phi.type) if self._divergence.shapes.get(phi.name, 0) is VARYING else phi.type

    def _raise(self, loop: Loop, block: Block, mask: str) -> tuple[str, ...]:
        """End everything if a lane raises; return where the others go."""
        if RAISE not in block.successors:
            return block.successors
        assert block.condition is not None
        values, condition = self._values, block.condition
        raises_if = block.successors[0] == RAISE
        if (loop, block.label) in self._flattened or not values.is_uniform(condition):
            wide = values.vector(condition)
            found = values.any(values.both(mask, wide) if raises_if else values.without(mask, wide))
            raises_if = True
        else:
            found = condition.value
        on = label("unraised", block.label)
        first, second = (label("raise", "."), on) if raises_if else (on, label("raise", "."))
        values.write(f"br i1 {found}, label %{first}, label %{second}")
        values.begin(on)
        return tuple(each for each in block.successors if each != RAISE)

    def _part(self, loop: Loop, block: Block, successors: tuple[str, ...], mask: str) -> None:
        """Send lanes where each wants to go, and then go through all of these places."""
        for each, taken in self._taken(block, successors, mask):
            self._edge(loop, block.label, each, taken)
        self._values.write(f"br label %{self._next[loop, block.label]}")

    def _taken(self, block: Block, successors: tuple[str, ...], mask: str) -> list[tuple[str, str]]:
        if len(successors) == 1:
            return [(successors[0], mask)]
        assert block.condition is not None
        condition = self._values.vector(block.condition)
        return [
            (successors[0], self._values.both(mask, condition)),
            (successors[1], self._values.without(mask, condition)),
        ]

    def _let_go(self, loop: Loop, block: Block, mask: str) -> None:
        """Let some lanes leave the loop; go on with the others."""
        staying = [each for each in block.successors if each in loop.blocks]
        for each, taken in self._taken(block, block.successors, mask):
            self._edge(loop, block.label, each, taken)
        if staying:
            self._go_on(loop, self._back(loop) if staying[0] == loop.header else self._entrance(loop, staying[0]))
        else:
            self._values.write(f"br label %{label('done', loop.header)}")

    def _branch(self, loop: Loop, block: Block, mask: str) -> None:
        """Branch, all lanes alike."""
        assert block.condition is not None
        ways = [label(f"way {i} from", block.label) for i in range(2)]
        self._values.write(f"br i1 {block.condition.value}, label %{ways[0]}, label %{ways[1]}")
        for way, each in zip(ways, block.successors, strict=True):
            self._values.begin(way)
            self._jump(loop, block.label, each, mask)

    def _jump(self, loop: Loop, source: str, target: str, mask: str) -> None:
        """Have all lanes that are there go to a block; back to the loop's header only if one is left: the others may have left under masks."""
        following = self._edge(loop, source, target, mask)
        if target == loop.header:
            self._go_on(loop, following)
        else:
            self._values.write(f"br label %{following}")

    # edges

    def _edge(self, loop: Loop, source: str, target: str, mask: str) -> str:
        """Have lanes go from a block to another; return the block that is next if all do that are there."""
        left: list[Loop] = []
        home = loop
        while target not in home.blocks:
            left.append(home)
            assert home.parent is not None
            home = home.parent
        partly = (
            (loop, source) in self._next
            or (home, target) in self._flattened
            or any(each in self._divergence.divergent or (each.parent, each.header) in self._next for each in left)
        )
        self._fill_phis(source, target, mask, partly=partly and target not in {home.header, *home.inner})
        for each in left:
            if each in self._divergence.divergent:
                self._change(live_slot(each), "without", mask)
        if (home, target) in self._flattened:
            self._change(_mask_slot(target), "or", mask)
        for each in left:
            if each in self._divergence.divergent:
                return label("done", each.header)
            if each.parent is not None and (each.parent, each.header) in self._next:
                return self._next[each.parent, each.header]
        return self._entrance(home, target) if left or target != home.header else self._back(home)

    def _back(self, loop: Loop) -> str:
        """Return where a loop goes on with its next pass."""
        return loop.header

    def _entrance(self, loop: Loop, target: str) -> str:
        return label("enter", target) if target in loop.inner else target

    def _change(self, slot: str, how: str, mask: str) -> None:
        values = self._values
        before = values.load(slot, values.mask_type)
        after = (
            values.without(before, mask) if how == "without" else values.made(f"or {values.mask_type} {before}, {mask}")
        )
        values.store(slot, values.mask_type, after)

    def _fill_phis(self, source: str, target: str, mask: str, *, partly: bool) -> None:
        values = self._values
        for phi in self._blocks[target].phis:
            operand = phi.operands[phi.labels.index(source)]
            kind, slot = self._kind(phi), phi_slot(phi)
            if self._divergence.shapes.get(phi.name, 0) is not VARYING:
                values.store(slot, kind, operand.value)
            elif partly:
                before = values.load(slot, kind)
                after = values.made(f"select {values.mask_type} {mask}, {values.typed(operand)}, {kind} {before}")
                values.store(slot, kind, after)
            else:
                values.store(slot, kind, values.vector(operand))


def phi_slot(phi: Instruction) -> str:
    """Name the memory that a phi is read from."""
    return suffixed(phi.name, ".slot")


def _mask_slot(node: str) -> str:
    return "%" + label("mask of", node)


def live_slot(loop: Loop) -> str:
    """Name the memory that holds which lanes are in a loop."""
    return "%" + label("live in", loop.header)
