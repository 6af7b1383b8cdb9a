"""A vector that a kernel returns alone: numba lets compiled code return no array that it has made, but takes one in a tuple."""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false, reportMissingParameterType=false
# (numba's decorators rewrite the signatures of what they decorate)
from typing import Any

from numba.core import ir  # type: ignore[import-untyped]
from numba.core.compiler import CompilerBase, DefaultPassBuilder  # type: ignore[import-untyped]
from numba.core.compiler_machinery import FunctionPass, register_pass  # type: ignore[import-untyped]
from numba.core.ir_utils import build_definitions, mk_unique_var  # type: ignore[import-untyped]
from numba.core.typed_passes import NopythonTypeInference  # type: ignore[import-untyped]

__all__ = ["InTuple"]


@register_pass(mutates_CFG=False, analysis_only=False)
class _PutInTuple(FunctionPass):
    """Make each ``return x`` a ``return (x,)``."""

    _name = "put_in_tuple"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:  # type: ignore[override] - True: the function was changed
        blocks = state.func_ir.blocks
        for block in blocks.values():
            if isinstance(block.body[-1], ir.Return):
                _wrap(block, block.body[-1])
        state.func_ir._definitions = build_definitions(blocks)
        return True


def _wrap(block: Any, returned: Any) -> None:
    wrapped = ir.Var(block.scope, mk_unique_var("$wrapped"), returned.loc)
    made = ir.Assign(ir.Expr.build_tuple([returned.value], returned.loc), wrapped, returned.loc)
    block.body[-1:] = [made, ir.Return(wrapped, returned.loc)]


class InTuple(CompilerBase):
    """Numba's compiler, for a function whose every result is put into a tuple."""

    def define_pipelines(self) -> list[Any]:
        """See numba's ``CompilerBase``."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        position = next(i for i, (each, _) in enumerate(passes.passes) if each is NopythonTypeInference)
        passes.passes.insert(position, (_PutInTuple, "a vector returned alone"))
        passes.finalize()
        return [passes]
