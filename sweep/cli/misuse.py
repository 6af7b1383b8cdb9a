"""A command that was misspelt, told in one line that names the value and what would be accepted."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import typer

__all__ = ["MISUSE", "told", "whole"]

MISUSE: Any = typer.BadParameter.__base__
"""What Typer raises for a wrong option or argument. It carries a copy of Click of its own and names only the subclass."""


def whole(text: str | int) -> int:
    """Read a whole number, also as ``1_000_000`` and ``1e6``.

    >>> whole("1e6"), whole("20_000")
    (1000000, 20000)
    """
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
        if number.is_integer() and abs(number) < 2.0**53:
            return int(number)
    except ValueError:
        pass
    raise typer.BadParameter(f"{text!r} is not a whole number, as 1000000, 1_000_000 or 1e6")


def told(error: Any, given: list[str]) -> str:
    """Say in one line what is wrong with a command.

    Parameters
    ----------
    error
        What Typer raised.
    given
        The words of the command.
    """
    said = " ".join((_of_value(error, given) or error.format_message()).split()).rstrip(".")
    command = error.ctx.command_path if error.ctx is not None else "sweep"
    return f"{said[:1].lower()}{said[1:]}; `{command} -h` lists what there is"


def _of_value(error: Any, given: list[str]) -> str:
    """Name an option, its value and what is wrong with it; "" for any other mistake."""
    names = [each for each in getattr(getattr(error, "param", None), "opts", ()) if each.startswith("-")]
    value = next((value for name in names for value in _values(name, given)), None)
    if value is None or type(error).__name__ == "MissingParameter":
        return ""
    said = str(error.message)
    kind = "is not a whole number" if "integer" in said else "is not a number" if "number" in said else ""
    return f"{names[0]} {said if repr(value) in said else f'{value!r} {kind}' if kind else f'{value!r}: {said}'}"


def _values(name: str, given: list[str]) -> list[str]:
    """Return what was given for an option, as ``--name value`` or ``--name=value``."""
    apart = [value for option, value in pairwise(given) if option == name]
    return apart + [each.partition("=")[2] for each in given if each.startswith(f"{name}=")]
