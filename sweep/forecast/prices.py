"""What machines cost: from a file, whose source and date are told with every sum."""

from __future__ import annotations

import json
import math
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.errors import UsageError, nearest

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Instance", "Prices", "read_prices"]


@dataclass(frozen=True)
class Instance:
    """An instance type.

    Attributes
    ----------
    name, vcpus
        As AWS has them.
    on_demand, spot
        Per hour; None where there is no such price.
    note
        What belongs to the spot price, such as its zone.
    """

    name: str
    vcpus: int
    on_demand: float | None
    spot: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Prices:
    """Prices of one region.

    Attributes
    ----------
    region, source, date, currency
        Where, by whom, when, in what.
    instances
        Those that were asked for.
    put, get
        Of a thousand requests to S3, PUT and LIST alike; None where that is not known.
    storage
        Of a GB for a month; None where that is not known.
    """

    region: str
    source: str
    date: str
    instances: tuple[Instance, ...]
    currency: str = "USD"
    put: float | None = None
    get: float | None = None
    storage: float | None = None


def read_prices(path: Path, types: tuple[str, ...], region: str | None) -> Prices:
    """Read prices from a file.

    ::

        source = "where these come from"
        date = "2026-11-01"
        region = "us-east-1"

        [instances."c7i.4xlarge"]
        vcpus = 16
        on_demand = 1.0       # per hour
        spot = 0.5            # may be left out

        [s3]                  # may be left out, and each of its members
        put_per_1000 = 0.01
        get_per_1000 = 0.001
        gb_month = 0.1

    Parameters
    ----------
    path
        A ``.toml`` or ``.json`` file.
    types
        Instance types; all that the file has when empty.
    region
        Which must be the file's; any when left out.

    Raises
    ------
    UsageError
        If it cannot be read, lacks a member or a type, or is of another region.
    """
    fields = _loaded(path)
    said = f"prices {str(path)!r}"
    source, date, there = (_text(fields, name, said) for name in ("source", "date", "region"))
    if region is not None and region != there:
        raise UsageError(f"{said} are of region {there!r}, asked for {region!r}: give the file of that region")
    known = _table(fields, "instances", said)
    for name in types:
        if name not in known:
            raise UsageError(f"{said} have no instance type {name!r}: {nearest(name, list(known))}")
    instances = tuple(_instance(name, known, said) for name in types or known)
    s3 = _table(fields, "s3", said) if "s3" in fields else {}
    names = {"put": "put_per_1000", "get": "get_per_1000", "storage": "gb_month"}
    of_store = {field: _amount(s3, name, f"{said}: s3") for field, name in names.items() if name in s3}
    return Prices(there, source, date, instances, str(fields.get("currency", "USD")), **of_store)


def _loaded(path: Path) -> dict[str, Any]:
    try:
        data = path.read_bytes()
        fields = json.loads(data) if path.suffix == ".json" else tomllib.loads(data.decode())
    except OSError as error:
        raise UsageError(f"prices {str(path)!r}: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"prices {str(path)!r} cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise UsageError(f"prices {str(path)!r}: a table with source, date, region and instances is expected")
    return fields


def _instance(name: str, known: dict[str, Any], said: str) -> Instance:
    where = f"{said}: instance {name!r}"
    fields = _table(known, name, said)
    vcpus = _member(fields, "vcpus", where)
    if not isinstance(vcpus, int) or isinstance(vcpus, bool) or vcpus < 1:
        raise UsageError(f"{where}: vcpus={vcpus!r} is not a whole number, 1 or more")
    spot = _amount(fields, "spot", where) if "spot" in fields else None
    return Instance(name, vcpus, _amount(fields, "on_demand", where), spot)


def _member(fields: dict[str, Any], name: str, said: str) -> Any:
    if name not in fields:
        raise UsageError(f"{said} has no member {name!r}")
    return fields[name]


def _text(fields: dict[str, Any], name: str, said: str) -> str:
    """Read a text; TOML may have made a date of it."""
    return str(_member(fields, name, said))


def _table(fields: dict[str, Any], name: str, said: str) -> dict[str, Any]:
    found = _member(fields, name, said)
    if not isinstance(found, dict):
        raise UsageError(f"{said}: {name!r} is {found!r}, where a table is expected")
    return found


def _amount(fields: dict[str, Any], name: str, said: str) -> float:
    found = _member(fields, name, said)
    if not isinstance(found, int | float) or isinstance(found, bool) or not math.isfinite(found) or found < 0:
        raise UsageError(f"{said}: {name}={found!r} is not an amount of money, 0 or more")
    return float(found)
