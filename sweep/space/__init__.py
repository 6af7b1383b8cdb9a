"""Parameter spaces: points by index, none made before it is asked for."""

from __future__ import annotations

from sweep.space.algebra import product, union
from sweep.space.axis import linspace, logspace
from sweep.space.base import Space
from sweep.space.designs import independent
from sweep.space.grid import grid, zipped
from sweep.space.halton import halton
from sweep.space.latin import latin_hypercube
from sweep.space.listing import objects
from sweep.space.parameter import Parameter
from sweep.space.sobol import sobol
from sweep.space.spec import from_spec, from_toml
from sweep.space.table import table

__all__ = [
    "Parameter",
    "Space",
    "from_spec",
    "from_toml",
    "grid",
    "halton",
    "independent",
    "latin_hypercube",
    "linspace",
    "logspace",
    "objects",
    "product",
    "sobol",
    "table",
    "union",
    "zipped",
]
