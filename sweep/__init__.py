"""Monte Carlo sweeps as array jobs.

Write one scalar function, name a parameter space, and run it: in this process, on Ray, from a folder or S3. The result is the same, byte
for byte, wherever and however it was computed.

Names are imported when they are first used: ``import sweep`` itself takes milliseconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sweep.cases import Cases, find_cases
    from sweep.comparison import Comparison, compare
    from sweep.errors import SweepError
    from sweep.load import load_sweep
    from sweep.plan import Plan
    from sweep.programs import Command, Finished, command, from_csv, from_json, from_text, from_xml
    from sweep.result import Result, open_result
    from sweep.space import (
        Space,
        grid,
        halton,
        independent,
        latin_hypercube,
        linspace,
        logspace,
        objects,
        product,
        sobol,
        table,
        union,
        zipped,
    )
    from sweep.store import open_store
    from sweep.sweep import Sweep
    from sweep_kernels import Kernel, Rng, kernel

__version__ = "0.1.0"

__all__ = [
    "Cases",
    "Command",
    "Comparison",
    "Finished",
    "Kernel",
    "Plan",
    "Result",
    "Rng",
    "Space",
    "Sweep",
    "SweepError",
    "command",
    "compare",
    "find_cases",
    "from_csv",
    "from_json",
    "from_text",
    "from_xml",
    "grid",
    "halton",
    "independent",
    "kernel",
    "latin_hypercube",
    "linspace",
    "load_sweep",
    "logspace",
    "objects",
    "open_result",
    "open_store",
    "product",
    "sobol",
    "table",
    "union",
    "zipped",
]

_HOMES = {
    **dict.fromkeys(("Kernel", "Rng", "kernel"), "sweep_kernels"),
    **dict.fromkeys(
        (
            *("Space", "grid", "zipped", "product", "union", "table", "linspace", "logspace", "objects"),
            *("sobol", "halton", "latin_hypercube", "independent"),
        ),
        "sweep.space",
    ),
    **dict.fromkeys(
        ("Command", "Finished", "command", "from_csv", "from_json", "from_text", "from_xml"), "sweep.programs"
    ),
    **dict.fromkeys(("Result", "open_result"), "sweep.result"),
    **dict.fromkeys(("Cases", "find_cases"), "sweep.cases"),
    **dict.fromkeys(("Comparison", "compare"), "sweep.comparison"),
    "Plan": "sweep.plan",
    "Sweep": "sweep.sweep",
    "SweepError": "sweep.errors",
    "load_sweep": "sweep.load",
    "open_store": "sweep.store",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'sweep' has no attribute {name!r}")
    import importlib

    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
