"""ASAM OpenSCENARIO XML: parameter value distributions as spaces and as draws, and concrete scenarios.

``scenario = read("cut_in_distribution.xosc")`` stands where a space stands: ``Sweep(kernel, scenario)``. What the standard leaves open, and what is
taken instead, is in OPENSCENARIO.md.
"""

from __future__ import annotations

from sweep.openscenario.reading import read, save
from sweep.openscenario.scenario import Scenario

__all__ = ["Scenario", "read", "save"]
