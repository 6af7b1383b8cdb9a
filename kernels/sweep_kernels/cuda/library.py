"""NVIDIA's driver as a C library: the functions that are needed of it, by `ctypes`.

This interface is in every driver since CUDA 7.0 and does not change, so there is nothing to install and nothing that could be too new for the
driver. See NVIDIA, CUDA Driver API, https://docs.nvidia.com/cuda/cuda-driver-api/.
"""

from __future__ import annotations

import ctypes
import functools
from typing import Any

from sweep_kernels.cuda.machine import OutOfMemoryError
from sweep_kernels.errors import DeviceError

__all__ = ["ATTRIBUTES", "call", "version"]

NAMES = ("libcuda.so.1", "libcuda.so")
HANDLE, SIZE, INTEGER, COUNT = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_uint
ADDRESS = ctypes.c_uint64
"""In a GPU's memory."""

SIGNATURES: dict[str, tuple[Any, ...]] = {
    "cuInit": (COUNT,),
    "cuDriverGetVersion": (ctypes.POINTER(INTEGER),),
    "cuGetErrorName": (INTEGER, ctypes.POINTER(ctypes.c_char_p)),
    "cuDeviceGetCount": (ctypes.POINTER(INTEGER),),
    "cuDeviceGet": (ctypes.POINTER(INTEGER), INTEGER),
    "cuDeviceGetName": (ctypes.c_char_p, INTEGER, INTEGER),
    "cuDeviceGetAttribute": (ctypes.POINTER(INTEGER), INTEGER, INTEGER),
    "cuDevicePrimaryCtxRetain": (ctypes.POINTER(HANDLE), INTEGER),
    "cuCtxSetCurrent": (HANDLE,),
    "cuCtxPushCurrent_v2": (HANDLE,),
    "cuCtxPopCurrent_v2": (ctypes.POINTER(HANDLE),),
    "cuModuleLoadDataEx": (ctypes.POINTER(HANDLE), ctypes.c_char_p, COUNT, HANDLE, HANDLE),
    "cuModuleUnload": (HANDLE,),
    "cuModuleGetFunction": (ctypes.POINTER(HANDLE), HANDLE, ctypes.c_char_p),
    "cuMemAlloc_v2": (ctypes.POINTER(ADDRESS), SIZE),
    "cuMemFree_v2": (ADDRESS,),
    "cuMemHostAlloc": (ctypes.POINTER(HANDLE), SIZE, COUNT),
    "cuMemFreeHost": (HANDLE,),
    "cuMemcpyHtoDAsync_v2": (ADDRESS, HANDLE, SIZE, HANDLE),
    "cuMemcpyDtoHAsync_v2": (HANDLE, ADDRESS, SIZE, HANDLE),
    "cuStreamCreate": (ctypes.POINTER(HANDLE), COUNT),
    "cuStreamDestroy_v2": (HANDLE,),
    "cuStreamSynchronize": (HANDLE,),
    "cuLaunchKernel": (HANDLE, *[COUNT] * 7, HANDLE, HANDLE, HANDLE),
}
"""What each function takes; all return a CUresult."""

ATTRIBUTES = {"multiprocessors": 16, "l2_bytes": 38, "major": 75, "minor": 76}
"""Of a device, by their numbers in ``CUdevice_attribute``."""

OUT_OF_MEMORY = 2
PLAIN = {
    34: "what is installed is not the CUDA driver but a stub of it, for linking only: take the stub out of LD_LIBRARY_PATH",
    46: "the GPU is in use by another process, which has it alone",
    100: "the CUDA driver finds no GPU (if there is one, see CUDA_VISIBLE_DEVICES)",
    209: "the CUDA driver has no compiler for this GPU",
    214: "the GPU found an error in its memory that it cannot correct (ECC)",
    222: "the CUDA driver is too old for this PTX: install a newer driver",
    803: "the CUDA driver is older than the GPU's kernel module: install the driver that belongs to it",
    804: "the CUDA driver does not support this GPU",
}
"""What a CUresult means for a user."""


@functools.cache
def _library() -> Any:
    for name in NAMES:
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        for function, arguments in SIGNATURES.items():
            found = getattr(library, function, None)
            if found is None:
                raise DeviceError(f"the CUDA driver is too old: {name} has no {function}, which CUDA 7.0 brought")
            found.argtypes, found.restype = arguments, ctypes.c_int
        return library
    raise DeviceError(
        f"there is no CUDA driver: {NAMES[0]} cannot be loaded (it comes with the driver of an NVIDIA GPU)"
    )


def call(function: str, *arguments: Any) -> None:
    """Call a function of the driver.

    Raises
    ------
    OutOfMemoryError
        If the GPU has no room.
    DeviceError
        If there is no driver, or it refuses for another reason.
    """
    status = getattr(_library(), function)(*arguments)
    if status == OUT_OF_MEMORY:
        raise OutOfMemoryError("the GPU has no memory left: end what else uses it")
    if status != 0:
        told = PLAIN.get(status, f"{function} failed: {_name_of(status)}")
        raise DeviceError(f"{told} (CUDA error {status}, driver {version()})")


def version() -> str:
    """Return the newest CUDA that the driver knows, as ``"12.4"``; ``"unknown"`` if it does not say."""
    number = ctypes.c_int()
    if _library().cuDriverGetVersion(ctypes.byref(number)) != 0:
        return "unknown"
    return f"{number.value // 1000}.{number.value % 1000 // 10}"


def _name_of(status: int) -> str:
    text = ctypes.c_char_p()
    _library().cuGetErrorName(status, ctypes.byref(text))
    return (text.value or b"an error without a name").decode()
