"""One trial of a command: arguments, folder, run, results."""

from __future__ import annotations

import json
import math
import os
import shutil
from dataclasses import dataclass, replace
from signal import SIGKILL, Signals
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError, StoreError
from sweep.programs.declaration import found_program
from sweep.programs.fetching import Fetcher
from sweep.programs.finished import Finished, NoResultError
from sweep.programs.seeds import seed_of
from sweep.programs.values import value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sweep.programs.declaration import Command
    from sweep.programs.keeping import Keeper
    from sweep.programs.outputs import Output
    from sweep.space.objects import Objects

__all__ = ["Outcome", "Trial", "Trials"]

NAN = math.nan
PARAMETERS = "parameters.json"
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


@dataclass(frozen=True)
class Trial:
    """Which trial, and what it is given.

    Attributes
    ----------
    point, trial
        Which.
    seed
        Its seed.
    parameters
        Values by name.
    """

    point: int
    trial: int
    seed: int
    parameters: Mapping[str, Any]

    @property
    def index(self) -> str:
        """Point and trial as one name."""
        return f"{self.point}-{self.trial}"

    @property
    def own(self) -> dict[str, Any]:
        """What is the trial's own, by placeholder; its folder is not known before it runs."""
        return {"seed": self.seed, "point": self.point, "trial": self.trial, "index": self.index}


@dataclass(frozen=True)
class Outcome:
    """What came of a trial.

    Attributes
    ----------
    values
        A number for each output, NaN for one that the trial does not have; None if the trial failed.
    reason
        Why it failed, or what else is to be known of it; ``""`` if there is nothing.
    code
        The exit code of its last attempt; None if it had none.
    attempts
        How often it was tried.
    seconds
        What the last attempt took by the clock.
    stdout, stderr
        The last that it printed, where there is a reason.
    """

    values: tuple[float, ...] | None
    reason: str = ""
    code: int | None = None
    attempts: int = 1
    seconds: float = 0.0
    stdout: str = ""
    stderr: str = ""


