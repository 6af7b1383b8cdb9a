"""Trials of very different length: run in rounds, so that no lane waits for the longest of its group.

A group goes through a loop that lanes leave at different times for so many passes at most. Lanes that are still in it then are put aside, packed
densely with those of the other groups, and the next round takes them up as new groups. What is the same in all lanes is also the same in
all groups, for all have made as many passes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweep_kernels.lanes.divergence import VARYING
from sweep_kernels.lanes.function import RAISE, Block, Function, Instruction, Operand
from sweep_kernels.lanes.instructions import CODES, kept_slot
from sweep_kernels.lanes.values import label, suffixed
from sweep_kernels.lanes.writer import Writer, live_slot, phi_slot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep_kernels.lanes.divergence import Divergence
    from sweep_kernels.lanes.graph import Loop

__all__ = ["PASSES", "RoundsWriter", "long_loop", "with_memory"]

WORD = 64

PASSES = 32
"""Passes of a round: enough to make packing cheap, few enough that lanes wait little."""


def long_loop(divergence: Divergence) -> Loop | None:
    """Return the loop that trials may spend very different times in, if it is in no other and reached by all lanes together."""
    whole = divergence.whole
    found = [
        each
        for each in whole.inner.values()
        if each in divergence.divergent and each.header not in divergence.flattened(whole)
    ]
    return found[0] if len(found) == 1 else None


def with_memory(function: Function, loop: Loop) -> tuple[Function, list[Operand]]:
    """Have values that are made before a loop, and used in it or after it, pass through memory.

    A lane that is taken up again enters at the loop's header: what came before is not done again.

    Returns
    -------
    tuple
        The function, with instructions ``keep`` where such a value is made and ``reload`` in each block that uses it; and the values.
    """
    beyond = loop.blocks | _reached(function, loop)
    before = {at: block for at, block in function.blocks.items() if at not in beyond}
    made = {each.name: each for block in before.values() for each in block.instructions if each.name}
    used: dict[str, Operand] = {}
    after = {at: _reloading(block, function, made, used) for at, block in function.blocks.items() if at in beyond}
    blocks = {at: after[at] if at in beyond else _keeping(block, used) for at, block in function.blocks.items()}
    for block in blocks.values():
        block.phis = [_from_reloaded(phi, beyond, made) for phi in block.phis]
    return Function(function.name, function.arguments, blocks), list(used.values())


def _reached(function: Function, loop: Loop) -> set[str]:
    """Return the blocks that come after a loop."""
    waiting = [each for at in loop.blocks for each in function.blocks[at].successors if each not in loop.blocks]
    found = set[str]()
    while waiting:
        at = waiting.pop()
        if at != RAISE and at not in found:
            found.add(at)
            waiting += function.blocks[at].successors
    return found


def _there(name: str, block: str) -> str:
    """Name a value as a block has it."""
    return f'%"{name.strip(chr(37) + chr(34))} in {block.strip(chr(34))}"'


def _reloading(block: Block, function: Function, made: dict[str, Instruction], used: dict[str, Operand]) -> Block:
    wanted: dict[str, Operand] = {}

    def here(operand: Operand) -> Operand:
        if operand.value not in made:
            return operand
        wanted[operand.value] = operand
        return replace(operand, value=_there(operand.value, block.label))

    body = [replace(each, operands=tuple(map(here, each.operands))) for each in block.body]
    condition = here(block.condition) if block.condition is not None else None
    for operand in _sent_on(block, function):
        here(operand)
    used |= wanted
    reloads = [Instruction(_there(name, block.label), "reload", each.type, (each,)) for name, each in wanted.items()]
    return Block(block.label, block.phis, [*reloads, *body], condition, block.successors)


def _sent_on(block: Block, function: Function) -> Iterator[Operand]:
    """Yield what the phis of a block's successors take from it."""
    for each in block.successors:
        if each != RAISE:
            for phi in function.blocks[each].phis:
                yield phi.operands[phi.labels.index(block.label)]


