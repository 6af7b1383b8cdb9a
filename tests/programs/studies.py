"""A program that several tests run: it fails, crashes and succeeds by its seed."""

from __future__ import annotations

import json

from sweep import Sweep, command, grid
from sweep.failed import read_failures
from sweep.holdings import Holdings, require_plan
from sweep.store import open_store

SCRIPT = """
[ -z "$RUNS" ] || echo {index} >> "$RUNS"
[ $(( {seed} % 7 )) = 0 ] && {{ echo no luck >&2; exit 5; }}
[ $(( {seed} % 11 )) = 0 ] && exit 3
echo "{{\\"y\\": $(( {seed} % 1000 ))$(( {x} )), \\"odd\\": $(( {seed} % 2 ))}}"
"""


def program(**options):
    asked = {"outputs": {"y": int, "odd": bool}, "failure_codes": {"crashed": 3}, **options}
    return command(["sh", "-c", SCRIPT], **asked)


def study(trials=12, command_options=None, **options) -> Sweep:
    return Sweep(program(**(command_options or {})), grid(x=[1, 2, 3]), trials=trials, seed=5, **options)


def failures(url: str) -> list[dict]:
    """Return the failed trials, without what depends on the clock."""
    store = open_store(url)
    plan = require_plan(store)
    rows = read_failures(store, plan, Holdings.look(store, lambda _: None, plan)).to_pylist()
    return [{name: each for name, each in row.items() if name != "seconds"} for row in rows]


def digest_of_failures(url: str) -> str:
    return json.dumps(failures(url))
