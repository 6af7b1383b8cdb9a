"""PTX of kernels, kept on disk by content as object code is; a process that finds it imports neither numba nor LLVM."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep_kernels.cache import cache_folder, content_key
from sweep_kernels.seal import sealed, unsealed
from sweep_kernels.shelf import read, write

if TYPE_CHECKING:
    from sweep_kernels.declaration import Kernel

__all__ = ["TARGETS", "DeviceCode", "device_code", "target_of"]

TARGETS = ((6, 0), (7, 0), (8, 0), (9, 0))
"""Compute capabilities that are compiled for; a newer chip runs what was compiled for an older one."""


@dataclass(frozen=True)
class DeviceCode:
    """A kernel and the steps around it as PTX.

    Attributes
    ----------
    ptx
        The assembly.
    output_kinds
        For each output, ``"bool"``, ``"int"`` or ``"float"``.
    """

    ptx: str
    output_kinds: tuple[str, ...]

    def to_bytes(self) -> bytes:
        """Write a digest of the rest, one JSON line, the assembly."""
        body = json.dumps({"output_kinds": self.output_kinds}).encode() + b"\n" + self.ptx.encode()
        return sealed(body)

    @classmethod
    def from_bytes(cls, data: bytes) -> DeviceCode | None:
        """Read what `to_bytes` wrote; None when it is damaged."""
        body = unsealed(data)
        if body is None:
            return None
        line, _, ptx = body.partition(b"\n")
        return cls(ptx.decode(), tuple(json.loads(line)["output_kinds"]))


def target_of(capability: tuple[int, int]) -> tuple[int, int]:
    """Return the newest of `TARGETS` that a chip of this compute capability can run; the oldest if it can run none.

    >>> target_of((8, 9)), target_of((12, 0))
    ((8, 0), (9, 0))
    """
    return max((each for each in TARGETS if each <= capability), default=TARGETS[0])


def device_code(kernel: Kernel, kinds: tuple[str, ...], target: tuple[int, int]) -> DeviceCode:
    """Return a kernel's PTX, from disk where it is, else compiled now and kept.

    Parameters
    ----------
    kernel
        The kernel.
    kinds
        Kinds of its parameters in order: ``"int"``, ``"float"``, ``"bool"`` or ``"str"``.
    target
        Compute capability, one of `TARGETS`.

    Raises
    ------
    KernelError
        If it cannot be compiled, or not for a GPU.
    """
    path = cache_folder() / f"{kernel.name}-{content_key(kernel, kinds)}-sm_{target[0]}{target[1]}.ptx"
    data = read(path)
    found = None if data is None else DeviceCode.from_bytes(data)
    if found is None:
        from sweep_kernels.cuda.ptx import ptx_of
        from sweep_kernels.trial import one_trial

        one = one_trial(kernel, kinds)
        found = DeviceCode(ptx_of(kernel, one, target), one.output_kinds)
        write(path, found.to_bytes())
    return found
