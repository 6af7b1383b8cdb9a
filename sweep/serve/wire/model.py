"""The services and their operations, as botocore's models tell of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from sweep.serve.wire.reading import Readers
from sweep.serve.wire.rendering import Writers

if TYPE_CHECKING:
    from collections.abc import Callable

    from sweep.serve.wire.words import Where

__all__ = ["SERVICES", "Operation", "Service", "service"]

SERVICES = ("batch", "logs", "sts")
"""By the names that botocore has for them, which are those that requests are signed for."""

PROTOCOLS = ("rest-json", "json", "query")
"""Those that are spoken here."""


@dataclass(frozen=True)
class Service:
    """A service.

    Attributes
    ----------
    protocol
        ``rest-json``, ``json`` or ``query``.
    """

    name: str
    model: Any
    readers: Readers = field(default_factory=Readers)
    writers: Writers = field(default_factory=Writers)

    @cached_property
    def protocol(self) -> str:
        """Which of AWS's protocols it speaks here; a newer botocore may know of more."""
        said = self.model.metadata
        return next(each for each in (said["protocol"], *said.get("protocols", ())) if each in PROTOCOLS)

    @cached_property
    def operations(self) -> dict[str, Operation]:
        """Its operations by name."""
        return {name: Operation(self, self.model.operation_model(name)) for name in self.model.operation_names}


@dataclass(frozen=True)
class Operation:
    """An operation of a service."""

    service: Service
    model: Any

    @property
    def name(self) -> str:
        """Its name, as botocore spells it."""
        return self.model.name

    @cached_property
    def read(self) -> Callable[[Any, Where, list[str]], Any]:
        """What reads its input; see `sweep.serve.wire.reading.Readers`."""
        shape = self.model.input_shape
        return _read_nothing if shape is None else self.service.readers.reader(shape)

    @cached_property
    def write(self) -> Callable[[Any, Where], Any]:
        """What writes its output; see `sweep.serve.wire.rendering.Writers`."""
        shape = self.model.output_shape
        return _write_nothing if shape is None else self.service.writers.writer(shape)


def _read_nothing(value: Any, where: Where, problems: list[str]) -> dict[str, Any]:
    del value, where, problems
    return {}


def _write_nothing(value: Any, where: Where) -> None:
    del value, where


@cache
def service(name: str) -> Service:
    """Return a service, read from the models that came with botocore, never from a user's own."""
    from botocore.loaders import Loader
    from botocore.model import ServiceModel

    loader = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    return Service(name, ServiceModel(loader.load_service_model(name, "service-2"), name))
