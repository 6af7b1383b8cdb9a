"""Numbers only: counter-based draws, kernels, block statistics and their compilation.

Knows nothing of spaces, plans, stores or jobs. Importing it imports neither numba nor llvmlite.
"""

from sweep_kernels.errors import KernelError
from sweep_kernels.kernel import Kernel, kernel
from sweep_kernels.rng import Rng

__all__ = ["Kernel", "KernelError", "Rng", "kernel"]
