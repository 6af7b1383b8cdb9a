"""Run a scalar function compiled, the way the driver does, for comparison with plain Python; load files as a user's."""

from __future__ import annotations

import importlib.util
import textwrap

import numpy as np

from sweep_kernels import Kernel, kernel
from sweep_kernels.driver import Blocks, Driver, parameter_words

KINDS = {float: "float", int: "int", bool: "bool"}


def compiled_trials(
    each: Kernel,
    seed: int,
    point: int,
    first_block: int,
    count: int,
    block_size: int = 8,
    width: int | None = None,
    **parameters,
):
    """Return what trials give in compiled code, shape (outputs, count * block_size)."""
    kinds = tuple(KINDS[type(parameters[name])] for name in each.parameters)
    last = (first_block + count) * block_size
    driver = Driver(each, kinds, seed=seed, trials=last, block_size=block_size, width=width)
    words = parameter_words([np.array([parameters[name]]) for name in each.parameters], kinds, 1)
    return driver.run_keeping(Blocks(point, first_block, count, 0, count), words)[1]


def as_kernel(function, *outputs: str) -> Kernel:
    return kernel(outputs=outputs or ["value"])(function)


def loaded(folder, text: str, name: str = "study"):
    """Run a file of the user's."""
    path = folder / f"{name}.py"
    path.write_text("from sweep_kernels import kernel\n" + textwrap.dedent(text))
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module
