"""One function of LLVM assembly, read into blocks of instructions.

Only what scalar kernels come down to after inlining is known: numbers, pointers, and branches between them. See the LLVM Language Reference
Manual, https://llvm.org/docs/LangRef.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sweep_kernels.lanes.endings import with_two_endings
from sweep_kernels.lanes.function import RAISE, RETURN, Block, Function, Instruction, NotWidenedError, Operand

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["read_function", "read_head"]

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
_MEMORY = {"insertvalue", "extractvalue"}
_OWN_MEMORY = "numbers that go through memory, in a power of complex ones, say"
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
    return Function(name, read_head(text, name), with_two_endings(blocks))


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


def _alloca(name: str, opcode: str, rest: str) -> Instruction:
    kind = re.match(r"(?:\[(\d+) x )?(\w+)\]?$", rest)
    if kind is None or not _SIMPLE.match(kind[2]):
        raise NotWidenedError(_OWN_MEMORY)
    return Instruction(name, opcode, "ptr", detail=f"{kind[1] or 1} x {kind[2]}")


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
    "alloca": _alloca,
    "load": _load,
    "store": _store,
    "getelementptr": _getelementptr,
    "call": _call,
}
