"""Objects of collections, as files that a program can open; one that is not what was pinned is refused."""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.space.objects import Objects, Pin

__all__ = ["Fetcher"]


class Fetcher:
    """Puts paths of files in the place of names of objects.

    Parameters
    ----------
    collections
        By parameter.
    """

    def __init__(self, collections: Mapping[str, Objects]) -> None:
        self._collections = collections
        self._pins = {name: {each.name: each for each in of.pins} for name, of in collections.items()}
        self._known: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()
        self._made: Any = None

    @property
    def is_needed(self) -> bool:
        """Whether there are any."""
        return bool(self._collections)

    def local(self, parameters: Mapping[str, Any], folder: str) -> dict[str, Any]:
        """Return a trial's parameters with paths in the place of objects.

        Parameters
        ----------
        parameters
            By name.
        folder
            Where to download to; of each collection the last object stays there, for the next trial.

        Raises
        ------
        CorruptError
            If an object is not what was pinned.
        StoreError
            If it cannot be had.
        """
        found = dict(parameters)
        for name, collection in self._collections.items():
            pin = self._pins[name][parameters[name]]
            if collection.url.startswith("s3://"):
                found[name] = self._download(collection.url, pin, f"{folder}/objects/{name}")
            else:
                found[name] = self._file(os.path.join(collection.url, pin.name), pin)
        return found

    def _file(self, path: str, pin: Pin) -> str:
        """Check a file, which is read whole the first time, and again if it was written to since."""
        try:
            state = os.stat(path)
            mark = (state.st_size, state.st_mtime_ns)
            if self._known.get(path) != mark:
                with open(path, "rb") as file:
                    if f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" != pin.tag:
                        raise _changed(path)
                self._known[path] = mark
        except OSError as error:
            raise StoreError(f"{path}, an object of the sweep, cannot be read: {error.strerror}") from None
        return path

    def _download(self, url: str, pin: Pin, folder: str) -> str:
        from botocore.exceptions import BotoCoreError, ClientError

        path = os.path.join(folder, pin.tag.strip('etag:"').replace("/", "_"), os.path.basename(pin.name))
        if os.path.exists(path):
            return path
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        key = f"{prefix}/{pin.name}" if prefix else pin.name
        _empty(folder)
        os.makedirs(os.path.dirname(path))
        try:
            body = self._client().get_object(Bucket=bucket, Key=key, IfMatch=pin.tag.removeprefix("etag:"))["Body"]
            with open(f"{path}.part", "xb") as file:
                file.writelines(body.iter_chunks(1 << 20))
                size = file.tell()
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in {"PreconditionFailed", "412"}:
                raise _changed(f"{url}/{pin.name}") from None
            raise StoreError(f"{url}/{pin.name} cannot be read: {' '.join(str(error).split())}") from None
        except BotoCoreError as error:
            raise StoreError(f"{url}/{pin.name} cannot be read: {' '.join(str(error).split())}") from None
        if size != pin.size:
            raise _changed(f"{url}/{pin.name}")
        os.chmod(f"{path}.part", 0o444)
        os.rename(f"{path}.part", path)
        return path

    def _client(self) -> Any:
        from sweep.s3client import new_client

        with self._lock:
            if self._made is None:
                self._made = new_client()
            return self._made


def _empty(folder: str) -> None:
    import shutil

    with suppress(FileNotFoundError):
        shutil.rmtree(folder)


def _changed(place: str) -> CorruptError:
    return CorruptError(
        f"{place} is not what it was when the sweep was planned: its trials would be of two minds; plan the sweep anew"
    )
