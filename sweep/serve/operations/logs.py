"""CloudWatch Logs, as far as it is asked for the logs of jobs."""

from __future__ import annotations

import hashlib
import heapq
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from sweep.serve.operations.arns import partition
from sweep.serve.operations.logfiles import find_stream, read_log, streams
from sweep.serve.operations.paging import page, read_token
from sweep.serve.operations.patterns import matcher
from sweep.serve.operations.streams import GROUP
from sweep.serve.refusal import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sweep.serve.desk import Desk
    from sweep.serve.operations.logfiles import Log, Stream

__all__ = ["describe_groups", "describe_streams", "filter_events", "get_events"]

INVALID = "InvalidParameterException"
"""What this service calls an error for which AWS Batch has the word ClientException."""

MOST = 10_000
"""Events of one answer."""

MOST_BYTES = 1 << 20
"""Bytes of one answer; each event counts 26 more than its text has."""

MOST_SEARCHED = 64 << 20
"""Bytes of all logs that one search goes through."""

MOST_STREAMS = 50

_EVENT = 26
_NEVER = 1 << 63
_TOKEN = re.compile(r"([fb])/([0-9]{1,56})")


def get_events(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Give lines of a stream: the last ones, the first ones, or those before or after a token."""
    log = _log(desk, request, request["logStreamName"])
    events = log.between(request.get("startTime"), request.get("endTime"))
    most = request.get("limit", MOST)
    way, place = _place(request)
    if way == "f":
        first = int(np.searchsorted(events, place or 0))
        last = _forward(log, events, first, most)
    else:
        last = len(events) if place is None else int(np.searchsorted(events, place))
        first = _backward(log, events, last, most)
    chosen = events[first:last].tolist()
    edge = place if place is not None else (log.length if way == "b" else 0)
    after, before = (chosen[-1] + 1, chosen[0]) if chosen else (edge, edge)
    return {
        "events": [_event(log, each) for each in chosen],
        "nextForwardToken": f"f/{after:056d}",
        "nextBackwardToken": f"b/{before:056d}",
    }


def _place(request: Mapping[str, Any]) -> tuple[str, int | None]:
    """Return which way to go, and from which line: None for the end."""
    token = request.get("nextToken")
    if not token:
        return ("f", 0) if request.get("startFromHead") else ("b", None)
    found = _TOKEN.fullmatch(token)
    if found is None:
        raise RefusedError("The specified nextToken is invalid.", INVALID)
    return found[1], int(found[2])


def _forward(log: Log, events: np.ndarray, first: int, most: int) -> int:
    """Return where a page ends that begins with an event."""
    return first + _count(log, events[first : first + most].tolist())


def _backward(log: Log, events: np.ndarray, last: int, most: int) -> int:
    """Return where a page begins that ends before an event."""
    return last - _count(log, events[max(0, last - most) : last].tolist()[::-1])


def _count(log: Log, lines: list[int]) -> int:
    """Return how many lines an answer has room for, one at least."""
    size = 0
    for count, line in enumerate(lines):
        size += len(log.text(line).encode()) + _EVENT
        if size > MOST_BYTES:
            return max(1, count)
    return len(lines)


def _event(log: Log, line: int) -> dict[str, Any]:
    time = log.time(line)
    return {"timestamp": time, "message": log.text(line), "ingestionTime": time}


def _log(desk: Desk, request: Mapping[str, Any], name: str) -> Log:
    _check_group(request)
    with desk.engine.reading() as state:
        stream = find_stream(state, name)
    if stream is None:
        raise RefusedError("The specified log stream does not exist.", "ResourceNotFoundException")
    return read_log(desk.folder, stream)


def _check_group(request: Mapping[str, Any]) -> None:
    """Refuse every log group but the one of all jobs."""
    told = request.get("logGroupName") or request.get("logGroupIdentifier")
    if not told:
        raise RefusedError("Either logGroupName or logGroupIdentifier must be provided", INVALID)
    if _named(told) != GROUP:
        raise RefusedError("The specified log group does not exist.", "ResourceNotFoundException")


def describe_groups(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Describe the one log group there is, if it is asked for."""
    prefix, pattern = request.get("logGroupNamePrefix"), request.get("logGroupNamePattern")
    if prefix and pattern:
        raise RefusedError("logGroupNamePrefix and logGroupNamePattern cannot both be provided", INVALID)
    named = request.get("logGroupIdentifiers")
    wanted = named is None or any(_named(each) == GROUP for each in named)
    kept = request.get("logGroupClass", "STANDARD") == "STANDARD"
    known = [GROUP] if wanted and kept and GROUP.startswith(prefix or "") and (pattern or "") in GROUP else []
    shown, more = page(request, known, str, 1, INVALID)
    return {"logGroups": [_group(desk, each) for each in shown], **more}


def _group(desk: Desk, name: str) -> dict[str, Any]:
    arn = _group_arn(desk, name)
    told = {"logGroupName": name, "arn": f"{arn}:*", "logGroupArn": arn, "logGroupClass": "STANDARD"}
    return {**told, "metricFilterCount": 0, "storedBytes": 0}


def _group_arn(desk: Desk, name: str) -> str:
    return f"arn:{partition(desk.region)}:logs:{desk.region}:{desk.account}:log-group:{name}"


def _named(told: str) -> str:
    """Return the name of a log group that is named by its name or its ARN."""
    return told.removesuffix(":*").rpartition(":log-group:")[2]


def describe_streams(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Describe streams by their names, or by when they ended."""
    _check_group(request)
    prefix, by_time = request.get("logStreamNamePrefix", ""), request.get("orderBy") == "LastEventTime"
    if by_time and prefix:
        raise RefusedError("Cannot order by LastEventTime with a logStreamNamePrefix.", INVALID)
    last, backward = read_token(request, INVALID), request.get("descending", False)
    after = last if isinstance(last, str) else None
    found: Iterable[Stream] = streams(desk.engine, prefix, after, descending=backward)
    if by_time:
        found = sorted(found, key=_by_time, reverse=backward)
    most = min(request.get("limit", MOST_STREAMS), MOST_STREAMS)
    shown, more = page(request, found, _by_time if by_time else _by_name, most, INVALID, descending=backward)
    return {"logStreams": [_stream(desk, each) for each in shown], **more}


def _by_time(stream: Stream) -> list[Any]:
    return [_NEVER if stream.ended is None else stream.ended, stream.name]


def _by_name(stream: Stream) -> str:
    return stream.name


def _stream(desk: Desk, stream: Stream) -> dict[str, Any]:
    log = read_log(desk.folder, stream)
    where = f"{_group_arn(desk, GROUP)}:log-stream:{stream.name}"
    told = {"logStreamName": stream.name, "creationTime": stream.began, "arn": where, "storedBytes": 0}
    if not len(log.events):
        return told
    last = log.time(int(log.events[-1]))
    times = {"firstEventTimestamp": log.time(int(log.events[0])), "lastEventTimestamp": last, "lastIngestionTime": last}
    return told | times


def filter_events(desk: Desk, request: dict[str, Any]) -> dict[str, Any]:
    """Give lines of many streams that fit a pattern, by their times."""
    _check_group(request)
    fits = matcher(request.get("filterPattern", ""))
    window = request.get("startTime"), request.get("endTime")
    found = heapq.merge(*(_matches(log, window) for log in _logs(desk, request)), key=lambda each: each[0])
    chosen = ((key, log) for key, log in found if fits(log.text(key[2])))
    shown, more = page(request, chosen, lambda each: each[0], request.get("limit", MOST), INVALID)
    return {"events": [_filtered(log, line) for (_, _, line), log in shown], "searchedLogStreams": [], **more}


def _logs(desk: Desk, request: Mapping[str, Any]) -> list[Log]:
    """Read the streams of these names, or of a prefix."""
    names = request.get("logStreamNames")
    if names:
        if "logStreamNamePrefix" in request:
            raise RefusedError("logStreamNames and logStreamNamePrefix cannot both be provided", INVALID)
        return list(_within_bounds(_log(desk, request, each) for each in dict.fromkeys(names)))
    found = streams(desk.engine, request.get("logStreamNamePrefix", ""))
    return list(_within_bounds(read_log(desk.folder, each) for each in found))


def _within_bounds(logs: Iterable[Log]) -> Iterator[Log]:
    size = 0
    for each in logs:
        size += len(each.data)
        if size > MOST_SEARCHED:
            raise RefusedError(f"The streams hold more than {MOST_SEARCHED >> 20} MiB: name fewer of them.", INVALID)
        yield each


def _matches(log: Log, window: tuple[int | None, int | None]) -> Iterator[tuple[list[Any], Log]]:
    for line in log.between(*window).tolist():
        yield [log.time(line), log.stream.name, line], log


def _filtered(log: Log, line: int) -> dict[str, Any]:
    digest = hashlib.blake2b(f"{log.stream.name} {line}".encode(), digest_size=17).digest()
    event = f"{log.time(line)}{int.from_bytes(digest):041d}"
    return {"logStreamName": log.stream.name, **_event(log, line), "eventId": event}