class Trials:
    """Runs trials of a command.

    Parameters
    ----------
    command
        What to run.
    collections
        The parameters that are objects.
    seed
        The sweep's seed.
    common_random_numbers
        Whether a trial has one seed at all points.

    Raises
    ------
    KernelError
        If the program is not there.
    """

    def __init__(
        self, command: Command, collections: Mapping[str, Objects], seed: int, *, common_random_numbers: bool
    ) -> None:
        self.command = command
        self._fetcher = Fetcher(collections)
        self._seed, self._common = seed, common_random_numbers
        given = {key: each for key, each in command.environment if each.text or each.pieces}
        fixed = {
            key: each.filled(command.fixed) for key, each in given.items() if not set(each.names) - {"here", "python"}
        }
        self._changing = {key: each for key, each in given.items() if key not in fixed}
        removed = {key for key, _ in command.environment} - given.keys()
        self._environment = {key: text for key, text in os.environ.items() if key not in removed} | fixed
        self._program = command.program(self._environment.get("PATH"))

    def trial(self, point: int, trial: int, parameters: Mapping[str, Any]) -> Trial:
        """Say what a trial is given."""
        seed = seed_of(self._seed, 0 if self._common else point, trial, self.command.seed_bits)
        return Trial(point, trial, seed, parameters)

    def run(
        self, keeper: Keeper, trial: Trial, alive: Callable[[], None], kept: Callable[[str, Outcome], None]
    ) -> Outcome:
        """Run a trial, again if it fails and may be tried again.

        Parameters
        ----------
        keeper
            What runs it.
        trial
            Which.
        alive
            Called now and then; what it raises stops the trial.
        kept
            Called with the trial's folder and what came of it, before the folder is removed.
        """
        for attempt in range(1, self.command.retries + 2):
            scratch = _made(keeper)
            try:
                outcome = self._attempt(keeper, trial, scratch, attempt, alive)
                if outcome.values is not None or attempt > self.command.retries:
                    kept(scratch, outcome)
                    return outcome
            finally:
                _remove(scratch)
        raise AssertionError

    def _attempt(self, keeper: Keeper, trial: Trial, scratch: str, attempt: int, alive: Callable[[], None]) -> Outcome:
        local = self.localised(trial, keeper.folder)
        answer = self.ask(keeper, local, scratch, alive)
        return self.outcome(local, scratch, answer, attempt)

    def ask(
        self, keeper: Keeper, trial: Trial, scratch: str, alive: Callable[[], None], *, inherit: bool = False
    ) -> Mapping[str, Any]:
        """Have a trial run once in a folder, and return what its keeper says of it.

        Parameters
        ----------
        keeper, trial, scratch, alive
            What runs it, which, where, and what is called now and then.
        inherit
            Whether what it prints is shown, and it has all the time there is.
        """
        try:
            if self.command.is_server:
                return self._served(keeper, trial, scratch, alive, inherit=inherit)
            order = self.order(trial, scratch)
        except OSError as error:
            raise StoreError(f"{scratch} cannot be written to: {error.strerror}; TMPDIR names another place") from None
        except (ValueError, TypeError, KernelError) as error:
            return {"why": "refused", "error": str(error)}
        return keeper.ask({**order, "inherit": True, "seconds": None} if inherit else order, alive)

    def localised(self, trial: Trial, folder: str) -> Trial:
        """Put paths in the place of objects."""
        return replace(trial, parameters=self._fetcher.local(trial.parameters, folder))

    def _served(
        self, keeper: Keeper, trial: Trial, scratch: str, alive: Callable[[], None], *, inherit: bool
    ) -> Mapping[str, Any]:
        """Have a server answer; one that has ended is started again."""
        if not keeper.serves:
            answer = keeper.ask({**self._order_of_server(keeper.scratch()), "inherit": inherit}, alive)
            if answer["why"] != "answered" or not _is_ready(answer["out"]):
                return {**answer, "why": "unready", "while": answer["why"]}
        seconds = None if inherit else self.command.timeout
        asked = {"parameters": dict(trial.parameters), **trial.own, "scratch": scratch}
        keeper.serves = False  # until it has answered
        answer = keeper.ask({"line": json.dumps(asked).encode() + b"\n", "seconds": seconds}, alive)
        keeper.serves = answer["why"] == "answered"
        return answer

    def _order_of_server(self, scratch: str) -> dict[str, Any]:
        argv = [each.filled({**self.command.fixed, "scratch": scratch}) for each in self.command.argv]
        order = self._order(argv, scratch, {"SWEEP_SCRATCH": scratch})
        return order | {"serves": True, "whole": True, "seconds": self.command.startup}

    def argv(self, trial: Trial, scratch: str) -> tuple[str, ...]:
        """Return what is run.

        Raises
        ------
        ValueError, TypeError
            If an argument cannot be written in the format that is asked for.
        """
        own = {} if self.command.is_server else {**trial.parameters, **trial.own}
        return tuple(each.filled({**own, "scratch": scratch, **self.command.fixed}) for each in self.command.argv)

    def order(self, trial: Trial, scratch: str) -> dict[str, Any]:
        """Write a trial's parameters into its folder, and return what a keeper is told.

        Raises
        ------
        ValueError, TypeError, KernelError
            If an argument cannot be written, or there is no such program.
        """
        command = self.command
        own = {**trial.own, "scratch": scratch}
        values = {**trial.parameters, **own, **command.fixed}
        argv = list(self.argv(trial, scratch))
        _write(f"{scratch}/{PARAMETERS}", json.dumps({**trial.parameters, **trial.own}) + "\n")
        variables = {f"SWEEP_{name.upper()}": str(each) for name, each in own.items()}
        variables |= {f"SWEEP_PARAMETER_{name}": str(each) for name, each in trial.parameters.items()}
        variables |= {key: each.filled(values) for key, each in self._changing.items()}
        return self._order(argv, scratch, variables)

    def _order(self, argv: list[str], scratch: str, variables: Mapping[str, str]) -> dict[str, Any]:
        command = self.command
        return {
            "argv": argv,
            "program": self._program or found_program(argv[0], command.here, self._environment.get("PATH")),
            "environment": {**self._environment, **variables},
            "folder": scratch,
            "seconds": command.timeout,
            "whole": command.reads_stdout,
            "most": command.max_output,
            "inherit": False,
            "serves": False,
        }

    def outcome(self, trial: Trial, scratch: str, answer: Mapping[str, Any], attempt: int) -> Outcome:
        """Read what came of an attempt."""
        why = self._why_failed(answer)
        values = None
        if not why:
            try:
                values = self._values(trial, scratch, answer)
                why = _left_behind(answer.get("left", 0))
            except NoResultError as error:
                why = str(error)
        if not why:
            return Outcome(values)
        tails = {name: _tail(answer.get(key, b"")) for name, key in (("stdout", "out"), ("stderr", "err"))}
        return Outcome(values, why, answer.get("code"), attempt, answer.get("took", 0.0), **tails)

    def _why_failed(self, answer: Mapping[str, Any]) -> str:
        command, why = self.command, answer["why"]
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

    def _values(self, trial: Trial, scratch: str, answer: Mapping[str, Any]) -> tuple[float, ...]:
        """Read the outputs; where the system under test has failed, there need not be others than those that say so."""
        command, code = self.command, answer.get("code", 0)
        if answer["why"] == "answered":
            _check_answer(trial, answer["out"])
        finished = Finished(scratch, answer["out"], code, dict(trial.parameters), command.max_output)
        has_failed = any(code in each.codes for each in command.declared)
        returned: Mapping[str, Any] = {}
        if command.result is not None:
            returned = self._returned(finished, may_lack=has_failed)
        found: list[float] = []
        for each in command.declared:
            try:
                found.append(_value(each, finished, returned))
            except NoResultError:
                if not has_failed:
                    raise
                found.append(NAN)
        return tuple(found)

    def _returned(self, finished: Finished, *, may_lack: bool) -> Mapping[str, Any]:
        """Ask the user's function for what has no source, by name."""
        names = [each.name for each in self.command.declared if each.source is None and not each.codes]
        try:
            returned = self.command.result(finished)  # type: ignore[misc] - asked for only where there is one
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


def _is_ready(line: bytes) -> bool:
    try:
        return json.loads(line).get("ready") is True
    except ValueError:
        return False


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


def _check_answer(trial: Trial, line: bytes) -> None:
    """See that a server's answer is to this trial, if it says so, and no complaint."""
    try:
        said = json.loads(line)
    except ValueError:
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


def _made(keeper: Keeper) -> str:
    try:
        return keeper.scratch()
    except OSError as error:
        raise StoreError(
            f"no folder for a trial can be made in {keeper.folder}: {error.strerror}; TMPDIR names another place"
        ) from None


def _write(path: str, text: str) -> None:
    """Write a small file with few calls of the system: there is one for each trial."""
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


def _remove(folder: str) -> None:
    """Remove a trial's folder, in most of which there is only what was written there first."""
    try:
        os.unlink(f"{folder}/{PARAMETERS}")
        os.rmdir(folder)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)


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
