"""Find the sweep in a study: a TOML spec, or a Python file that holds one."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweep.errors import SpecError, SweepError, nearest
from sweep.frames import last_frame
from sweep.programs.declaration import Command
from sweep.shadows import refuse_shadows
from sweep.sweep import Sweep
from sweep_kernels.declaration import Kernel

if TYPE_CHECKING:
    from types import ModuleType

__all__ = ["commands_in", "kernels_in", "load_kernel", "load_sweep"]

KEYS = (
    "kernel",
    "trials",
    "seed",
    "keep",
    "common_random_numbers",
    "confidence",
    "quantiles",
    "relative_error",
    "histograms",
    "covariance",
    "space",
    "openscenario",
    "relative_weights",
    "draws",
    "proposals",
    "data",
)


def load_sweep(study: str | os.PathLike[str]) -> Sweep:
    """Read a study.

    Parameters
    ----------
    study
        ``study.toml``, ``study.py`` with one `Sweep` in it, or ``study.py:name``. A file that was changed is read anew.

    Returns
    -------
    Sweep

    Raises
    ------
    SpecError
        If there is no such file, it cannot be read, or it does not say which sweep is meant.
    SpaceError, KernelError
        If what it says is wrong.
    """
    study = os.fspath(study)
    path, _, name = study.partition(":")
    if path.endswith(".toml"):
        if name:
            raise SpecError(f"study {study!r}: a .toml file holds one sweep, without a name")
        return _from_toml(Path(path))
    if path.endswith(".py"):
        return _from_module(_imported(Path(path)), path, name)
    raise SpecError(f"study {study!r} is neither a .toml file nor a .py file")


def load_kernel(reference: str, base: Path) -> Kernel | Command:
    """Find a kernel by name.

    Parameters
    ----------
    reference
        ``file.py:name`` (relative to `base`), ``package.module:name``, or the name of a ready-made kernel.
    base
        Folder of the study.

    Raises
    ------
    SpecError
        If there is none of that name.
    """
    place, _, name = reference.rpartition(":")
    if not place:
        return _ready_made(reference)
    if place.endswith(".py"):
        module = _imported(base / place)
    else:
        try:
            module = importlib.import_module(place)
        except ImportError as error:
            raise SpecError(f"kernel {reference!r}: {error}") from None
        except Exception as error:  # noqa: BLE001 - it is the user's own module
            raise SpecError(f"kernel {reference!r}: {_said(error, place)}") from None
    found = getattr(module, name, None)
    if not isinstance(found, Kernel | Command):
        kernels = [each for each, value in vars(module).items() if isinstance(value, Kernel | Command)]
        raise SpecError(f"kernel {reference!r}: {place} has no kernel {name!r}: {nearest(name, kernels)}")
    return found


def kernels_in(file: Path) -> list[Kernel]:
    """Return the kernels that a Python file defines, in its order.

    Raises
    ------
    SpecError
        If it cannot be run, or defines none.
    """
    kernels = [value for value in vars(_imported(file)).values() if isinstance(value, Kernel)]
    if not kernels:
        raise SpecError(f"{file} defines no kernel: decorate a function with @kernel(outputs=[...])")
    return kernels


def commands_in(file: Path) -> list[Command]:
    """Return the commands that a Python file declares, by themselves or in a `Sweep`.

    Raises
    ------
    SpecError
        If it cannot be run.
    """
    values = vars(_imported(file)).values()
    sweeps = [value.kernel for value in values if isinstance(value, Sweep)]
    return [value for value in (*values, *sweeps) if isinstance(value, Command)]


def _ready_made(name: str) -> Kernel:
    from sweep_kernels.models import CATALOGUE

    if name not in CATALOGUE:
        raise SpecError(
            f"kernel {name!r} is not ready-made (write file.py:name for your own): {nearest(name, list(CATALOGUE))}"
        )
    from sweep_kernels import models

    return getattr(models, name)


def _imported(path: Path) -> ModuleType:
    """Run a Python file as a module of its own; modules beside it can be imported."""
    path = path.absolute()
    try:
        source = path.read_bytes()
    except OSError:
        raise SpecError(f"there is no file {str(path)!r}") from None
    name = f"_sweep_study_{path.stem}"
    known = sys.modules.get(name)
    if known is not None and known.__file__ == str(path) and known.__sweep_source__ == source:
        return known
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None:
        raise SpecError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(specification)
    module.__sweep_study__ = True  # type: ignore[attr-defined] - workers cannot import it by name: see sweep.run
    module.__sweep_source__ = source  # type: ignore[attr-defined]
    refuse_shadows(path.parent)
    sys.modules[name] = module
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    try:
        # Not by the loader: its kept byte code is found stale by whole seconds only.
        exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102 - the user's own file
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the user's own file
        del sys.modules[name]
        raise (type(error) if isinstance(error, SweepError) else SpecError)(_said(error, str(path))) from None
    return module


def _said(error: Exception | SystemExit, path: str) -> str:
    """Say where in the user's files something was raised, and what; one line."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}: {error.msg}"
    what = str(error) if isinstance(error, SweepError) else f"{type(error).__name__}: {error}"
    frame = last_frame(error)
    place = f"{frame.filename}:{frame.lineno}" if frame else path
    return f"{place}: {' '.join(what.split())}"


