"""The GPUs of this machine."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import weakref
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from sweep_kernels.cuda.code import device_code, target_of
from sweep_kernels.cuda.library import ATTRIBUTES, call
from sweep_kernels.cuda.steps import STEPS, THREADS
from sweep_kernels.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from sweep_kernels.declaration import Kernel

__all__ = ["Device", "devices"]

NEAR = 0.4
"""Part of the second-level cache that a wave may fill: there are two at a time, and the parameters."""
LEAST_NEAR = 1 << 22
BLOCKS_FOR_EACH = 32
"""Blocks of threads for each multiprocessor, at most: enough to fill it whatever registers a kernel takes, and to even out long trials."""
OLDEST = (6, 0)
JIT_LOG, JIT_LOG_BYTES = 5, 6
"""Options of `cuModuleLoadDataEx`: a buffer for what the driver's compiler has to say of errors, and its size."""
LOG_BYTES = 4096
NOT_BLOCKING = 1
MOST_PREPARED = 64
"""Launches whose arguments are kept: all but the first of a wave's are the same from wave to wave."""


@functools.cache
def devices() -> tuple[Device, ...]:
    """Return all GPUs that this process may use.

    Raises
    ------
    DeviceError
        If there is none, or no driver.
    """
    call("cuInit", 0)
    count = ctypes.c_int()
    call("cuDeviceGetCount", ctypes.byref(count))
    return tuple(Device(number) for number in range(count.value))


