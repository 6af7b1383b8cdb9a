"""What of a user's study its workers cannot import by name: its own file, and the modules beside it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from sweep.programs import Command
    from sweep_kernels.declaration import Kernel

__all__ = ["modules_of"]


def modules_of(kernel: Kernel | Command) -> list[ModuleType]:
    """Return the modules that workers cannot import by name: the study's own file, and its neighbours in the same folder."""
    study = sys.modules.get(kernel.module)
    if study is None or not getattr(study, "__sweep_study__", False):
        return []
    folder = Path(study.__file__ or "").resolve().parent
    return [study, *(each for name, each in list(sys.modules.items()) if _is_in(folder, name) and each is not study)]


def _is_in(folder: Path, name: str) -> bool:
    """Whether a module, or the package that it belongs to, lies in a folder; this package itself is installed where workers are."""
    package = name.partition(".")[0]
    file = getattr(sys.modules.get(package), "__file__", None)
    if file is None or package in {"sweep", "sweep_kernels", "__main__"}:
        return False
    path = Path(file).resolve()
    return folder in {path.parent, path.parent.parent if path.name == "__init__.py" else path.parent}
