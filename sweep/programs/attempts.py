"""Attempts at trials of a command: arguments, folder, run."""

from __future__ import annotations

import functools
import json
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweep.errors import KernelError, ScenarioError, StoreError
from sweep.programs.declaration import SCENARIO
from sweep.programs.drawn import Drawing
from sweep.programs.fetching import Fetcher
from sweep.programs.finding import found_program
from sweep.programs.folders import PARAMETERS, write_parameters
from sweep.programs.reading import is_of_another, outcome_of
from sweep.programs.seeds import seed_of, seeds_of
from sweep.programs.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep.programs.declaration import Command
    from sweep.programs.keeping import Keeper
    from sweep.programs.trial import Outcome
    from sweep.space.objects import Objects

__all__ = ["SCENARIO_FILE", "Trials"]

SCENARIO_FILE = "scenario.xosc"


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
        self._drawing = Drawing(command.draws, command.proposals, seed, common_random_numbers=common_random_numbers)
        self._seed, self._common = seed, common_random_numbers
        given = {key: each for key, each in command.environment if each.text or each.pieces}
        fixed = {
            key: each.filled(command.fixed) for key, each in given.items() if not set(each.names) - {"here", "python"}
        }
        self._changing = {key: each for key, each in given.items() if key not in fixed}
        removed = {key for key, _ in command.environment} - given.keys()
        self._environment = {key: text for key, text in os.environ.items() if key not in removed} | fixed
        self._given = _given(command)
        self._program = command.program(self._environment.get("PATH"))

    def trial(self, point: int, trial: int, parameters: Mapping[str, Any]) -> Trial:
        """Say what a trial is given."""
        seed = seed_of(self._seed, 0 if self._common else point, trial, self.command.seed_bits)
        return self._given_to(point, trial, seed, parameters)

    def trials(self, each: Sequence[tuple[int, int]], parameters: Callable[[int], Mapping[str, Any]]) -> list[Trial]:
        """Say what trials are given, by point and trial; `parameters` returns those of a point."""
        points, trials = zip(*each, strict=True)
        of_seeds = [0] * len(points) if self._common else points
        seeds = seeds_of(self._seed, of_seeds, trials, self.command.seed_bits)
        return [self._given_to(*one, parameters(one[0])) for one in zip(points, trials, seeds, strict=True)]

    def _given_to(self, point: int, trial: int, seed: int, parameters: Mapping[str, Any]) -> Trial:
        drawn = self._drawing.of(point, trial)
        given = {**parameters, **self._drawing.decoded(drawn)} if drawn else parameters
        return Trial(point, trial, seed, given, self._drawing.numbers(drawn))

    def run(
        self,
        keeper: Keeper,
        trial: Trial,
        alive: Callable[[], None],
        kept: Callable[[str, Outcome], None],
        tried: int = 0,
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
        tried
            How often it has been tried, and failed.
        """
        for attempt in range(tried + 1, self.command.retries + 2):
            scratch = _fresh(keeper)
            try:
                outcome = self._attempt(keeper, trial, scratch, attempt, alive)
                if outcome.values is not None or attempt > self.command.retries:
                    kept(scratch, outcome)
                    return outcome
            finally:
                keeper.folders.take_back(scratch, self._given)
        raise AssertionError

    def _attempt(self, keeper: Keeper, trial: Trial, scratch: str, attempt: int, alive: Callable[[], None]) -> Outcome:
        try:
            trial = self.localised(trial, keeper.folder, scratch)
            answer = self.ask(keeper, trial, scratch, alive)
        except ScenarioError as error:
            answer = {"why": "refused", "error": str(error)}
        outcome = outcome_of(self.command, trial, scratch, answer, attempt)
        if outcome.values is None and is_of_another(trial, answer):
            keeper.end()
        return outcome

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

    def localised(self, trial: Trial, folder: str, scratch: str) -> Trial:
        """Put paths in the place of objects, which are had in `folder`; and write the trial's scenario, and add its path.

        Raises
        ------
        ScenarioError
            If the trial's parameters do not fit the scenario.
        """
        if self._fetcher.is_needed:
            trial = replace(trial, parameters=self._fetcher.local(trial.parameters, folder))
        scenario = self.command.scenario
        if scenario is None:
            return trial
        data, path = scenario.concrete(trial.parameters), f"{scratch}/{SCENARIO_FILE}"
        try:
            with open(path, "xb") as file:
                file.write(data)
        except OSError as error:
            raise StoreError(f"{scratch} cannot be written to: {error.strerror}; TMPDIR names another place") from None
        return replace(trial, parameters={**trial.parameters, SCENARIO: path})

    def _served(
        self, keeper: Keeper, trial: Trial, scratch: str, alive: Callable[[], None], *, inherit: bool
    ) -> Mapping[str, Any]:
        """Have a server answer; one that has ended is started again."""
        unready = self.started(keeper, alive, inherit=inherit)
        return unready or self.told(keeper, self.line(trial), scratch, alive, inherit=inherit)

    @property
    def is_line(self) -> bool:
        """Whether a trial is a line for a server and its answer, and no file is given to it or read."""
        return self.command.is_server and self._given is not None and not self._fetcher.is_needed

    def line(self, trial: Trial) -> bytes:
        """Return what a server is sent, but for the trial's folder; see `told`."""
        return json.dumps({"parameters": dict(trial.parameters), **trial.own}).encode()

    def told(
        self, keeper: Keeper, line: bytes, scratch: str, alive: Callable[[], None], *, inherit: bool = False
    ) -> Mapping[str, Any]:
        """Send a server that runs the line of a trial, and return its answer."""
        seconds = None if inherit else self.command.timeout
        begun = time.monotonic()
        answer = keeper.tell(b'%s, "scratch": %s}\n' % (line[:-1], _as_json(scratch)), seconds, alive)
        return {**answer, "took": time.monotonic() - begun}

    def started(self, keeper: Keeper, alive: Callable[[], None], *, inherit: bool = False) -> Mapping[str, Any] | None:
        """Start the server, if it does not run; return what its keeper says of one that did not come to be ready."""
        if keeper.serves:
            return None
        answer = keeper.start({**self._order_of_server(keeper.folders.fresh()), "inherit": inherit}, alive)
        if answer["why"] == "answered" and _is_ready(answer["out"]):
            return None
        keeper.end()
        return {**answer, "why": "unready", "while": answer["why"]}

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
        write_parameters(scratch, json.dumps({**trial.parameters, **trial.own}) + "\n")
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


def _given(command: Command) -> list[str] | None:
    """Return the files that a trial is given in its folder, if the folder may serve the next one as well; see `Folders.take_back`."""
    if command.scenario is not None or (command.is_server and command.reads_files):
        return None
    return [] if command.is_server else [PARAMETERS]


@functools.lru_cache(maxsize=64)
def _as_json(folder: str) -> bytes:
    """Write a folder's name as JSON: one folder does for many trials."""
    return json.dumps(folder).encode()


def _is_ready(line: bytes) -> bool:
    try:
        return json.loads(line).get("ready") is True
    except ValueError:
        return False


def _fresh(keeper: Keeper) -> str:
    try:
        return keeper.folders.fresh()
    except OSError as error:
        raise StoreError(
            f"no folder for a trial can be made in {keeper.folder}: {error.strerror}; TMPDIR names another place"
        ) from None