def _from_module(module: ModuleType, path: str, name: str) -> Sweep:
    sweeps = {each: value for each, value in vars(module).items() if isinstance(value, Sweep)}
    if name:
        if name not in sweeps:
            raise SpecError(f"{path} holds no Sweep {name!r}: {nearest(name, list(sweeps))}")
        return sweeps[name]
    if not sweeps:
        raise SpecError(f"{path} holds no Sweep: write one, as in `study = Sweep(kernel, grid(...), trials=1000)`")
    if len(set(map(id, sweeps.values()))) > 1:
        raise SpecError(f"{path} holds {len(sweeps)} sweeps: say which one, as in {path}:{next(iter(sweeps))}")
    return next(iter(sweeps.values()))


def _from_toml(path: Path) -> Sweep:
    try:
        fields = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SpecError(f"there is no file {str(path)!r}") from None
    except (OSError, ValueError) as error:
        raise SpecError(f"{path}: {error}") from None
    for key in fields:
        if key not in KEYS:
            raise SpecError(f"{path}: unknown key {key!r}: {nearest(key, KEYS)}")
    for key in ("kernel", "trials"):
        if key not in fields and not (key == "trials" and "openscenario" in fields):
            raise SpecError(f"{path}: there is no {key!r}: {_EXAMPLES[key]}")
    return _sweep_of(fields, path)


_EXAMPLES = {"kernel": 'kernel = "my_kernels.py:radar", say', "trials": "trials = 100_000, say"}


def _sweep_of(fields: dict[str, Any], path: Path) -> Sweep:
    from sweep.space import from_toml

    try:
        space: Any = from_toml(fields.pop("space", {}), path.parent)
        _ = space.size  # a filter looks at its points here, where the file can be named
        if "openscenario" in fields:
            weights = fields.pop("relative_weights", False)
            space = _scenario(fields.pop("openscenario"), space, path.parent, weights)
        elif "relative_weights" in fields:
            raise SpecError("relative_weights is of an OpenSCENARIO file, and there is no 'openscenario'")
        fields |= {key: _distributions(key, fields.pop(key)) for key in ("draws", "proposals") if key in fields}
        data = _tables(fields.pop("data", {}), path.parent)
        return Sweep(load_kernel(str(fields.pop("kernel")), path.parent), space, **fields, data=data)
    except SweepError as error:
        raise type(error)(f"{path}: {error}") from None


def _distributions(key: str, named: Any) -> dict[str, Any]:
    """Read the distributions that ``[draws]`` or ``[proposals]`` names."""
    from sweep_kernels.distributions.spec import from_spec

    if not isinstance(named, dict):
        raise SpecError(f"{key}={named!r} is no table of distributions, as in [{key}] and under it {_DISTRIBUTION}")
    found: dict[str, Any] = {}
    for name, spec in named.items():
        try:
            found[name] = from_spec(spec)
        except SweepError as error:
            raise SpecError(f"{key}: {name}: {_misspelt(spec) or f'{error}, as in {_DISTRIBUTION}'}") from None
    return found


def _misspelt(spec: Any) -> str:
    """Say which name in the description of a distribution is none; "" if all are."""
    from dataclasses import fields

    from sweep_kernels.distributions.spec import KINDS

    for kind, given in spec.items() if isinstance(spec, dict) else ():
        if kind not in KINDS:
            return f"there is no distribution {kind!r}: {nearest(kind, list(KINDS))}"
        known = [each.name for each in fields(KINDS[kind])]
        for each in given if isinstance(given, dict) else ():
            if each not in known:
                return f"{kind} has no {each!r}: {nearest(each, known)}"
    return ""


_DISTRIBUTION = "gap = { normal = { mean = 8.0, deviation = 4.0 } }"


def _scenario(name: Any, space: Any, base: Path, relative_weights: Any) -> Any:
    """Read the distribution file that a study names; axes of its own are added to the scenario's."""
    from sweep.openscenario import read

    if not isinstance(name, str):
        raise SpecError(f"openscenario={name!r} is not the name of a file, as in openscenario = 'cut_in.xosc'")
    if not isinstance(relative_weights, bool):
        raise SpecError(f"relative_weights={relative_weights!r} is neither true nor false")
    scenario = read(base / name, relative_weights=relative_weights)
    return scenario * space if space.names else scenario


MAPPED_BYTES = 1 << 28
"""A table's file from which on it is mapped: whoever writes to it while a sweep runs changes what trials read."""


def _tables(named: Any, base: Path) -> dict[str, Any]:
    """Read the files that ``[data]`` names; large ones are mapped, and read where they are used."""
    import numpy as np

    if not isinstance(named, dict):
        raise SpecError(f"data={named!r} is no table of files, as in [data] and under it antenna = 'antenna.npy'")
    found: dict[str, Any] = {}
    for name, place in named.items():
        if not isinstance(place, str) or not place.endswith(".npy"):
            raise SpecError(f"table {name!r} is {place!r}: the name of a .npy file was expected, as np.save writes one")
        try:
            large = (base / place).stat().st_size > MAPPED_BYTES
            found[name] = np.load(base / place, mmap_mode="r" if large else None, allow_pickle=False)
            found[name].flags.writeable = False  # nobody else knows of it, so it need not be copied
        except FileNotFoundError:
            raise SpecError(f"table {name!r}: there is no file {str(base / place)!r}") from None
        except (OSError, ValueError) as error:
            raise SpecError(f"table {name!r}: {base / place} cannot be read as numbers: {error}") from None
    return found
