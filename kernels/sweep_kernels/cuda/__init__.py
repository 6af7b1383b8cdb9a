"""Kernels on NVIDIA GPUs, from the same source and with the same bits as on the CPU.

`elements` says what one thread does, `assembly` makes one module of that and of a kernel's trial, `ptx` compiles it with LLVM's own backend,
`devices` reaches the GPU's driver, and `driver` runs blocks of trials as `sweep_kernels.driver` does. Nothing of CUDA's toolkit is needed: the
driver that comes with the GPU compiles PTX. Imported only when asked for.
"""
