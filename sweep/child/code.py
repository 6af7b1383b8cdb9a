"""A study's packed files: fetched, proved, laid out in a folder, and its kernel found there."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import sys
import tomllib
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep import __version__
from sweep.errors import CorruptError, ObjectNotFoundError, PlanError, SpecError
from sweep.load import load_kernel, load_sweep
from sweep.programs.declaration import Command
from sweep.work import keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sweep.plan import Plan
    from sweep.store import Store
    from sweep_kernels.declaration import Kernel

__all__ = [
    "ELSEWHERE",
    "MANIFEST",
    "REQUIREMENTS",
    "Package",
    "check_requirements",
    "fetch",
    "find_kernel",
    "unpack",
    "unpack_files",
]

MANIFEST = "sweep-package.json"
REQUIREMENTS = "requirements.txt"
ELSEWHERE = "sweep-elsewhere"
"""Folder of the modules that the study imported from other places than its own folder."""


@dataclass(frozen=True)
class Package:
    """A package that was unpacked: the folder, and the study in it as ``file.py``, ``file.py:name`` or ``file.toml``."""

    folder: Path
    study: str

    @property
    def path(self) -> str:
        """The study as a whole path."""
        return str(self.folder / self.study)

    @property
    def beside(self) -> Path:
        """The folder that the study is in, from which it names its files."""
        return (self.folder / self.study.partition(":")[0]).parent


def fetch(store: Store, sha256: str) -> bytes:
    """Read a package.

    Raises
    ------
    CorruptError
        If it is not there, or its hash is not its name.
    """
    name = keys.code_key(sha256)
    try:
        data = store.get(name)
    except ObjectNotFoundError:
        raise CorruptError(f"{store.url} has no {name}: submit the study again") from None
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise CorruptError(
            f"{name} of {store.url} hashes to {found[:12]}: it is not the code that was submitted; delete it and submit again"
        )
    return data


def unpack(data: bytes, folder: Path) -> Package:
    """Lay a package out in an empty folder, and let its modules be imported; see `unpack_files`."""
    package = unpack_files(data, folder)
    sys.path.insert(0, str(folder / ELSEWHERE))
    return package


def unpack_files(data: bytes, folder: Path) -> Package:
    """Lay a package out in an empty folder.

    Raises
    ------
    SpecError
        If it was packed by another version.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        manifest = json.loads(archive.read(MANIFEST))
        if manifest["sweep"] != __version__:
            raise SpecError(
                f"the study was packed by arraysweep {manifest['sweep']}, and here is {__version__}: use an image with the same"
            )
        archive.extractall(folder)
    return Package(folder, manifest["study"])


def check_requirements(package: Package, note: Callable[[str], None]) -> None:
    """See that the distributions that the study imported are installed here; other versions are noted.

    Raises
    ------
    SpecError
        Names those that are not.
    """
    lacking: list[str] = []
    for name, wanted in _requirements(package.folder / REQUIREMENTS):
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            lacking.append(f"{name}=={wanted}")
            continue
        if found != wanted:
            note(f"{name} {found} is here, the study was packed with {wanted}")
    if lacking:
        raise SpecError(f"the image lacks what the study imports: {' '.join(lacking)}")


def _requirements(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        name, _, version = line.partition("==")
        yield name, version


def find_kernel(study: str, plan: Plan) -> Kernel | Command:
    """Find the kernel of a plan in its study.

    A Python file is run, and must give this very plan. Of a TOML file only the kernel is read: its tables are in the plan.

    Raises
    ------
    SpecError, KernelError
        If the study cannot be loaded.
    PlanError
        If it is not the plan's.
    """
    if study.endswith(".toml"):
        kernel = _of_toml(study, plan)
        planned = plan.hash
    else:
        sweep = load_sweep(study)
        kernel = sweep.kernel
        planned = replace(sweep, trials=plan.trials, seed=plan.seed).plan().hash
    if kernel.version != plan.kernel.version:
        raise PlanError(
            f"kernel {kernel.name!r} of {study} is version {kernel.version[:12]}, not {plan.kernel.version[:12]} as in the plan"
        )
    if planned != plan.hash:
        raise PlanError(
            f"{study} gives plan {planned[:12]}, not {plan.hash[:12]}: what it computes depends on where or when it is loaded"
        )
    return kernel


def _of_toml(study: str, plan: Plan) -> Kernel | Command:
    """Read the kernel of a TOML study; of a command that is given scenario files the scenario, too."""
    fields = _toml(study)
    kernel = load_kernel(fields["kernel"], Path(study).parent)
    if isinstance(kernel, Command) and "openscenario" in fields:
        return load_sweep(study).kernel
    return kernel.drawing(plan.draws)


def _toml(study: str) -> dict[str, Any]:
    return tomllib.loads(Path(study).read_text(encoding="utf-8"))
