"""A program as a trial: what is run, with which arguments, and which numbers come of it."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from sweep.errors import KernelError
from sweep.programs.checks import FIXED
from sweep.programs.drawn import check_draws, kind_of
from sweep.programs.finding import found_program
from sweep_kernels.distributions import Distribution
from sweep_kernels.distributions.sequence import version_with
from sweep_kernels.source import normalised_source
from sweep_kernels.weights import WEIGHT, check_proposals, columns_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sweep.programs.outputs import Output
    from sweep.programs.placeholders import Template

__all__ = ["Command", "unknown_parameter"]

SCENARIO = "scenario"
"""The parameter that is the path of the trial's scenario file, in a sweep of a scenario."""


class ScenarioFiles(Protocol):
    """What makes the scenario file of each trial."""

    @property
    def digest(self) -> str:
        """The hash of the file that they are made of."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Those of its parameters that vary."""
        ...

    def concrete(self, values: Mapping[str, Any]) -> bytes:
        """Return the file with these values of its parameters; raise `ScenarioError` if they do not fit."""
        ...


@dataclass(frozen=True, eq=False)
class Command:
    """A program as a trial; make one with `command`. It stands where a kernel stands.

    Attributes
    ----------
    name
        What to call it.
    argv
        The program and its arguments, with placeholders.
    declared
        Its outputs.
    parameters
        Names of its parameters: those of placeholders, then those that it reads by itself, then those of its scenario.
    draws
        Distributions of the parameters that each trial draws before it begins; see `drawing`. They are outputs too, after the command's own.
    proposals
        Of some of these, what they are drawn from instead: trials have weights then.
    scenario
        What makes the scenario file of each trial, if the program is given its path; see `of_scenario`.
    """

    name: str
    argv: tuple[Template, ...]
    declared: tuple[Output, ...]
    parameters: tuple[str, ...]
    result: Callable[..., Any] | None
    environment: tuple[tuple[str, Template], ...]
    timeout: float | None
    retries: int
    success: tuple[int, ...]
    keep_files: tuple[str, ...]
    keep_bytes: int
    max_output: int
    seed_bits: int
    is_server: bool
    startup: float
    here: str
    module: str
    file: str
    digests: tuple[tuple[str, str], ...]
    draws: Mapping[str, Distribution] = field(default_factory=dict[str, Distribution])
    proposals: Mapping[str, Distribution] = field(default_factory=dict[str, Distribution])
    scenario: ScenarioFiles | None = None

    block_size: ClassVar[int] = 1
    """A run of a program is worth more than a row: none is ever done twice for the sake of a block that was begun."""
    receiver: ClassVar[str] = ""
    defaults: ClassVar[dict[str, Any]] = {}
    types: ClassVar[dict[str, str]] = {}

    @property
    def summary(self) -> str:
        """One line."""
        return " ".join(each.text for each in self.argv)

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of its outputs, of what each trial draws, and of the weight if there is one."""
        return (*(each.name for each in self.declared), *self.draws, *((WEIGHT,) if self.is_weighted else ()))

    @property
    def is_weighted(self) -> bool:
        """Whether trials have weights: a parameter has a proposal."""
        return bool(self.proposals)

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all that is counted of a trial, as of a kernel's."""
        return columns_of(self.outputs, is_weighted=self.is_weighted)

    @property
    def output_kinds(self) -> tuple[str, ...]:
        """Kinds of the columns."""
        own = (*(each.kind for each in self.declared), *map(kind_of, self.draws.values()))
        return (*own, *("float" for _ in self.columns[len(own) :]))

    @property
    def reads_stdout(self) -> bool:
        """Whether what it prints is read for results."""
        return self.result is not None or any(each.source and each.source.file is None for each in self.declared)

    @property
    def reads_files(self) -> bool:
        """Whether anything is read, or kept, of a trial's folder."""
        return (
            self.result is not None
            or bool(self.keep_files)
            or any(each.source and each.source.file for each in self.declared)
        )

    @cached_property
    def version(self) -> str:
        """64 hexadecimal digits: the hash of arguments, outputs, options and draws, and of the files that were named; not of the program itself.

        Raises
        ------
        KernelError
            If `result` is a function whose source is not to be found.
        """
        outputs = [
            [each.name, each.kind, each.source.described() if each.source else None, each.codes]
            for each in self.declared
        ]
        said = {
            "argv": [each.text for each in self.argv],
            "outputs": outputs,
            "parameters": self.parameters,
            "result": None if self.result is None else _source_of(self.result),
            "env": [[name, each.text] for name, each in self.environment],
            "timeout": self.timeout,
            "retries": self.retries,
            "success": self.success,
            "keep_files": self.keep_files,
            "max_output": self.max_output,
            "seed_bits": self.seed_bits,
            "server": self.is_server,
            "files": self.digests,
            **({} if self.scenario is None else {"scenario": self.scenario.digest}),
        }
        version = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        return version_with(version, self.draws, self.proposals)

    @property
    def fixed(self) -> dict[str, str]:
        """What the placeholders mean that are the same for all trials."""
        return {"here": self.here, "python": sys.executable}

    def drawing(
        self, draws: Mapping[str, Distribution], proposals: Mapping[str, Distribution] | None = None
    ) -> Command:
        """Return the command with parameters that each trial draws before it begins.

        Parameters
        ----------
        draws
            Distributions by parameter; the order is that of the draws. They replace those that the command has.
        proposals
            Of some of them, what the values are drawn from instead; each trial has the weight that makes up for it.

        Raises
        ------
        KernelError
            If there is no parameter of a name, it is an output's too, there are more than 256, or a proposal is of no drawn parameter, or of
            other values.
        """
        outputs = {each.name for each in self.declared} | ({WEIGHT} if proposals else set())
        drawn = check_draws(self.name, draws, self.parameters, outputs)
        return replace(self, draws=drawn, proposals=check_proposals(f"command {self.name!r}", drawn, proposals or {}))

    def of_scenario(self, files: ScenarioFiles, axes: Sequence[str]) -> Command:
        """Return the command as one that is given the path of each trial's scenario file, if it has a use for that.

        It has if it has a parameter ``scenario`` that is no axis. What varies in the file reaches the program by the file, and needs no placeholder.

        Parameters
        ----------
        files
            What makes the files.
        axes
            Names of the space's axes.
        """
        is_asked_for = SCENARIO in self.parameters and SCENARIO not in (*axes, *files.names)
        if not is_asked_for and self.scenario is None:
            return self
        own = [each for each in self.parameters if each != SCENARIO]
        return replace(self, scenario=files, parameters=tuple(dict.fromkeys([*own, *files.names])))

    def program(self, path: str | None = None) -> str | None:
        """Find the program; None if its name is another one for each point.

        Parameters
        ----------
        path
            Where to look, as PATH has it; this process's PATH when left out.

        Raises
        ------
        KernelError
            If it is not there.
        """
        if any(name not in FIXED for name in self.argv[0].names):
            return None
        return found_program(self.argv[0].filled(self.fixed), self.here, path)


def _source_of(function: Any) -> str:
    source = normalised_source(function) if hasattr(function, "__code__") else None
    if source is None:
        raise KernelError(
            f"result={function!r}: its source is not to be found, and the plan could not say what it is: define it in a file, as a plain function"
        )
    return source


def unknown_parameter(name: str, command: Command) -> str:
    """Say what is wrong with an axis that a command has no use for."""
    takes = f"takes {', '.join(map(repr, command.parameters))}" if command.parameters else "has no parameters"
    return (
        f"axis {name!r} is not used by command {command.name!r}, which {takes}: write {{{name}}} in an argument, or name it in "
        f"parameters=[{name!r}] if the program reads parameters.json"
    )
