"""What came of a trial: its values, or why it has none, out of what its keeper says."""

from __future__ import annotations

import json
import math
from signal import SIGKILL, Signals
from typing import TYPE_CHECKING, Any

from sweep.programs.finished import Finished, NoResultError
from sweep.programs.trial import Outcome
from sweep.programs.values import value_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweep.programs.declaration import Command
    from sweep.programs.outputs import Output
    from sweep.programs.trial import Trial

__all__ = ["is_of_another", "outcome_of"]

SHOWN = 1 << 13
"""Bytes of what a failing trial has printed that are kept."""

_SAID = {
    "refused": "cannot be started: {error}",
    "timeout": "took longer than its timeout of {seconds:g} s, and was killed",
    "output": "printed more than max_output, {most:,} bytes, and was killed",
    "unasked": "was not run: its server had answered the trial before more than once, and was killed",
    "lost": "was not run: its server had ended",
    "stop": "was stopped",
}


def outcome_of(command: Command, trial: Trial, scratch: str, answer: Mapping[str, Any], attempt: int) -> Outcome:
    """Read what came of an attempt."""
    why = _why_failed(command, answer)
    values = None
    if not why:
        try:
            values = (*_values(command, trial, scratch, answer), *trial.drawn)
            why = _left_behind(answer.get("left", 0))
        except NoResultError as error:
            why = str(error)
    if not why:
        return Outcome(values)
    tails = {name: _tail(answer.get(key, b"")) for name, key in (("stdout", "out"), ("stderr", "err"))}
    return Outcome(values, why, answer.get("code"), attempt, answer.get("took", 0.0), **tails)


def is_of_another(trial: Trial, answer: Mapping[str, Any]) -> bool:
    """Tell whether a server's answer says that it is of another trial: then all that it says from now on may be."""
    try:
        return answer["why"] == "answered" and json.loads(answer["out"]).get("index", trial.index) != trial.index
    except ValueError:
        return False


def _why_failed(command: Command, answer: Mapping[str, Any]) -> str:
    why = answer["why"]
    if why == "answered":
        return ""
    if why == "unready":
        return _unready(command, answer)
    if why != "ended":
        return _SAID[why].format(error=answer.get("error"), seconds=command.timeout, most=command.max_output)
    code = answer["code"]
    if any(code in each.codes for each in command.declared):
        return ""
    if command.is_server:
        return f"was not answered: its server {_code_in_words(code)}"
    return "" if code in command.success else _code_in_words(code)


def _values(command: Command, trial: Trial, scratch: str, answer: Mapping[str, Any]) -> tuple[float, ...]:
    """Read the outputs; where the system under test has failed, there need not be others than those that say so."""
    code = answer.get("code", 0)
    finished = Finished(scratch, answer["out"], code, dict(trial.parameters), command.max_output)
    if answer["why"] == "answered":
        _check_answer(trial, finished)
    has_failed = any(code in each.codes for each in command.declared)
    returned: Mapping[str, Any] = {}
    if command.result is not None:
        returned = _returned(command, finished, may_lack=has_failed)
    found: list[float] = []
    for each in command.declared:
        try:
            found.append(_value(each, finished, returned))
        except NoResultError:
            if not has_failed:
                raise
            found.append(math.nan)
    return tuple(found)


def _returned(command: Command, finished: Finished, *, may_lack: bool) -> Mapping[str, Any]:
    """Ask the user's function for what has no source, by name."""
    names = [each.name for each in command.declared if each.source is None and not each.codes]
    try:
        returned = command.result(finished)  # type: ignore[misc] - asked for only where there is one
    except NoResultError as error:
        if may_lack:
            return {}
        raise error from None
    except Exception as error:  # noqa: BLE001 - the user's own
        if may_lack:
            return {}
        raise NoResultError(f"its result function raised {type(error).__name__}: {error}") from None
    if hasattr(returned, "keys"):
        return returned
    values = returned if isinstance(returned, tuple | list) else (returned,)
    if len(values) != len(names):
        raise NoResultError(
            f"its result function returned {len(values)} values, and there are {len(names)} outputs: {', '.join(names)}"
        )
    return dict(zip(names, values, strict=True))


def _unready(command: Command, answer: Mapping[str, Any]) -> str:
    """Say why a server did not come to take trials."""
    match answer["while"]:
        case "refused":
            return f"cannot be started: {answer['error']}"
        case "timeout":
            return f'cannot be started: its server did not print {{"ready": true}} within startup={command.startup:g} s'
        case "answered":
            return f'cannot be started: its server printed {_tail(answer["out"])[:80]} where {{"ready": true}} was expected'
        case _:
            return f"cannot be started: its server {_code_in_words(answer['code'])} before it was ready"


def _check_answer(trial: Trial, finished: Finished) -> None:
    """See that a server's answer is to this trial, if it says so, and no complaint."""
    try:
        said = finished.json(None)
    except NoResultError:
        raise NoResultError("its server answered a line that is no JSON") from None
    if "error" in said:
        raise NoResultError(f"its server answered: {said['error']}")
    if said.get("index", trial.index) != trial.index:
        raise NoResultError(f"its server answered to trial {said['index']}")


def _value(output: Output, finished: Finished, returned: Mapping[str, Any]) -> float:
    """Read one output."""
    if output.codes:
        return float(finished.code in output.codes)
    if output.source is not None:
        return output.source.read(finished)
    if output.name not in returned:
        raise NoResultError(f"its result function returned no {output.name}")
    return value_of(output.kind, _plain(returned[output.name]), output.name)


def _plain(value: Any) -> Any:
    """Return a number of NumPy's as Python's."""
    return value.item() if hasattr(value, "item") else value


def _left_behind(count: int) -> str:
    if not count:
        return ""
    return f"left {count} process{'es' if count != 1 else ''} behind, which {'were' if count != 1 else 'was'} killed"


def _code_in_words(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    try:
        name = Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    return f"was killed by {name}{', as Linux does when memory is short' if -code == SIGKILL else ''}"


def _tail(data: bytes) -> str:
    return data[-SHOWN:].decode(errors="replace").replace("\0", "\ufffd")
