"""Options of a command, checked."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError
from sweep.programs.seeds import MOST_BITS

if TYPE_CHECKING:
    from sweep.programs.placeholders import Template

__all__ = [
    "FIXED",
    "OF_EACH_TRIAL",
    "RESERVED",
    "check_numbers",
    "codes_of",
    "digests_of",
    "parameters_of",
    "patterns_of",
    "variables_of",
]

OF_EACH_TRIAL = ("seed", "point", "trial", "index", "scratch")
FIXED = ("here", "python")
RESERVED = (*OF_EACH_TRIAL, *FIXED)
"""Placeholders that are no parameters."""


def codes_of(what: str, codes: Any) -> tuple[int, ...]:
    """Check exit codes."""
    many = codes if isinstance(codes, Sequence | set | frozenset | range) else [codes]
    found = [each for each in many if type(each) is int and -64 <= each <= 255]
    if not found or len(found) < len(many):
        raise KernelError(f"{what}={codes!r} is no list of exit codes, -64 to 255, as in [0, 1]")
    return tuple(sorted(set(found)))


def check_numbers(timeout: Any, retries: Any, keep_bytes: Any, max_output: Any, seed_bits: Any) -> None:
    """Check numbers."""
    if timeout is not None and (isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout > 0):
        raise KernelError(f"timeout={timeout!r} is no number of seconds above 0")
    for what, value, low, high in (
        ("retries", 0 if retries is None else retries, 0, 1000),
        ("keep_bytes", keep_bytes, 0, 1 << 40),
        ("max_output", max_output, 1, 1 << 31),
        ("seed_bits", seed_bits, 1, MOST_BITS),
    ):
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise KernelError(f"{what}={value!r} is not a whole number from {low} to {high}")


def patterns_of(patterns: Any) -> tuple[str, ...]:
    """Check patterns of files in a trial's folder."""
    found = (patterns,) if isinstance(patterns, str) else tuple(patterns)
    for each in found:
        if not isinstance(each, str) or not each or each.startswith("/") or ".." in each.split("/"):
            raise KernelError(f"keep_files: {each!r} is no pattern of files in the trial's folder, as in '*.csv'")
    return found


def digests_of(files: Any, here: str) -> list[tuple[str, str]]:
    """Return names and hashes of files that a program reads."""
    if isinstance(files, str) or not isinstance(files, Sequence):
        raise KernelError(f"files={files!r} is no list of files")
    found: list[tuple[str, str]] = []
    for each in files:
        try:
            with open(
                os.path.join(here, os.fspath(each)), "rb"
            ) as file:  # not by Path: the packer is told of what is opened by name
                found.append((str(each), hashlib.file_digest(file, "sha256").hexdigest()))
        except OSError as error:
            raise KernelError(f"files: {str(each)!r} cannot be read: {error.strerror}") from None
    return found


def variables_of(env: Any) -> list[tuple[str, Any]]:
    """Check environment variables, and sort them."""
    if env is not None and not isinstance(env, Mapping):
        raise KernelError(f"env={env!r} is no table of variables, as in env={{'THREADS': '1'}}")
    for key in env or {}:
        if not isinstance(key, str) or not key or "=" in key or "\0" in key:
            raise KernelError(f"env: {key!r} is no name of a variable")
    return sorted((env or {}).items())


def parameters_of(templates: list[Template], declared: Any) -> tuple[str, ...]:
    """Return the names of parameters: those of placeholders, then those that are declared."""
    if isinstance(declared, str) or not isinstance(declared, Sequence):
        raise KernelError(f"parameters={declared!r} is no list of names")
    for each in declared:
        if not isinstance(each, str) or not each.isidentifier():
            raise KernelError(f"parameters: {each!r} is not a name; letters, digits and _ make one")
        if each in RESERVED:
            raise KernelError(f"parameters: {{{each}}} is a trial's own and no parameter")
    named = [name for each in templates for name in each.names if name not in RESERVED]
    return tuple(dict.fromkeys([*named, *declared]))
