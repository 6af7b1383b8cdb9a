"""Environment variables of many children, written once."""

from __future__ import annotations

__all__ = ["ATTEMPT", "INDEX", "fill"]

INDEX = "\0i"
ATTEMPT = "\0a"
"""Where the child's index and its attempt stand. No variable can hold the character NUL, so nothing else is taken for them."""


def fill(variables: dict[str, str], index: int, attempt: int) -> dict[str, str]:
    r"""Return the variables of one attempt.

    >>> fill({"A": "job:\0i", "B": "x"}, 7, 1)
    {'A': 'job:7', 'B': 'x'}
    """
    return {
        name: text.replace(INDEX, str(index)).replace(ATTEMPT, str(attempt)) if "\0" in text else text
        for name, text in variables.items()
    }
