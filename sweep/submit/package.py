"""A study's own files as one zip: the same files give the same bytes, and it is named by its hash."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweep import __version__
from sweep.child.code import ELSEWHERE, MANIFEST, REQUIREMENTS, unpack_files
from sweep.errors import ObjectExistsError, SpecError
from sweep.submit.probe import probe
from sweep.work import keys

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.plan import Plan
    from sweep.store import Store
    from sweep.submit.probe import Loaded

__all__ = ["Packed", "pack", "zipped"]

MOST_BYTES = 64 << 20
"""Of all files together: each child fetches them."""


@dataclass(frozen=True)
class Packed:
    """A package: its bytes, its hash, and the names of the files in it."""

    data: bytes
    names: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The hash that names it."""
        return hashlib.sha256(self.data).hexdigest()

    def write(self, store: Store) -> None:
        """Write it, if it is not there yet."""
        with suppress(ObjectExistsError):
            store.create(keys.code_key(self.sha256), self.data)


def pack(study: str, plan: Plan) -> Packed:
    """Pack a study with the modules that it imports and the files that it reads as it is loaded, and try the package.

    Parameters
    ----------
    study
        ``file.py``, ``file.py:name`` or ``file.toml``.
    plan
        What the study gives, here and from its package.

    Raises
    ------
    SpecError
        If the package does not load in an empty folder, or is too large.
    """
    path, colon, name = study.partition(":")
    file = Path(
        os.path.realpath(Path(path).parent), Path(path).name
    )  # a study that is a link has its modules beside the link
    loaded = probe(f"{file}{colon}{name}", plan, packed=False)
    root = _root(file, loaded)
    files = _files(file, root, loaded)
    _check_size(files)
    manifest = {"study": f"{file.relative_to(root).as_posix()}{colon}{name}", "sweep": __version__}
    contents = {each: place.read_bytes() for each, place in files.items()}
    contents[MANIFEST] = (json.dumps(manifest) + "\n").encode()
    contents[REQUIREMENTS] = "".join(f"{each}=={version}\n" for each, version in loaded.requirements.items()).encode()
    packed = Packed(zipped(contents), tuple(sorted(contents)))
    hidden = [each for each in map(Path, loaded.files) if each.is_relative_to(root) and _is_hidden(each, root)]
    _try(packed, plan, root, hidden)
    return packed


def _root(file: Path, loaded: Loaded) -> Path:
    """Return the folder that everything is named from: the study's, or one above it if a TOML file names a kernel there."""
    studies = [Path(each) for name, each in loaded.modules.items() if name.startswith("_sweep_study_")]
    return Path(os.path.commonpath([file.parent, *(each.parent for each in studies)]))


def _files(file: Path, root: Path, loaded: Loaded) -> dict[str, Path]:
    """Return the files to pack by their names in the package."""
    found = {file.relative_to(root).as_posix(): file}
    for each in map(Path, loaded.files):
        if each.is_relative_to(root) and "__pycache__" not in each.parts and not _is_hidden(each, root):
            found[each.relative_to(root).as_posix()] = each
    for name, place in loaded.modules.items():
        each = Path(place)
        if each.is_relative_to(root):
            found[each.relative_to(root).as_posix()] = each
        else:
            found[f"{ELSEWHERE}/{_name_in_path(name, each)}"] = each
    return found


def _is_hidden(file: Path, root: Path) -> bool:
    """Tell whether a name begins with a dot: `.env` and `.netrc` hold secrets, which a store is no place for."""
    return any(each.startswith(".") for each in file.relative_to(root).parts)


def _name_in_path(module: str, file: Path) -> str:
    """Return a module's file relative to where Python looked for it.

    >>> _name_in_path("lib.radar.noise", Path("/home/me/src/lib/radar/noise.py"))
    'lib/radar/noise.py'
    >>> _name_in_path("lib", Path("/home/me/src/lib/__init__.py"))
    'lib/__init__.py'
    """
    levels = module.count(".") + (2 if file.name == "__init__.py" else 1)
    return "/".join(file.parts[-levels:])


def _check_size(files: Mapping[str, Path]) -> None:
    sizes = {name: place.stat().st_size for name, place in files.items()}
    if sum(sizes.values()) > MOST_BYTES:
        largest = max(sizes, key=lambda each: sizes[each])
        raise SpecError(
            f"what the study reads as it is loaded is {sum(sizes.values()) >> 20} MiB, and at most {MOST_BYTES >> 20} MiB are packed: "
            f"{largest} is {sizes[largest] >> 20} MiB; name tables under [data] of a TOML study, which are sent once"
        )


def zipped(contents: Mapping[str, bytes]) -> bytes:
    """Write files as a zip: sorted, uncompressed, with one date and one mode.

    >>> zipped({"b": b"2", "a": b"1"}) == zipped({"a": b"1", "b": b"2"})
    True
    """
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, contents[name])
    return out.getvalue()


def _try(packed: Packed, plan: Plan, root: Path, hidden: list[Path]) -> None:
    """Load the study from its package in an empty folder, in a clean process; it must be whole by itself."""
    with tempfile.TemporaryDirectory(prefix="sweep-package-") as temporary:
        folder = Path(os.path.realpath(temporary))
        package = unpack_files(packed.data, folder)
        try:
            loaded = probe(package.path, plan, packed=True)
        except SpecError as error:
            said = str(error).replace(f"{folder}{os.sep}", "")
            left = f" (not packed, for its name begins with a dot: {hidden[0].relative_to(root)})" if hidden else ""
            raise SpecError(
                f"the study does not load from its package, as it would not in a container: {said}{left}"
            ) from None
        for name, place in loaded.modules.items():
            if not Path(place).is_relative_to(folder):
                raise SpecError(f"the study imports {name} from {place}, which its package does not hold")
        for place in loaded.files:
            if Path(place).is_relative_to(root) and not Path(place).is_relative_to(folder):
                raise SpecError(
                    f"the study reads {place} by its whole path, which no container has: name it from its folder"
                )
