"""What every object of a shard says of itself, so that one in the wrong place, or of another sweep, is found and named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sweep.errors import CorruptError, ObjectExistsError, ObjectNotFoundError, PlanError
from sweep.work import keys
from sweep.work.parquet import decode

if TYPE_CHECKING:
    import pyarrow as pa

    from sweep.ledger import Wave
    from sweep.store import Store

__all__ = ["LABEL", "create_labelled", "label", "labelled", "read_labelled"]

LABEL = b"sweep.object"


def label(name: str, wave: Wave, shard: int) -> dict[bytes, bytes]:
    """Return the footer's entry: the object's name, the digest of its wave, and which blocks of the wave's walk its shard holds."""
    fields = {"name": name, "wave": wave.digest, "blocks": wave.bounds(shard)}
    return {LABEL: json.dumps(fields).encode()}


def read_labelled(store: Store, name: str, wave: Wave, shard: int) -> pa.Table:
    """Read an object of a shard and check that it is that object.

    Raises
    ------
    CorruptError
        If it is damaged, or another object.
    ObjectNotFoundError
        If there is none.
    """
    return labelled(store.get(name), name, wave, shard)


def labelled(data: bytes, name: str, wave: Wave, shard: int) -> pa.Table:
    """Read the bytes of an object of a shard and check that they are that object's.

    Raises
    ------
    CorruptError
        If they are damaged, or another object's.
    """
    table = decode(data, name)
    said = (table.schema.metadata or {}).get(LABEL, b"{}")
    if said != label(name, wave, shard)[LABEL]:
        raise CorruptError(f"{name} is {_described(json.loads(said), name)}")
    return table


def _described(fields: dict[str, Any], name: str) -> str:
    if fields.get("name", name) != name:
        return f"in the wrong place: it was written as {fields['name']}"
    return "not of its wave: another run wrote it"


def create_labelled(store: Store, name: str, wave: Wave, shard: int, data: bytes) -> None:
    """Write an object of a shard once; what stands in its place is replaced if it is not that object.

    Raises
    ------
    PlanError
        If the wave is no longer in the store: it was given to another sweep.
    """
    try:
        store.create(name, data)
    except ObjectExistsError:
        try:
            read_labelled(store, name, wave, shard)  # another worker was given the same shard and was faster
        except (CorruptError, ObjectNotFoundError):
            require_wave(store, wave)
            store.replace(name, data)


def require_wave(store: Store, wave: Wave) -> None:
    """See that a wave's own description still stands in the store.

    Raises
    ------
    PlanError
        If it does not: nothing that its shards write counts any more.
    """
    name = keys.wave_key(wave.number)
    try:
        if store.get(name) == wave.to_json():
            return
    except ObjectNotFoundError:
        pass
    raise PlanError(f"{store.url} was given to another sweep while this one ran: {name} is gone; use another store")
