"""The files under deploy/, read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cfnlint.decode.cfn_yaml import load

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
TEMPLATE = DEPLOY / "template.yaml"


def template() -> dict[str, Any]:
    """Return the template, with the short forms of functions written out."""
    return json.loads(json.dumps(load(str(TEMPLATE))))


def walk(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    """Yield all values within a value, with where they stand."""
    yield path, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield from walk(inner, (*path, key))


def statements(resources: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield all statements of all policies, with whose they are."""
    for name, resource in resources.items():
        for path, value in walk(resource["Properties"]):
            if path and path[-1] == "Statement":
                yield from ((name, each) for each in value)


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
