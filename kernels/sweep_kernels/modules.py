"""LLVM modules: taken from numba before it optimises them, simplified, linked, optimised, and emitted as object code."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
# (numba's and llvmlite's own types say little)
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import llvmlite.binding as llvm
from numba import njit  # type: ignore[import-untyped]
from numba.core import config  # type: ignore[import-untyped]
from numba.core.compiler_lock import global_compiler_lock  # type: ignore[import-untyped]
from numba.core.registry import cpu_target  # type: ignore[import-untyped]

from sweep_kernels.objectcode import target_machine

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

__all__ = ["Assembly", "assembly_of", "emitted", "room_of", "simplified"]


class Assembly(NamedTuple):
    """A module as text, and the function in it that matters."""

    text: str
    entry: str


def assembly_of(function: Callable[..., Any], signature: Any) -> Assembly:
    """Have numba compile a function, and return what it makes of it before anything is optimised."""
    with _unoptimised():
        dispatcher = njit(signature, error_model="numpy", _nrt=False, no_cpython_wrapper=True, no_cfunc_wrapper=True)(
            function
        )
    result = dispatcher.overloads[signature.args]
    return Assembly(result.library.get_llvm_str(), result.fndesc.llvm_func_name)


@contextmanager
def _unoptimised() -> Generator[None]:
    """Have numba leave optimising to us: it would vectorise loops within a trial, and does everything once for each helper.

    It emits a copy of each module, for LLVM rewrites what it emits: addresses would be counted up, and sums be pairs with an overflow.
    """
    with global_compiler_lock:
        kept = config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE
        config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE = type(config.OPT)(0), 0, 0
        engine = cpu_target.target_context.codegen()._engine
        add = engine.add_module
        engine.add_module = lambda module: add(module.clone())
        try:
            yield
        finally:
            del engine.add_module
            config.OPT, config.LOOP_VECTORIZE, config.SLP_VECTORIZE = kept


def simplified(assembly: Assembly) -> str:
    """Inline everything into the entry, and bring that into its simplest scalar form.

    Loops get one way in, one way back and exits of their own; values leave them through phis only; switches become branches.
    """
    module = _inlined(assembly)
    passes = llvm.create_new_module_pass_manager()
    passes.add_sroa_pass()
    # the status of every call is looked at: threading these jumps first makes errors exits of their own
    for _ in range(2):
        passes.add_jump_threading_pass()
        passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_new_gvn_pass()
    passes.add_jump_threading_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_loop_rotate_pass()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    passes.add_new_gvn_pass()
    passes.add_simplify_cfg_pass()
    passes.add_lower_switch_pass()
    passes.add_aggressive_dce_pass()
    passes.add_loop_simplify_pass()
    passes.add_lcssa_pass()
    passes.add_instruction_namer_pass()
    passes.run(module, _builder(vectorise=False))
    return str(module)


def _inlined(assembly: Assembly) -> Any:
    """Inline everything into the entry; what a function has on its stack lives as long as the entry does, so that arrays can be returned."""
    module = _only(llvm.parse_assembly(assembly.text), assembly.entry)
    for each in module.functions:
        attributes = b" ".join(each.attributes)
        if not each.is_declaration and each.name != assembly.entry and b"noinline" not in attributes:
            each.add_function_attribute("alwaysinline")
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, _builder(vectorise=False))
    lines = str(module).splitlines()
    return llvm.parse_assembly("\n".join(line for line in lines if "call void @llvm.lifetime." not in line))


def room_of(text: str) -> int:
    """Return how many bytes the functions of a module have on the stack."""
    pieces = re.findall(r"= alloca (?:\[(\d+) x )?(\w+)", text)
    return sum(int(many or 1) * _BYTES.get(kind, 8) for many, kind in pieces)


_BYTES = {"i1": 1, "i8": 1, "i16": 2, "i32": 4, "float": 4}


def emitted(texts: list[str], entry: str) -> tuple[bytes, tuple[str, ...]]:
    """Link modules, optimise what `entry` needs, and emit it for this processor.

    Returns
    -------
    tuple
        The object code, and the names that it needs from outside.
    """
    module = llvm.parse_assembly(texts[0])
    for text in texts[1:]:
        module.link_in(llvm.parse_assembly(text))
    _only(module, entry)
    builder = _builder(vectorise=True)
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, builder)
    builder.getModulePassManager().run(module, builder)
    assert "inttoptr (i64" not in str(module), "an address of this process is in the code"  # noqa: S101 - our mistake, and it must stop us
    symbols = tuple(each.name for each in module.functions if each.is_declaration and not each.name.startswith("llvm."))
    return target_machine().emit_object(module), symbols


def _only(module: Any, entry: str) -> Any:
    """Let a module show its entry only."""
    module.verify()
    for each in [*module.functions, *module.global_variables]:
        if not each.is_declaration:
            each.linkage = "external" if each.name == entry else "internal"
    return module


def _builder(*, vectorise: bool) -> Any:
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = vectorise
    options.slp_vectorization = False
    return llvm.create_pass_builder(target_machine(), options)
