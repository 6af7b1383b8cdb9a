"""Many trials side by side in vector registers, made from the scalar function: one lane, one trial."""

from __future__ import annotations

from sweep_kernels.lanes.function import NotWidenedError
from sweep_kernels.lanes.widening import Widened, widened

__all__ = ["NotWidenedError", "Widened", "widened"]
