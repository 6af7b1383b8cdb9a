"""Text with placeholders: ``--speed={speed}``, with a format if need be, ``{speed:.3f}``; ``{{`` and ``}}`` are braces."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Template", "written"]


@dataclass(frozen=True)
class Template:
    """A text, taken apart.

    Attributes
    ----------
    text
        As the user wrote it.
    pieces
        Each a literal, and after it the name and the format of a placeholder, or None and ``""``.
    """

    text: str
    pieces: tuple[tuple[str, str | None, str], ...]

    @classmethod
    def of(cls, text: Any, what: str) -> Template:
        """Take a text apart.

        Parameters
        ----------
        text
            Text, or a number or a path, which is written as text.
        what
            What to call it in an error.

        Raises
        ------
        KernelError
            If it cannot be read.

        Examples
        --------
        >>> Template.of("--v={speed:.1f}", "an argument").filled({"speed": 3.14})
        '--v=3.1'
        """
        plain = written(text)
        if "\0" in plain:
            raise KernelError(f"{what} {plain!r} has a zero byte, which no program can be given")
        try:
            parsed = [(literal, name, spec or "", how) for literal, name, spec, how in string.Formatter().parse(plain)]
        except ValueError as error:
            raise KernelError(f"{what} {plain!r}: {error}; a brace that is meant as one is written twice") from None
        for _, name, spec, how in parsed:
            if name is not None and (not name.isidentifier() or how or "{" in spec):
                raise KernelError(
                    f"{what} {plain!r}: {{{name}}} is no placeholder, as {{speed}} or {{speed:.3f}} is one; "
                    "a brace that is meant as one is written twice"
                )
        return cls(plain, tuple((literal, name, spec) for literal, name, spec, _ in parsed))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the placeholders, in their order."""
        return tuple(name for _, name, _ in self.pieces if name is not None)

    def filled(self, values: Mapping[str, Any]) -> str:
        """Put values in.

        Raises
        ------
        ValueError
            If a value cannot be written in the format that is asked for.
        """
        return "".join(
            literal + ("" if name is None else written(values[name], spec)) for literal, name, spec in self.pieces
        )


def written(value: Any, spec: str = "") -> str:
    """Write a value as a program is given it: floats in full, truth as ``true`` and ``false``.

    >>> written(0.1), written(True), written(7, "03d")
    ('0.1', 'true', '007')
    """
    if spec:
        return format(value, spec)
    return str(value).lower() if isinstance(value, bool) else str(value)
