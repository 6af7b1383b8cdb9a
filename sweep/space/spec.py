"""Spaces from their descriptions: the JSON of a plan, and the TOML of a study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sweep.errors import SpaceError, nearest
from sweep.space.algebra import product, union
from sweep.space.axis import Axis, axis_from_spec
from sweep.space.designs import Independent
from sweep.space.dimension import unmistaken
from sweep.space.grid import Grid, Zipped
from sweep.space.halton import Halton
from sweep.space.latin import LatinHypercube
from sweep.space.listing import objects
from sweep.space.sobol import Sobol
from sweep.space.table import Table, table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from sweep.space.base import Space
    from sweep.space.objects import Objects

__all__ = ["from_spec", "from_toml"]

DESIGNS = {each.kind: each for each in (Sobol, Halton, LatinHypercube, Independent)}
FORMS = ("grid", "zipped", "product", "union", "table", *DESIGNS)


def from_spec(spec: Mapping[str, Any], tables: Mapping[str, Any]) -> Space:  # noqa: PLR0911 - one for each form
    """Make the space that `Space.spec` describes.

    Parameters
    ----------
    spec
        The description.
    tables
        The explicit tables that it refers to, by digest.

    Raises
    ------
    SpaceError
        If it describes no space, or a table is missing.
    """
    match dict(spec):
        case {"where": expression, "of": base}:
            return from_spec(base, tables).where(expression)
        case {"grid": axes}:
            return Grid(_axes(dict(axes)))
        case {"zipped": axes}:
            return Zipped(_axes(dict(axes)))
        case {"product": parts}:
            return product(*[from_spec(each, tables) for each in parts])
        case {"union": parts}:
            return union(*[from_spec(each, tables) for each in parts])
        case {"table": {"sha256": digest}}:
            if digest not in tables:
                raise SpaceError(f"the table {digest[:12]} of the space is not in the store")
            return Table(tables[digest])
        case {**form} if len(form) == 1 and next(iter(form)) in DESIGNS:
            ((kind, fields),) = form.items()
            return DESIGNS[kind](fields["n"], fields["seed"], dict(fields["ranges"]))
        case other:
            raise SpaceError(f"{other!r} describes no space")


def _axes(axes: Mapping[str, Any]) -> dict[str, Axis]:
    return {name: axis_from_spec(name, values) for name, values in axes.items()}


def _toml_axes(axes: Mapping[str, Any], base: Path) -> dict[str, Axis | Objects]:
    return {name: _collection(values, base) or axis_from_spec(name, values) for name, values in axes.items()}


def _collection(values: Any, base: Path) -> Objects | None:
    """List what ``{ objects = "logs/*.pcap" }`` names; None for any other axis."""
    if not isinstance(values, dict) or set(values) != {"objects"} or not isinstance(values["objects"], str):
        return None
    place = values["objects"]
    return objects(place if place.startswith("s3://") else base / place)


def from_toml(fields: Any, base: Path) -> Space:
    """Make the space that a study's ``[space]`` describes.

    Parameters
    ----------
    fields
        Axes by name for a grid; or one of the tables ``grid``, ``zipped``, ``table``, ``sobol``, ``halton``, ``latin_hypercube``,
        ``independent``, or the arrays ``product`` and ``union`` of such; and perhaps ``where``.
    base
        Folder that relative paths start from.

    Raises
    ------
    SpaceError
        If it says something else.
    """
    if not isinstance(fields, dict):
        raise SpaceError(f"space = {fields!r}: give a table of axes, as in [space]")
    given = _with_table_of_path(fields)
    expression = given.pop("where", None)
    form = [
        key
        for key in given
        if key in FORMS
        and isinstance(given[key], dict if key not in {"product", "union"} else list)
        and _is_form(key, given[key])
    ]
    if form and len(given) > 1:
        other = next(key for key in given if key != form[0])
        raise SpaceError(
            f"[space] has {form[0]!r} and {other!r}: put axes under [space.grid], or parts under [[space.product]]"
        )
    space = _formed(form[0], given[form[0]], base) if form else Grid(_toml_axes(given, base))
    return space if expression is None else space.where(expression)


def _with_table_of_path(fields: dict[str, Any]) -> dict[str, Any]:
    """Read ``table = "points.csv"`` as ``table = { path = "points.csv" }``."""
    path = fields.get("table")
    is_path = isinstance(path, str) and path.endswith((".csv", ".parquet"))
    return {**fields, "table": {"path": path}} if is_path else dict(fields)


def _is_form(key: str, value: Any) -> bool:
    """Tell a form from an axis of the same name, as in ``table = { range = [0, 3] }``."""
    if key in {"product", "union"}:
        return all(isinstance(each, dict) for each in value)
    return not (len(value) == 1 and next(iter(value)) in {"range", "linspace", "logspace", "objects"})


def _formed(kind: str, fields: Any, base: Path) -> Space:
    if kind in {"product", "union"}:
        return (product if kind == "product" else union)(*[from_toml(each, base) for each in fields])
    if kind in {"grid", "zipped"}:
        return (Grid if kind == "grid" else Zipped)(_toml_axes(fields, base))
    if kind == "table":
        unknown = [key for key in fields if key != "path"]
        if unknown or not isinstance(fields.get("path"), str):
            raise SpaceError(
                f"[space.table] is {fields!r}: give path = 'points.csv' or 'points.parquet', and nothing else"
            )
        return table(str(base / fields["path"]))
    ranges = dict(fields)
    if "n" not in ranges:
        raise SpaceError(f"[space.{kind}] does not say n, the number of points: {nearest('n', list(ranges))}")
    n, seed = ranges.pop("n"), ranges.pop("seed", 0)
    return DESIGNS[kind](n, seed, {name: _spread(name, given) for name, given in unmistaken(ranges).items()})


def _spread(name: str, given: Any) -> Any:
    if isinstance(given, dict) and len(given) == 1 and not {"dist", "choice"} & set(given):
        return axis_from_spec(name, given)
    return given
