"""The steps of a wave and a kernel's trial as LLVM assembly, and the entries that run a step on many threads.

Everything but the entries is the same whatever runs it; which thread one is, is asked of two functions that a target defines.
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# (numba's decorators rewrite the signatures of what they decorate)
import functools
import hashlib
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types  # type: ignore[import-untyped]
from numba.core import cgutils  # type: ignore[import-untyped]
from numba.extending import intrinsic  # type: ignore[import-untyped]

from sweep_kernels.cuda import elements, exact
from sweep_kernels.cuda.steps import STEPS, THREADS, Step
from sweep_kernels.cuda.trials import REMAINDER, TRIAL, WHOLE
from sweep_kernels.modules import assembly_of
from sweep_kernels.native import Compiler
from sweep_kernels.pointers import beyond, linked_in
from sweep_kernels.seal import sealed, unsealed
from sweep_kernels.shelf import cache_folder, read, toolchain, write
from sweep_kernels.trial import ONE_ARGUMENTS

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["THREAD", "THREAD_COUNT", "elements_text", "entries_text"]

THREAD, THREAD_COUNT = "sweep_thread", "sweep_thread_count"
"""Names of what tells which thread one is, and of how many; both return an i64."""

LIMITS = {"maxntidx": THREADS, "minctasm": 1}
"""Threads of a block at most, and blocks of a multiprocessor at least. With the latter unsaid, NVIDIA's compiler keeps numbers in memory so that
more fit."""

WORD = ir.IntType(64)
POINTER = ir.IntType(8).as_pointer()
STATUS = ir.IntType(32)
NUMBA_TYPES = {
    "integer": types.int64,
    "float": types.float64,
    "integers": types.CPointer(types.int64),
    "floats": types.CPointer(types.float64),
}
LLVM_TYPES = {
    "integer": WORD,
    "float": ir.DoubleType(),
    "integers": WORD.as_pointer(),
    "floats": ir.DoubleType().as_pointer(),
}
FUNCTIONS = {REMAINDER: (exact.remainder, "float", ("float", "float")), WHOLE: (exact.whole, "integer", ("float",))}
"""What trials call: the plain function, what it returns, what it takes."""


@functools.cache
def elements_text() -> str:
    """Return the module of what threads do, which is the same for all kernels; it is kept, for numba needs seconds for it."""
    path = cache_folder() / f"steps-{hashlib.sha256(toolchain().encode()).hexdigest()[:32]}.ll"
    kept = unsealed(read(path) or b"")
    if kept is not None:
        return kept.decode()
    stand_ins = {id(elements.run_one): _run_one, id(elements.beyond): beyond}
    texts = [_text(_inner(each.name), each.element, "", ("integer", *each.arguments), stand_ins) for each in STEPS]
    texts += [_text(_inner(name), *each) for name, each in FUNCTIONS.items()]
    module = llvm.parse_assembly(texts[0])
    for each in texts[1:]:
        module.link_in(llvm.parse_assembly(each))
    text = str(module)
    write(path, sealed(text.encode()))
    return text


def _text(
    name: str,
    function: Callable[..., Any],
    result: str,
    arguments: tuple[str, ...],
    stand_ins: dict[int, Any] | None = None,
) -> str:
    """Compile a plain function to a module that has it under a name, as numba calls functions: results by address, a status returned."""
    signature = NUMBA_TYPES.get(result, types.void)(*(NUMBA_TYPES[each] for each in arguments))
    made = assembly_of(Compiler(checked=False, stand_ins=stand_ins).bound(function), signature)
    module = llvm.parse_assembly(made.text)
    module.get_function(made.entry).name = name
    return str(module)


def _inner(name: str) -> str:
    return f"{name}_inner"


def entries_text(*, on_gpu: bool) -> str:
    """Return a module with an entry for each step, as a GPU or a CPU calls it.

    The entry of a step takes how many indices there are, and then what the step is given; it runs every index that is the thread's number
    modulo the number of threads.
    """
    module = ir.Module(name="entries")
    asked = ir.FunctionType(WORD, [])
    thread, threads = (ir.Function(module, asked, name) for name in (THREAD, THREAD_COUNT))
    for step in STEPS:
        entry = _entry(module, step, thread, threads)
        if on_gpu:
            entry.calling_convention = "ptx_kernel"
            for limit, value in LIMITS.items():
                stated = [entry, ir.MetaDataString(module, limit), ir.Constant(ir.IntType(32), value)]
                module.add_named_metadata("nvvm.annotations", module.add_metadata(stated))
    for name, (_, result, arguments) in FUNCTIONS.items():
        _function(module, name, LLVM_TYPES[result], [LLVM_TYPES[each] for each in arguments])
    return str(module)


def _function(module: ir.Module, name: str, result: ir.Type, arguments: list[ir.Type]) -> None:
    """Add a function that returns what numba's returns by address."""
    inner = ir.Function(
        module, ir.FunctionType(STATUS, [result.as_pointer(), POINTER.as_pointer(), *arguments]), _inner(name)
    )
    function = ir.Function(module, ir.FunctionType(result, arguments), name)
    builder = ir.IRBuilder(function.append_basic_block())
    found = builder.alloca(result)
    builder.call(inner, [found, builder.alloca(POINTER), *function.args])
    builder.ret(builder.load(found))


def _entry(module: ir.Module, step: Step, thread: ir.Function, threads: ir.Function) -> ir.Function:
    kinds = [LLVM_TYPES[each] for each in step.arguments]
    element = ir.Function(
        module, ir.FunctionType(STATUS, [POINTER.as_pointer()] * 2 + [WORD, *kinds]), _inner(step.name)
    )
    entry = ir.Function(module, ir.FunctionType(ir.VoidType(), [WORD, *kinds]), step.name)
    count, *given = entry.args
    before, loop, after = (entry.append_basic_block(name) for name in ("before", "loop", "after"))
    builder = ir.IRBuilder(before)
    nowhere = [builder.alloca(POINTER) for _ in range(2)]  # for a result and an exception, which nobody reads
    first, stride = builder.call(thread, []), builder.call(threads, [])
    builder.cbranch(builder.icmp_signed("<", first, count), loop, after)
    builder.position_at_end(loop)
    i = builder.phi(WORD)
    builder.call(element, [*nowhere, i, *given])
    following = builder.add(i, stride)
    i.add_incoming(first, before)
    i.add_incoming(following, loop)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
    ir.IRBuilder(after).ret_void()
    return entry


@intrinsic
def _run_one(
    context: Any,
    k0: Any,
    k1: Any,
    c1: Any,
    c2: Any,
    c3: Any,
    parameters: Any,
    row: Any,
    tables: Any,
    values: Any,
    stride: Any,
    i: Any,
) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = ir.FunctionType(STATUS, [POINTER.as_pointer()] * 2 + [each.type for each in arguments])
        nowhere = [cgutils.alloca_once(builder, POINTER) for _ in range(2)]
        return builder.call(linked_in(builder.module, TRIAL, kind), [*nowhere, *arguments])

    return types.int32(*ONE_ARGUMENTS), generate
