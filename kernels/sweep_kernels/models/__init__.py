"""Ready-made kernels, one a file, each with its closed form where one is known. Imported when first used."""

from __future__ import annotations

from typing import Any

__all__ = ["CATALOGUE"]

# Files are not named as their kernels are: importing a file would otherwise hide the kernel behind its module.
CATALOGUE = {
    "pi": "circle",
    "european_option": "european",
    "asian_option": "asian",
    "mm1_queue": "mm1",
    "radar_detection": "radar",
    "radar_at_range": "radar_range",
    "radar_cfar": "cfar",
    "radar_ambiguity": "ambiguity",
    "lidar_return": "lidar",
    "camera_detection": "camera",
    "track_confirmation": "tracking",
    "aeb_cut_in": "cut_in",
    "aeb_braking_lead": "braking_lead",
}
"""File of each kernel, by the kernel's name."""


def __getattr__(name: str) -> Any:
    if name not in CATALOGUE:
        raise AttributeError(f"sweep_kernels.models has no kernel {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{CATALOGUE[name]}"), name)
