"""What the driver needs of a machine that runs the steps of a wave: a GPU, or in tests the CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sweep_kernels.errors import DeviceError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sweep_kernels.declaration import Kernel

__all__ = ["Machine", "OutOfMemoryError", "Program", "Stream"]


class OutOfMemoryError(DeviceError):
    """A machine has no room for as much."""


class Program(Protocol):
    """The steps of a wave and a kernel's trial, compiled for a machine."""

    output_kinds: tuple[str, ...]
    steps: dict[str, Any]
    """By their names, as the machine's streams take them."""


class Stream(Protocol):
    """Work that a machine does in order, while this process goes on."""

    def upload(self, address: int, data: NDArray[Any]) -> None:
        """Copy an array to the machine's memory; it is not to be changed before `wait` returns."""
        ...

    def download(self, data: NDArray[Any], address: int) -> None:
        """Copy from the machine's memory into an array, which is filled when `wait` returns."""
        ...

    def launch(self, step: Any, count: int, *arguments: int) -> None:
        """Run a program's step for every index below `count`; integers and addresses as it takes them."""
        ...

    def wait(self) -> None:
        """Return when everything is done."""
        ...


class Machine(Protocol):
    """Memory, and threads to run steps on. One thread of this process uses it at a time."""

    name: str
    near_bytes: int
    """How much is read again fast: what a wave's values should not exceed."""

    def program(self, kernel: Kernel, kinds: tuple[str, ...]) -> Program:
        """Compile a kernel, or take it from where compiled ones are kept."""
        ...

    def use(self) -> None:
        """Have the calling thread use this machine."""
        ...

    def stream(self) -> Stream:
        """Make a stream."""
        ...

    def allocate(self, size: int) -> int:
        """Return the address of `size` bytes of the machine's memory.

        Raises
        ------
        OutOfMemoryError
            If there is no room.
        """
        ...

    def free(self, address: int) -> None:
        """Give memory back."""
        ...

    def staging(self, shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:
        """Make an array here that streams copy to and from fastest."""
        ...