def _keeping(block: Block, used: dict[str, Operand]) -> Block:
    keeps = [Instruction("", "keep", "void", (used[each.name],)) for each in block.instructions if each.name in used]
    return Block(block.label, block.phis, [*block.body, *keeps], block.condition, block.successors)


def _from_reloaded(phi: Instruction, beyond: set[str], made: dict[str, Instruction]) -> Instruction:
    """Have a phi take what comes from a block beyond as that block has it."""
    operands = tuple(
        replace(operand, value=_there(operand.value, source)) if source in beyond and operand.value in made else operand
        for operand, source in zip(phi.operands, phi.labels, strict=True)
    )
    return replace(phi, operands=operands)


class RoundsWriter(Writer):
    """Writes a function that puts lanes aside which are in a loop for long; see `sweep_kernels.lanes.rounds`.

    Its state is a column for each value that a lane has at the loop's header, the first of them the trial's number, and after them what
    is the same for all.
    """

    extra = "i64 %lanes.active, i1 %lanes.resumed, i64 %lanes.first, i64 %lanes.stride, ptr %lanes.old, ptr %lanes.new, ptr %lanes.aside"

    def __init__(self, function: Function, divergence: Divergence, width: int, loop: Loop, kept: list[Operand]) -> None:
        super().__init__(function, divergence, width)
        self._long = loop
        self._kept = kept
        phis = [
            (phi_slot(each), each.type, divergence.shapes.get(each.name, 0)) for each in self._blocks[loop.header].phis
        ]
        both = [*phis, *((kept_slot(each.value), each.type, divergence.shape(each)) for each in kept)]
        self._columns = [(slot, kind) for slot, kind, shape in both if shape is VARYING]
        self._uniform = [(slot, kind) for slot, kind, shape in both if shape is not VARYING]

    @property
    def state(self) -> int:
        """Words that are put aside for a lane."""
        return 1 + len(self._columns) + len(self._uniform)

    def _slots(self) -> list[str]:
        kinds = [
            (each, each.type if self._divergence.shape(each) == 0 else self._values.kind(each.type))
            for each in self._kept
        ]
        lines = [f"  {kept_slot(each.value)} = alloca {kind}" for each, kind in kinds]
        return [*super()._slots(), "  %lanes.passes = alloca i64", *lines]

    def _enter_function(self) -> None:
        values, number = self._values, self._values.kind("i64")
        values.write(f"store i64 {PASSES}, ptr %lanes.passes")
        start, old, fresh = (label(each, ".") for each in ("begin", "old", "fresh"))
        values.write(f"br i1 %lanes.resumed, label %{old}, label %{fresh}")
        values.begin(old)
        resumed = values.made(f"load {number}, ptr {self._place('old', 0, '%lanes.first', 'i64')}, align 8")
        values.write(f"br label %{start}")
        values.begin(fresh)
        counted = values.made(f"add {number} {values.spread('i64', '%lanes.first')}, {values.steps(1)}")
        values.write(f"br label %{start}")
        values.begin(start)
        values.write(f"%lanes.trial = phi {number} [ {resumed}, %{old} ], [ {counted}, %{fresh} ]")
        for each in self._function.arguments:
            if each.value in self._divergence.shapes:
                values.write(
                    f"{suffixed(each.value, '.lanes')} = add {number} {values.spread('i64', each.value)}, %lanes.trial"
                )
        active = self._active()
        values.store(live_slot(self._divergence.whole), values.mask_type, active)
        resume = label("resume", ".")
        values.write(f"br i1 %lanes.resumed, label %{resume}, label %{self._divergence.whole.header}")
        values.begin(resume)
        self._take_up()
        self._begin_loop(self._long, active)

    def _place(self, which: str, column: int, row: str, kind: str) -> str:
        """Return the address of a value in a column."""
        values = self._values
        start = values.made(f"mul i64 %lanes.stride, {8 * column}")
        place = values.made(f"getelementptr i8, ptr %lanes.{which}, i64 {start}")
        return values.made(f"getelementptr {_memory_kind(kind)}, ptr {place}, i64 {row}")

    def _take_up(self) -> None:
        """Read what lanes had when they were put aside."""
        values = self._values
        for column, (slot, kind) in enumerate(self._columns, 1):
            place = self._place("old", column, "%lanes.first", kind)
            read = values.made(f"load {values.kind(_memory_kind(kind))}, ptr {place}, align 1")
            if kind == "i1":
                read = values.made(f"trunc {values.kind('i8')} {read} to {values.kind('i1')}")
            values.store(slot, values.kind(kind), read)
        for column, (slot, kind) in enumerate(self._uniform, 1 + len(self._columns)):
            read = values.made(f"load {kind}, ptr {self._place('old', column, '0', kind)}, align 8")
            values.store(slot, kind, read)

    def _back(self, loop: Loop) -> str:
        return label("again", loop.header) if loop is self._long else super()._back(loop)

    def _inner(self, loop: Loop, inner: Loop) -> None:
        super()._inner(loop, inner)
        if inner is self._long:
            self._end_of_pass()

    def _end_of_pass(self) -> None:
        """Go on with the next pass, unless there were as many as a round has; then put aside who would go on."""
        values, header = self._values, self._long.header
        values.begin(label("again", header))
        left = values.made(f"sub i64 {values.load('%lanes.passes', 'i64')}, 1")
        values.store("%lanes.passes", "i64", left)
        over = values.made(f"icmp eq i64 {left}, 0")
        values.write(f"br i1 {over}, label %{label('aside', header)}, label %{header}")
        values.begin(label("aside", header))
        live = values.load(live_slot(self._long), values.mask_type)
        self._put_aside(live)
        self._change(live_slot(self._divergence.whole), "without", live)
        values.store(live_slot(self._long), values.mask_type, "zeroinitializer")
        rest = values.any(values.load(live_slot(self._divergence.whole), values.mask_type))
        values.write(f"br i1 {rest}, label %{label('done', header)}, label %{label('later', '.')}")
        values.begin(label("later", "."))
        values.write("ret i32 0")

    def _put_aside(self, live: str) -> None:
        values = self._values
        row = values.load("%lanes.aside", "i64")
        self._pack(0, row, "i64", "%lanes.trial", live)
        for column, (slot, kind) in enumerate(self._columns, 1):
            self._pack(column, row, kind, values.load(slot, values.kind(kind)), live)
        for column, (slot, kind) in enumerate(self._uniform, 1 + len(self._columns)):
            values.write(
                f"store {kind} {values.load(slot, kind)}, ptr {self._place('new', column, '0', kind)}, align 8"
            )
        bits = values.made(f"bitcast {values.mask_type} {live} to i{values.width}")
        many = values.made(f"call i{values.width} @llvm.ctpop.i{values.width}(i{values.width} {bits})")
        self.declared.add(f"declare i{values.width} @llvm.ctpop.i{values.width}(i{values.width})")
        wide = values.made(f"zext i{values.width} {many} to i64") if values.width < WORD else many
        values.store("%lanes.aside", "i64", values.made(f"add i64 {row}, {wide}"))

    def _pack(self, column: int, row: str, kind: str, value: str, live: str) -> None:
        """Append the lanes that are live to a column."""
        values, stored = self._values, _memory_kind(kind)
        if kind == "i1":
            value = values.made(f"zext {values.kind('i1')} {value} to {values.kind('i8')}")
        callee = f"llvm.masked.compressstore.v{values.width}{CODES.get(stored, stored)}"
        self.declared.add(f"declare void @{callee}({values.kind(stored)}, ptr, {values.mask_type})")
        place = self._place("new", column, row, kind)
        values.write(f"call void @{callee}({values.kind(stored)} {value}, ptr {place}, {values.mask_type} {live})")


def _memory_kind(kind: str) -> str:
    """Return the type that memory has for a type."""
    return "i8" if kind == "i1" else kind
