"""Scenarios from files, and to files."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from sweep.errors import ScenarioError
from sweep.openscenario.markup import LARGEST, parsed
from sweep.openscenario.scenario import Scenario
from sweep.openscenario.template import Template
from sweep.openscenario.variation import scenario_file, varied

if TYPE_CHECKING:
    import os

__all__ = ["read", "save"]


def read(path: str | os.PathLike[str], *, relative_weights: bool = False) -> Scenario:
    """Read a parameter value distribution file of ASAM OpenSCENARIO XML 1.1 to 1.3, and the scenario file that it refers to.

    Parameters
    ----------
    path
        The distribution file; the scenario is found from its folder. Or a scenario file, of which nothing varies.
    relative_weights
        Take weights of a ``<ProbabilityDistributionSet>`` or a ``<Histogram>`` as parts of their sum; else they must add up to 1, to 1e-9.

    Returns
    -------
    Scenario
        To be given to `sweep.Sweep` in the place of a space.

    Raises
    ------
    ScenarioError
        If a file is not there, malformed, or has what is not supported; names the element and its line.
    """
    file = Path(path)
    markup = parsed(_bytes(file, "there is no file"), str(file))
    referred = scenario_file(markup)
    if referred is None:
        return Scenario.of(Template.of(markup), None)
    there = file.parent / referred.attributes["filepath"]
    data = _bytes(there, f"{file}:{referred.line}: <ScenarioFile> refers to a file that is not there:")
    template = Template.parsed(data, str(there))
    return Scenario.of(template, varied(markup, template.declarations, relative_weights=relative_weights))


def _bytes(file: Path, lacking: str) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(LARGEST + 1)
    except FileNotFoundError:
        raise ScenarioError(f"{lacking} {str(file)!r}") from None
    except (OSError, ValueError) as error:
        raise ScenarioError(f"{str(file)!r} cannot be read: {getattr(error, 'strerror', None) or error}") from None


def save(data: bytes, path: str | os.PathLike[str]) -> None:
    """Write a file whole or not at all: under another name first.

    Raises
    ------
    ScenarioError
        If it cannot be written.
    """
    file = Path(path)
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        part.write_bytes(data)
        part.replace(file)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ScenarioError(f"{str(file)!r} cannot be written: {error.strerror}") from None
