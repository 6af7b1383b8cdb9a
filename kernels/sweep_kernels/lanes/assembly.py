"""One function of LLVM assembly, read into blocks of instructions.

Only what scalar kernels come down to after inlining is known: numbers, pointers, and branches between them. See the LLVM Language Reference
Manual, https://llvm.org/docs/LangRef.html.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "RAISE",
    "RETURN",
    "Block",
    "Function",
    "Instruction",
    "NotWidenedError",
    "Operand",
    "read_function",
    "read_head",
]

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


_WORD = r'(?:"(?:[^"\\]|\\.)*"|[\w.$-]+)'
_HEAD = re.compile(rf"define .*?@({_WORD})\((.*)\)[^()]*\{{$")
_LABEL = re.compile(rf"({_WORD}):")
_NAMED = re.compile(rf"(%{_WORD}) = (.*)")
_FLAGS = re.compile(
    r"\b(?:nuw|nsw|exact|inbounds|disjoint|nneg|samesign|nusw|tail|musttail|notail|fastcc|noundef|nonnull|signext|zeroext|inreg) "
)
_ATTACHED = re.compile(r"(?:, !.*|, align \d+.*| #\d+.*)$")
_SIMPLE = re.compile(r"(?:double|float|i1|i8|i16|i32|i64|ptr)\b")
_BINARY = {
    "fadd", "fsub", "fmul", "fdiv", "frem",
    "add", "sub", "mul", "sdiv", "udiv", "srem", "urem", "shl", "lshr", "ashr", "and", "or", "xor",
}  # fmt: skip
_MEMORY = {"alloca", "insertvalue", "extractvalue"}
_OWN_MEMORY = "a tuple that is looked up at a position found as it runs"
_CASTS = {
    "zext", "sext", "trunc", "sitofp", "uitofp", "fptosi", "fptoui", "fpext", "fptrunc", "bitcast", "ptrtoint", "inttoptr",
}  # fmt: skip


def read_function(text: str, name: str) -> Function:
    """Read the definition of a function from the text of a module.

    Raises
    ------
    NotWidenedError
        If there is an instruction in it that is not known here.
    """
    lines = _definition(text, name)
    next(lines)
    blocks: dict[str, Block] = {}
    raw: dict[str, list[str]] = {}
    label = "entry"
    for line in lines:
        named = _LABEL.match(line)
        if named:
            label = named[1]
        elif line.startswith("  "):
            raw.setdefault(label, []).append(line.strip())
    for label, body in raw.items():
        blocks[label] = _block(label, body)
    return Function(name, read_head(text, name), _tidied(blocks))


def read_head(text: str, name: str) -> list[Operand]:
    """Read the arguments of a function."""
    head = _HEAD.match(next(_definition(text, name)))
    assert head is not None
    return [Operand(each.split()[0], each.split()[-1]) for each in _pieces(head[2])]


def _definition(text: str, name: str) -> Iterator[str]:
    lines = iter(text.splitlines())
    quoted = re.compile(rf'^define .*@"?{re.escape(name)}"?\(')
    for line in lines:
        if quoted.match(line):
            yield line
            break
    for line in lines:
        if line == "}":
            return
        yield line.split(" ; ")[0] if line.startswith(" ") else line.split(";")[0].rstrip()


def _pieces(text: str) -> list[str]:
    """Split at commas that are within no brackets."""
    pieces, depth, start = list[str](), 0, 0
    for at, each in enumerate(text):
        if each in "([{<":
            depth += 1
        elif each in ")]}>":
            depth -= 1
        elif each == "," and depth == 0:
            pieces.append(text[start:at].strip())
            start = at + 1
    last = text[start:].strip()
    return [*pieces, last] if last else pieces


def _operand(text: str, kind: str | None = None) -> Operand:
    """Read ``type value``, or a value of a type that is known."""
    if kind is not None:
        return Operand(kind, text)
    simple = _SIMPLE.match(text)
    if simple is None:
        raise NotWidenedError(_OWN_MEMORY if text.startswith(("{", "[")) else f"a value that is no number, {text[:60]}")
    return Operand(simple[0], text[simple.end() :].strip())


def _block(label: str, lines: list[str]) -> Block:
    block = Block(label)
    for line in lines[:-1]:
        read = _instruction(line)
        if read is not None:
            (block.phis if read.opcode == "phi" else block.body).append(read)
    _end(block, lines[-1])
    return block


def _end(block: Block, line: str) -> None:
    opcode, _, rest = _ATTACHED.sub("", line).partition(" ")
    pieces = _pieces(rest)
    match opcode:
        case "br" if len(pieces) == 1:
            block.successors = (_label(pieces[0]),)
        case "br":
            block.condition = _operand(pieces[0])
            block.successors = (_label(pieces[1]), _label(pieces[2]))
        case "ret":
            block.condition = _operand(rest)
            block.successors = (RETURN,)
        case "unreachable":
            block.successors = (RAISE,)
        case _:
            raise NotWidenedError(f"the instruction {opcode!r}")


def _label(text: str) -> str:
    return text.removeprefix("label ").removeprefix("%")


def _instruction(line: str) -> Instruction | None:
    named = _NAMED.match(line)
    name, rest = (named[1], named[2]) if named else ("", line)
    opcode, _, rest = _FLAGS.sub("", rest).partition(" ")
    rest = _ATTACHED.sub("", rest)
    if opcode in _BINARY:
        first, second = _pieces(rest)
        left = _operand(first)
        return Instruction(name, opcode, left.type, (left, _operand(second, left.type)))
    if opcode in _CASTS:
        value, _, kind = rest.rpartition(" to ")
        return Instruction(name, opcode, _operand(kind + " _").type, (_operand(value),))
    reader = _READERS.get(opcode)
    if reader is None:
        raise NotWidenedError(_OWN_MEMORY if opcode in _MEMORY else f"the instruction {opcode!r}")
    return reader(name, opcode, rest)


def _compare(name: str, opcode: str, rest: str) -> Instruction:
    predicate, _, operands = rest.partition(" ")
    first, second = _pieces(operands)
    left = _operand(first)
    return Instruction(name, opcode, "i1", (left, _operand(second, left.type)), predicate)


def _unary(name: str, opcode: str, rest: str) -> Instruction:
    value = _operand(rest)
    return Instruction(name, opcode, value.type, (value,))


def _select(name: str, opcode: str, rest: str) -> Instruction:
    condition, yes, no = map(_operand, _pieces(rest))
    return Instruction(name, opcode, yes.type, (condition, yes, no))


def _phi(name: str, opcode: str, rest: str) -> Instruction:
    kind = _operand(rest).type
    pairs = [each.strip("[] ") for each in _pieces(rest.removeprefix(kind))]
    operands, labels = zip(
        *((_operand(value, kind), _label(label)) for value, label in map(_pieces, pairs)), strict=True
    )
    return Instruction(name, opcode, kind, operands, labels=labels)


def _load(name: str, opcode: str, rest: str) -> Instruction:
    kind, pointer = _pieces(rest)[:2]
    return Instruction(name, opcode, _operand(kind + " _").type, (_operand(pointer),))


def _store(name: str, opcode: str, rest: str) -> Instruction:
    value, pointer = _pieces(rest)[:2]
    return Instruction(name, opcode, "void", (_operand(value), _operand(pointer)))


def _getelementptr(name: str, opcode: str, rest: str) -> Instruction:
    kind, *operands = _pieces(rest)
    return Instruction(name, opcode, "ptr", tuple(map(_operand, operands)), kind)


def _call(name: str, opcode: str, rest: str) -> Instruction | None:
    called = re.match(rf"(\w+) @({_WORD})\((.*)\)", rest)
    if called is None:
        raise NotWidenedError(f"the call {rest[:60]}")
    kind, callee, arguments = called.groups()
    if callee in {"llvm.assume", "llvm.experimental.noalias.scope.decl"} or callee.startswith("llvm.lifetime."):
        return None
    if callee in _EXACT:
        callee = f"llvm.{callee}.f64"
    elif callee.removesuffix("f") in _EXACT:
        callee = f"llvm.{callee.removesuffix('f')}.f32"
    return Instruction(name, opcode, kind, tuple(map(_operand, _pieces(arguments))), callee)


_EXACT = {"sqrt", "fabs", "floor", "ceil", "trunc", "rint", "nearbyint", "copysign", "fma"}
"""The C library's that are one instruction, rounded as IEEE 754 asks."""

_READERS = {
    "icmp": _compare,
    "fcmp": _compare,
    "fneg": _unary,
    "freeze": _unary,
    "select": _select,
    "phi": _phi,
    "load": _load,
    "store": _store,
    "getelementptr": _getelementptr,
    "call": _call,
}


def _tidied(blocks: dict[str, Block]) -> dict[str, Block]:
    """Turn returns of anything but 0 into edges to `RAISE`, drop what only raises, and let all else end in one block."""
    _split_returns(blocks)
    _drop_raising(blocks)
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