class Device:
    """A GPU; see `sweep_kernels.cuda.machine.Machine`."""

    def __init__(self, number: int) -> None:
        self._device = ctypes.c_int()
        call("cuDeviceGet", ctypes.byref(self._device), number)
        name = ctypes.create_string_buffer(256)
        call("cuDeviceGetName", name, len(name), self._device)
        self.name = name.value.decode()
        self.capability = (self._attribute("major"), self._attribute("minor"))
        self.near_bytes = max(int(NEAR * self._attribute("l2_bytes")), LEAST_NEAR)
        self.most_blocks = BLOCKS_FOR_EACH * self._attribute("multiprocessors")
        self._context = ctypes.c_void_p()

    def _attribute(self, name: str) -> int:
        value = ctypes.c_int()
        call("cuDeviceGetAttribute", ctypes.byref(value), ATTRIBUTES[name], self._device)
        return value.value

    def use(self) -> None:
        """Have the calling thread use this GPU."""
        if not self._context:
            call("cuDevicePrimaryCtxRetain", ctypes.byref(self._context), self._device)
        call("cuCtxSetCurrent", self._context)

    @contextlib.contextmanager
    def in_use(self) -> Generator[None]:
        """Have the calling thread use this GPU for a moment, whichever it uses otherwise."""
        call("cuCtxPushCurrent_v2", self._context)
        try:
            yield
        finally:
            call("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))

    def program(self, kernel: Kernel, kinds: tuple[str, ...]) -> DeviceProgram:
        """Compile a kernel, and load it."""
        code = device_code(kernel, kinds, target_of(self.capability))
        return DeviceProgram(self, code.ptx, code.output_kinds)

    def stream(self) -> DeviceStream:
        """Make a stream."""
        return DeviceStream(self)

    def allocate(self, size: int) -> int:
        """Return the address of `size` bytes on the GPU."""
        address = ctypes.c_uint64()
        call("cuMemAlloc_v2", ctypes.byref(address), max(size, 1))
        return address.value

    def free(self, address: int) -> None:
        """Give memory back."""
        with self.in_use():
            call("cuMemFree_v2", address)

    def staging(self, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """Make an array in memory that stays where it is, which a GPU reads and writes by itself."""
        size = max(int(np.prod(shape)) * np.dtype(dtype).itemsize, 1)
        where = ctypes.c_void_p()
        call("cuMemHostAlloc", ctypes.byref(where), size, 0)
        memory = (ctypes.c_byte * size).from_address(where.value or 0)
        _when_gone(memory, self, "cuMemFreeHost", where)
        return np.frombuffer(cast("Any", memory), dtype, count=int(np.prod(shape))).reshape(shape)


class DeviceProgram:
    """A kernel and the steps of a wave, loaded on a GPU."""

    def __init__(self, device: Device, ptx: str, output_kinds: tuple[str, ...]) -> None:
        self.output_kinds = output_kinds
        self._module = _loaded(ptx)
        self.steps: dict[str, Any] = {}
        for step in STEPS:
            found = self.steps[step.name] = ctypes.c_void_p()
            call("cuModuleGetFunction", ctypes.byref(found), self._module, step.name.encode())
        _when_gone(self, device, "cuModuleUnload", self._module)


def _loaded(ptx: str) -> ctypes.c_void_p:
    """Have the driver compile PTX; what its compiler says of an error is told."""
    module = ctypes.c_void_p()
    log = ctypes.create_string_buffer(LOG_BYTES)
    options = (ctypes.c_int * 2)(JIT_LOG, JIT_LOG_BYTES)
    values = (ctypes.c_void_p * 2)(ctypes.addressof(log), LOG_BYTES)
    try:
        call("cuModuleLoadDataEx", ctypes.byref(module), ptx.encode() + b"\0", len(options), options, values)
    except DeviceError as error:
        said = " ".join(log.value.decode(errors="replace").split())
        raise DeviceError(f"{error}{f': {said}' if said else ''}") from None
    return module


class DeviceStream:
    """Work that a GPU does in order; see `sweep_kernels.cuda.machine.Stream`."""

    def __init__(self, device: Device) -> None:
        self._stream = ctypes.c_void_p()
        self._most_blocks = device.most_blocks
        self._prepared: dict[tuple[Any, ...], tuple[Any, Any]] = {}
        call("cuStreamCreate", ctypes.byref(self._stream), NOT_BLOCKING)
        _when_gone(self, device, "cuStreamDestroy_v2", self._stream)

    def upload(self, address: int, data: NDArray[Any]) -> None:
        """Copy an array to the GPU."""
        call("cuMemcpyHtoDAsync_v2", address, data.ctypes.data, data.nbytes, self._stream)

    def download(self, data: NDArray[Any], address: int) -> None:
        """Copy from the GPU."""
        call("cuMemcpyDtoHAsync_v2", data.ctypes.data, address, data.nbytes, self._stream)

    def launch(self, step: Any, count: int, *arguments: int) -> None:
        """Run a step on as many threads as there are indices, or as keep the GPU busy."""
        blocks = min(-(-count // THREADS), self._most_blocks)
        key = (id(step), count, arguments)
        if key not in self._prepared:
            self._prepared[key] = _places((count, *arguments))
            if len(self._prepared) > MOST_PREPARED:
                del self._prepared[next(iter(self._prepared))]
        places, _ = self._prepared[key]
        call("cuLaunchKernel", step, blocks, 1, 1, THREADS, 1, 1, 0, self._stream, places, None)

    def wait(self) -> None:
        """Return when everything is done."""
        call("cuStreamSynchronize", self._stream)


def _places(numbers: tuple[int, ...]) -> tuple[Any, Any]:
    """Return the addresses of a step's arguments, as the driver reads them, and the arguments, which must live as long."""
    words = (ctypes.c_uint64 * len(numbers))(*(each & (2**64 - 1) for each in numbers))
    start, size = ctypes.addressof(words), ctypes.sizeof(ctypes.c_uint64)
    return (ctypes.c_void_p * len(numbers))(*(start + size * i for i in range(len(numbers)))), words


def _when_gone(held: Any, device: Device, function: str, *arguments: Any) -> None:
    """Call a function of the driver when something is no longer there; not when the process ends, which gives everything back."""

    def let_go() -> None:
        with device.in_use():
            call(function, *arguments)

    weakref.finalize(held, let_go).atexit = False
