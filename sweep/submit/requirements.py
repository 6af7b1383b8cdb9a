"""What is installed and what is the user's own; and which distributions a study imported."""

from __future__ import annotations

import functools
import importlib.metadata
import os
import re
import site
import sys
import sysconfig
from pathlib import Path

__all__ = ["imported_distributions", "is_installed"]

OURS = ("sweep", "sweep_kernels")


@functools.cache
def _installed_folders() -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    found = [paths[each] for each in ("stdlib", "platstdlib", "purelib", "platlib")]
    found += [*site.getsitepackages(), site.getusersitepackages()]
    found += [str(Path(sys.modules[each].__file__ or "").parent) for each in OURS if each in sys.modules]
    return tuple(f"{os.path.realpath(each)}{os.sep}" for each in found)


def is_installed(file: str) -> bool:
    """Tell whether a file, or what it is a link to, is Python's own, an installed distribution's, or this package's."""
    return os.path.realpath(file).startswith(_installed_folders())


def imported_distributions(before: set[str]) -> dict[str, str]:
    """Return the distributions of modules imported since, with their versions, but for this one and what it requires."""
    tops = {name.partition(".")[0] for name in set(sys.modules) - before}
    tops = {top for top in tops - sys.stdlib_module_names - {*OURS} if top in sys.modules and _is_from_site(top)}
    if not tops:  # as is usual: to read what is installed takes longer than all else
        return {}
    owners = importlib.metadata.packages_distributions()
    names = {_normal(name) for top in tops for name in owners.get(top, ())}
    return {name: importlib.metadata.version(name) for name in sorted(names - _ours())}


def _is_from_site(top: str) -> bool:
    file = getattr(sys.modules[top], "__file__", None)
    return isinstance(file, str) and is_installed(file)


def _ours() -> set[str]:
    """Return this distribution's name and those of all that it requires, and these require in turn."""
    found: set[str] = set()
    waiting = ["arraysweep"]
    while waiting:
        name = _normal(waiting.pop())
        if name in found:
            continue
        found.add(name)
        try:
            told = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        waiting += [re.split(r"[^A-Za-z0-9._-]", each, maxsplit=1)[0] for each in told if "extra ==" not in each]
    return found


def _normal(name: str) -> str:
    """Spell a distribution's name the one way.

    >>> _normal("Typing_Extensions")
    'typing-extensions'
    """
    return re.sub(r"[-_.]+", "-", name).lower()
