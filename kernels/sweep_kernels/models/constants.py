"""Physical constants, by their names: exact values of the International System of Units (BIPM, 9th edition, 2019), and two conventions."""

from __future__ import annotations

__all__ = ["BOLTZMANN", "LIGHT_SPEED", "PLANCK", "REFERENCE_TEMPERATURE"]

LIGHT_SPEED = 299_792_458.0
"""Of light in vacuum, m/s; in air it is less by 0.03 %."""

BOLTZMANN = 1.380649e-23
"""J/K."""

PLANCK = 6.62607015e-34
"""J s."""

REFERENCE_TEMPERATURE = 290.0
"""Kelvin: the temperature that a receiver's noise figure refers to (IEEE Standard 686)."""
