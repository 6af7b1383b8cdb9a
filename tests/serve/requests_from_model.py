"""Requests made out of botocore's model, right and wrong ones, for every operation of a service.

    python -m tests.serve.requests_from_model --examples 100000 --seed 7

sends so many to the operations that there are, over an engine of which no worker runs anything, and counts what came back.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import string
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from sweep.serve.desk import Desk
from sweep.serve.dispatch import Dispatcher
from sweep.serve.wire.messages import Asked
from sweep.serve.wire.model import service

DEEPEST = 6
LETTERS = string.ascii_letters + string.digits + "-_"
ODD = "aZ09-_./: *#%&=+?\"'\\<>\u00e4\u4e2d\U0001f600\n\t"
NAMES = ("default", "local", "job", "Def", "Def:1", "arn:aws:batch:us-east-1:123456789012:job-queue/default")
"""Some of which there are, so that not every request ends at a name."""

WRONG = (None, True, 7, 1.5, "text", [], {}, [1], {"a": 1})


@dataclass
class Mistake:
    """One thing that is wrong with a request: where, and what."""

    path: tuple
    what: str
    value: object = None
    gone: bool = False


class Maker:
    """Makes values of shapes, by chance."""

    def __init__(self, seed) -> None:
        self.chance = random.Random(seed)

    def valid(self, shape, depth=0):
        """Make a value that a shape allows, as it is in JSON."""
        made = getattr(self, f"_{shape.type_name}", None)
        if made is None:
            raise NotImplementedError(shape.type_name)
        return made(shape, depth)

    def _structure(self, shape, depth):
        wanted = 0.5 if depth < 2 else 0.25
        return {
            name: self.valid(each, depth + 1)
            for name, each in shape.members.items()
            if name in shape.required_members or (depth < DEEPEST and self.chance.random() < wanted)
        }

    def _list(self, shape, depth):
        low = int(shape.metadata.get("min", 0))
        length = self._length(low, min(shape.metadata.get("max", 3), low + 3)) if depth < DEEPEST else low
        return [self.valid(shape.member, depth + 1) for _ in range(length)]

    def _map(self, shape, depth):
        low = int(shape.metadata.get("min", 0))
        length = self._length(low, min(shape.metadata.get("max", 3), low + 3)) if depth < DEEPEST else low
        made = {}
        while len(made) < length:
            made[self.valid(shape.key, depth + 1)] = self.valid(shape.value, depth + 1)
        return made

    def _length(self, low, high):
        return self.chance.randint(low, int(high))

    def _string(self, shape, depth):
        if shape.metadata.get("enum"):
            return self.chance.choice(shape.metadata["enum"])
        low, high = int(shape.metadata.get("min", 0)), int(shape.metadata.get("max", 5000))
        kind = self.chance.random()
        if kind < 0.3 and "max" not in shape.metadata:
            return self.chance.choice(NAMES)
        if kind < 0.35:
            return "".join(self.chance.choices(LETTERS, k=self.chance.choice((low, high))))
        length = self.chance.randint(max(low, 1), min(high, max(low, 1) + 12))
        return "".join(self.chance.choices(LETTERS if kind < 0.8 else ODD, k=length))

    def _integer(self, shape, depth):
        return self._whole(shape, 31)

    def _long(self, shape, depth):
        return self._whole(shape, 63)

    def _whole(self, shape, bits):
        low = int(shape.metadata.get("min", -(1 << bits)))
        high = int(shape.metadata.get("max", (1 << bits) - 1))
        small = self.chance.choice((0, 1, 2, 5, 60, 256, 1000))
        return small if low <= small <= high and self.chance.random() < 0.8 else self.chance.choice((low, high))

    def _float(self, shape, depth):
        return self.chance.choice((0, 0.0001, 1.5, -2.25, 999.9999, 3))

    _double = _float

    def _boolean(self, shape, depth):
        return self.chance.random() < 0.5

    def _timestamp(self, shape, depth):
        return self.chance.randint(0, 2_000_000_000)

    def invalid(self, shape, value):
        """Return a value with one mistake in it, and the mistake; None where none can be made."""
        mistakes = list(self._mistakes(shape, value, ()))
        if not mistakes:
            return None
        mistake = self.chance.choice(mistakes)
        return _with(value, mistake), mistake

    def _mistakes(self, shape, value, path):
        for wrong in self._wrong_types(shape):
            yield Mistake(path, f"{wrong!r} for {shape.type_name}", wrong)
        yield from self._wrong_sizes(shape, value, path)
        if shape.type_name == "structure":
            for name, each in shape.members.items():
                yield from self._wrong_members(shape, value, path, name, each)
        elif shape.type_name == "list":
            for place, each in enumerate(value):
                yield from self._mistakes(shape.member, each, (*path, place))
        elif shape.type_name == "map":
            for name, each in value.items():
                yield from self._mistakes(shape.value, each, (*path, name))

    def _wrong_members(self, shape, value, path, name, member):
        place = member.serialization.get("location")
        if name in shape.required_members and place != "uri":
            yield Mistake((*path, name), "missing", gone=True)
            if place is None:
                yield Mistake((*path, name), "null")
        if name in value and place is None:
            yield from self._mistakes(member, value[name], (*path, name))
        elif name in value:
            yield from self._wrong_sizes(member, value[name], (*path, name))

    def _wrong_types(self, shape):
        fits = {
            "structure": dict,
            "list": list,
            "map": dict,
            "string": str,
            "integer": int,
            "long": int,
            "boolean": bool,
            "float": (int, float),
            "double": (int, float),
        }.get(shape.type_name)
        for wrong in WRONG:
            if wrong is not None and (not isinstance(wrong, fits) or (isinstance(wrong, bool) and fits is not bool)):
                yield wrong

    def _wrong_sizes(self, shape, value, path):
        kind = {
            "string": _wrong_texts,
            "list": _wrong_lists,
            "map": _wrong_maps,
            "integer": _wrong_numbers,
            "long": _wrong_numbers,
        }
        for what, wrong in kind.get(shape.type_name, lambda *_: ())(shape, value):
            yield Mistake(path, what, wrong)


def _wrong_texts(shape, value):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if shape.metadata.get("enum"):
        yield "enum", "NO-SUCH-VALUE"
    if high is not None:
        yield "too long", "x" * (high + 1)
    if low:
        yield "too short", "x" * (low - 1)
    yield "half a character", "\ud83d"


def _wrong_lists(shape, value):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if high is not None and value:
        yield "too many", (value * (high + 1))[: high + 1]
    if low:
        yield "too few", value[: low - 1]
    yield "null in a list", [*value, None]


def _wrong_maps(shape, value):
    high = shape.metadata.get("max")
    if high is not None:
        yield "too many", {f"k{n}": next(iter(value.values()), "x") for n in range(high + 1)}


def _wrong_numbers(shape, value):
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    edge = 1 << (31 if shape.type_name == "integer" else 63)
    yield from (("too large", each) for each in (edge, -edge - 1, 1e300, 0.5))
    if high is not None:
        yield "above the most", high + 1
    if low is not None:
        yield "below the least", low - 1


def _with(value, mistake):
    """Return a value with a mistake made in it."""
    if not mistake.path:
        return mistake.value
    changed = copy.deepcopy(value)
    place = changed
    for each in mistake.path[:-1]:
        place = place[each]
    if mistake.gone:
        place.pop(mistake.path[-1], None)
    else:
        place[mistake.path[-1]] = mistake.value
    return changed


def asked_for(operation, value):
    """Write a request of the REST protocol; a value that no object is becomes the body as it is."""
    shape, http = operation.model.input_shape, operation.model.http
    if not isinstance(value, dict):
        return Asked(http["method"], quote(http["requestUri"], safe="/"), body=json.dumps(value).encode())
    body, path, query = dict(value), http["requestUri"], []
    for name, member in shape.members.items():
        place, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if place == "uri":
            path = path.replace(f"{{{wire}}}", quote(_utf8(body.pop(name)), safe=""))
        elif place == "querystring":
            query += [f"{wire}={quote(_utf8(each), safe='')}" for each in body.pop(name, ()) if each is not None]
    return Asked(http["method"], path, "&".join(query), body=json.dumps(body).encode() if body else b"")


def _utf8(text):
    return text.encode("utf-8", "surrogatepass")


class Idle:
    """A worker that begins nothing: what is asked of the wire must not run what chance has written."""

    def start(self, work):
        pass

    recover = over = start

    def stop(self, lease, spans, grace):
        pass

    def close(self):
        pass


@contextmanager
def idle_desk(folder):
    """Open an engine that runs nothing."""
    from sweep.daemon.server import furnish
    from sweep.jobs.loop import Engine

    with Engine(lambda environment, tell: Idle()) as engine:
        furnish(engine)
        yield Desk(engine=engine, folder=folder, region="us-east-1", account="123456789012", relaxed=frozenset())


def broken_promises(dispatcher, operation, maker):
    """Send one right and one wrong request; return what came back that must not, and the two answers."""
    value = _named(operation, maker.valid(operation.model.input_shape))
    right = dispatcher.answer(asked_for(operation, value))
    found = [] if right.status < 500 and (right.status == 200 or _message(right)) else [(operation.name, value, right)]
    made = maker.invalid(operation.model.input_shape, value)
    if made is None or _is_void(operation, made[1]):
        return found, [right]
    wrong = dispatcher.answer(asked_for(operation, made[0]))
    if not 400 <= wrong.status < 500 or not _message(wrong):
        found.append((operation.name, made, wrong))
    return found, [right, wrong]


def _named(operation, value):
    """Have what stands in the path be no nothing, which no path can hold."""
    for name, member in operation.model.input_shape.members.items():
        if member.serialization.get("location") == "uri" and not value[name]:
            value[name] = "x"
    return value


def _is_void(operation, mistake):
    """Whether a mistake cannot be told in the place where it stands: a path or a query has no nulls, and none of its parts is empty."""
    if not mistake.path:
        return "location" in str({name: m.serialization for name, m in operation.model.input_shape.members.items()})
    place = operation.model.input_shape.members[mistake.path[0]].serialization.get("location")
    return place is not None and (mistake.value in ("", None) or mistake.what == "null in a list") and not mistake.gone


def _message(answer):
    return bool(json.loads(answer.body).get("message"))


def main():
    """Send many."""
    from sweep.serve.operations import OPERATIONS

    options = argparse.ArgumentParser()
    options.add_argument("--examples", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    maker = Maker(given.seed)
    operations = list(service("batch").operations.values())
    came = Counter()
    with tempfile.TemporaryDirectory() as folder, idle_desk(Path(folder)) as desk:
        reports = []
        dispatcher = Dispatcher(desk, OPERATIONS, report=reports.append)
        for number in range(given.examples):
            found, answers = broken_promises(dispatcher, operations[number % len(operations)], maker)
            came.update(each.status for each in answers)
            for each in found:
                print(*each)
            if found:
                print(*reports, sep="\n")
                raise SystemExit(1)
    print(f"seed {given.seed}, {len(OPERATIONS.get('batch', ()))} of {len(operations)} operations there: {dict(came)}")


if __name__ == "__main__":
    main()
