"""Kernels as PTX, the assembly for NVIDIA's GPUs, which their driver compiles for the chip that is there.

LLVM's own backend writes it, which llvmlite brings along. Of PTX it takes the lowest version that knows the target, so that every driver which
knows the chip can read it. Nothing is rounded otherwise than on the CPU: the backend fuses no multiplication with an addition, each of them names
its rounding, which keeps the driver from it too, and divisions and square roots are those of IEEE 754. See NVIDIA, Parallel Thread Execution ISA,
https://docs.nvidia.com/cuda/parallel-thread-execution/, "Floating Point Instructions".
"""

from __future__ import annotations

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false, reportCallIssue=false
import functools
from typing import TYPE_CHECKING, Any

import llvmlite.binding as llvm
from llvmlite import ir

from sweep_kernels.cuda.assembly import THREAD, THREAD_COUNT, elements_text, entries_text
from sweep_kernels.cuda.steps import STEPS
from sweep_kernels.cuda.trials import refuse_library, trial_text

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel
    from sweep_kernels.trial import OneTrial

__all__ = ["ptx_of"]

TRIPLE = "nvptx64-nvidia-cuda"
WORD, HALF = ir.IntType(64), ir.IntType(32)


def ptx_of(kernel: Kernel, one: OneTrial, target: tuple[int, int]) -> str:
    """Compile a kernel's trial, and the steps around it, to PTX.

    Parameters
    ----------
    kernel
        Whose trial it is.
    one
        The trial.
    target
        Compute capability, as ``(8, 0)``.

    Raises
    ------
    KernelError
        If it needs what a GPU does not have.
    """
    machine = _machine(target)
    module = _targeted(elements_text(), machine)
    for text in (trial_text(one), entries_text(on_gpu=True), _threads_text()):
        module.link_in(_targeted(text, machine))
    shown = {each.name for each in STEPS}
    for each in [*module.functions, *module.global_variables]:
        if not each.is_declaration:
            each.linkage = "external" if each.name in shown else "internal"
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, builder)
    builder.getModulePassManager().run(module, builder)
    refuse_library(kernel, [each.name for each in module.functions if each.is_declaration])
    return machine.emit_assembly(module)


def _targeted(text: str, machine: Any) -> Any:
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = TRIPLE, str(machine.target_data)
    return module


@functools.cache
def _machine(target: tuple[int, int]) -> Any:
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    return llvm.Target.from_triple(TRIPLE).create_target_machine(cpu=f"sm_{target[0]}{target[1]}", opt=3)


def _threads_text() -> str:
    """Return a module that tells a thread its number, and how many there are, in a grid of one dimension."""
    module = ir.Module(name="threads")
    asked = ir.FunctionType(HALF, [])
    block, blocks, size, place = (
        ir.Function(module, asked, f"llvm.nvvm.read.ptx.sreg.{name}.x") for name in ("ctaid", "nctaid", "ntid", "tid")
    )
    for name, count in ((THREAD, block), (THREAD_COUNT, blocks)):
        builder = ir.IRBuilder(ir.Function(module, ir.FunctionType(WORD, []), name).append_basic_block())
        found = builder.mul(*(builder.zext(builder.call(each, []), WORD) for each in (count, size)))
        if name == THREAD:
            found = builder.add(found, builder.zext(builder.call(place, []), WORD))
        builder.ret(found)
    return str(module)
