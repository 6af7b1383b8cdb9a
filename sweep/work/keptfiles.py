"""Files that a trial leaves, kept in the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sweep.work import keys

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweep.programs.declaration import Command
    from sweep.store import Store

__all__ = ["LEFT_OUT", "keep_files"]

MOST_FILES = 1000
LEFT_OUT = "left-out.txt"
"""Name of the list of files that were too many or too large."""


def keep_files(store: Store, command: Command, point: int, trial: int, folder: str) -> None:
    """Move the files of a trial that its command names into the store, as far as they are few and small enough; say which were not."""
    left, left_out = command.keep_bytes, list[str]()
    for count, path in enumerate(_found(Path(folder), command.keep_files)):
        name, size = path.relative_to(folder).as_posix(), path.stat().st_size
        if size > left or count >= MOST_FILES:
            left_out.append(f"{size:>15,}  {name}")
            continue
        left -= size
        store.replace_file(keys.file_key(point, trial, name), path)
    if left_out:
        said = [f"beyond keep_bytes={command.keep_bytes:,} or {MOST_FILES:,} files, by bytes:", *left_out, ""]
        store.replace(keys.file_key(point, trial, LEFT_OUT), "\n".join(said).encode())


def _found(folder: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    """Yield files of a folder that fit a pattern, each once, by name; no links, which may lead anywhere."""
    found = {each for pattern in patterns for each in folder.glob(pattern) if each.is_file() and not each.is_symlink()}
    yield from (each for each in sorted(found) if each.resolve().is_relative_to(folder.resolve()))
