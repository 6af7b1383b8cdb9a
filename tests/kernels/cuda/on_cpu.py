"""A machine that runs the very steps of a GPU on this processor, one thread after the other, in an order that no GPU would take.

The assembly is the same up to which thread one is; here that is told by a caller. Whatever one thread read of what another one has written in
the same step would show: in one order it has been written, in the other not.
"""

from __future__ import annotations

import ctypes
import functools
import itertools
import random

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

from sweep_kernels.cuda.assembly import THREAD, THREAD_COUNT, elements_text, entries_text
from sweep_kernels.cuda.machine import OutOfMemoryError
from sweep_kernels.cuda.steps import STEPS
from sweep_kernels.cuda.trials import trial_text
from sweep_kernels.objectcode import _linker, target_machine
from sweep_kernels.trial import one_trial

WORD = ir.IntType(64)
PLACE = "place"
NUMBERS = itertools.count()
LONGEST = 600
"""Up to so many indices each has a thread of its own; more are shared out, as in a grid that is too small."""


def threads_text() -> str:
    """A module in which ``place(thread, threads)`` says which thread one is."""
    module = ir.Module(name="threads")
    places = []
    for name in (THREAD, THREAD_COUNT):
        place = ir.GlobalVariable(module, WORD, f"{name}_is")
        place.initializer = ir.Constant(WORD, 0)
        places.append(place)
        builder = ir.IRBuilder(ir.Function(module, ir.FunctionType(WORD, []), name).append_basic_block())
        builder.ret(builder.load(place))
    place = ir.Function(module, ir.FunctionType(ir.VoidType(), [WORD] * 2), PLACE)
    builder = ir.IRBuilder(place.append_basic_block())
    for argument, where in zip(place.args, places, strict=True):
        builder.store(argument, where)
    builder.ret_void()
    return str(module)


TRIALS = "sweep_trials"
"""The step that is another one for each kernel."""
OTHERS = {each.name for each in STEPS} - {TRIALS}


class HostProgram:
    """A kernel and the steps as machine code of this processor."""

    def __init__(self, kernel, kinds):
        one = one_trial(kernel, kinds)
        self.output_kinds = one.output_kinds
        own = object_of({TRIALS}, trial_text(one))
        library = llvm.JITLibraryBuilder().add_object_img(other_steps()).add_object_img(own).add_current_process()
        shown = {*OTHERS, TRIALS, PLACE}
        for name in shown:
            library.export_symbol(name)
        self._library = library.link(_linker(), f"steps-{next(NUMBERS)}")
        self.addresses = {name: self._library[name] for name in shown}
        integer, pointer = ctypes.c_int64, ctypes.c_void_p
        place = ctypes.CFUNCTYPE(None, integer, integer)(self._library[PLACE])
        self.steps = {
            each.name: (
                place,
                ctypes.CFUNCTYPE(
                    None, integer, *(integer if kind == "integer" else pointer for kind in each.arguments)
                )(self._library[each.name]),
            )
            for each in STEPS
        }


@functools.cache
def other_steps() -> bytes:
    """What no kernel has a part in, and which thread one is."""
    return object_of({*OTHERS, PLACE, THREAD, THREAD_COUNT}, threads_text())


def object_of(shown: set[str], text: str) -> bytes:
    """Compile a module together with the steps, for those to be seen that are named."""
    module = llvm.parse_assembly(elements_text())
    for each in (text, entries_text(on_gpu=False)):
        module.link_in(llvm.parse_assembly(each))
    for each in [*module.functions, *module.global_variables]:
        if not each.is_declaration:
            each.linkage = "external" if each.name in shown else "internal"
    machine = target_machine()
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options(speed_level=1))
    passes = llvm.create_new_module_pass_manager()
    passes.add_global_dead_code_eliminate_pass()
    passes.run(module, builder)
    builder.getModulePassManager().run(module, builder)
    return machine.emit_object(module)


class HostStream:
    def __init__(self, machine):
        self._machine = machine

    def upload(self, address, data):
        ctypes.memmove(address, data.ctypes.data, data.nbytes)

    def download(self, data, address):
        assert data.flags.c_contiguous
        ctypes.memmove(data.ctypes.data, address, data.nbytes)

    def launch(self, step, count, *arguments):
        place, run = step
        threads = list(range(min(count, LONGEST) + 1))  # one has nothing to do
        self._machine.order(threads)
        for thread in threads:
            place(thread, len(threads))
            run(count, *arguments)

    def wait(self):
        pass


class HostMachine:
    """See `sweep_kernels.cuda.machine.Machine`."""

    name = "this processor"

    def __init__(self, near_bytes=1 << 20, order=None, most=1 << 40):
        self.near_bytes = near_bytes
        self.order = order or random.Random(1).shuffle
        self._held = {}
        self._programs = {}
        self._most = most

    def program(self, kernel, kinds):
        if (kernel, kinds) not in self._programs:
            self._programs[kernel, kinds] = HostProgram(kernel, kinds)
        return self._programs[kernel, kinds]

    def use(self):
        pass

    def stream(self):
        return HostStream(self)

    def allocate(self, size):
        if sum(each.nbytes for each in self._held.values()) + size > self._most:
            raise OutOfMemoryError("full")
        room = np.full(size, 0xA5, np.uint8)  # no zeros that nobody has written
        self._held[room.ctypes.data] = room
        return room.ctypes.data

    def free(self, address):
        del self._held[address]

    def staging(self, shape, dtype):
        return np.full(shape, 77, dtype)

    @property
    def held(self):
        return len(self._held)
