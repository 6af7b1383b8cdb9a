"""Load a study in a process of its own, as a container will, and say what it took: modules, files, distributions.

Python tells an audit hook of every file that it opens. What Arrow opens by itself it does not tell; a study that reads such a file does not
load from its package, and that is found before anything is sent.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.errors import SpecError

if TYPE_CHECKING:
    from sweep.plan import Plan

__all__ = ["Loaded", "probe"]

PROBE_SECONDS = 600

_BOOT = """
import sys
before = list(sys.path)
sys.path[:0] = {roots!r}  # this very package, whatever else is installed under its name
import sweep, sweep_kernels
sys.path[:] = before
from sweep.submit.probe import tell
tell(*{arguments!r})
"""


@dataclass(frozen=True)
class Loaded:
    """What a study took to load.

    Attributes
    ----------
    modules
        Files of the modules that are neither Python's own nor installed nor ours, by name.
    files
        Files that were opened for reading.
    requirements
        Distributions, beyond our own and ours, with their versions.
    """

    modules: dict[str, str]
    files: tuple[str, ...]
    requirements: dict[str, str]


def probe(study: str, plan: Plan, *, packed: bool) -> Loaded:
    """Load a study in a clean process, and see that it is the plan's.

    Parameters
    ----------
    study
        A whole path.
    plan
        What it must give.
    packed
        Whether to see only what a container will: no ``PYTHONPATH``, and the package's folder to be in.

    Raises
    ------
    SpecError
        If it cannot be loaded, in the words of what it raised.
    """
    from sweep.store.local import LocalStore
    from sweep.waves import write_plan

    with tempfile.TemporaryDirectory(prefix="sweep-probe-") as folder:
        write_plan(LocalStore(Path(folder)), plan)
        out = Path(folder) / "loaded.json"
        boot = _BOOT.format(roots=_roots(), arguments=(study, folder, str(out)))
        process = subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-P", *(("-E",) if packed else ()), "-c", boot],
            cwd=Path(study.partition(":")[0]).parent if packed else None,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
        if not out.exists():
            raise SpecError(f"{study} cannot be loaded in a process of its own: {_last_line(process.stderr)}")
        told = json.loads(out.read_text(encoding="utf-8"))
    if "error" in told:
        raise SpecError(told["error"])
    return Loaded(told["modules"], tuple(told["files"]), told["requirements"])


def _roots() -> list[str]:
    """Where this package and its kernels are, for a process that is told of no other places."""
    import sweep
    import sweep_kernels

    return [str(Path(each.__file__ or "").resolve().parents[1]) for each in (sweep, sweep_kernels)]


def _last_line(text: str) -> str:
    return text.strip().rpartition("\n")[2] or "it ended without a word"


def tell(study: str, plan_folder: str, out: str) -> None:
    """Load a study in this process, and write what it took, or what it raised."""
    from sweep.child.code import ELSEWHERE, find_kernel
    from sweep.errors import SweepError
    from sweep.holdings import require_plan
    from sweep.store.local import LocalStore
    from sweep.submit.requirements import imported_distributions, is_installed

    plan = require_plan(LocalStore(Path(plan_folder)))
    before, opened = set(sys.modules), _listen()
    sys.path.insert(0, str(Path(study.partition(":")[0]).parent / ELSEWHERE))
    try:
        find_kernel(study, plan)
        told: dict[str, Any] = {
            "modules": {name: file for name, file in _new_modules(before) if not is_installed(file)},
            "files": sorted({each for each in opened if not is_installed(each) and Path(each).is_file()}),
            "requirements": imported_distributions(before),
        }
    except SweepError as error:
        told = {"error": str(error)}
    Path(out).write_text(json.dumps(told), encoding="utf-8")


def _listen() -> list[str]:
    """Return a list that grows with the files that are opened for reading from now on."""
    opened: list[str] = []

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[0], str) and not _writes(arguments):
            opened.extend((_whole(arguments[0]), os.path.realpath(arguments[0])))

    sys.addaudithook(hear)
    return opened


def _whole(file: str) -> str:
    """Return the whole path of a file: not where a link leads to, for there it may have another name."""
    return os.path.normpath(Path(file).absolute())


def _writes(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = arguments
    if isinstance(mode, str):
        return any(each in mode for each in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _new_modules(before: set[str]) -> list[tuple[str, str]]:
    """Return the modules of files that were imported since; what has no file is built in, or a folder."""
    found: list[tuple[str, str]] = []
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name not in before and isinstance(file, str):
            found.append((name, _whole(file)))
    return found
