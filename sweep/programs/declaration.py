"""A program as a trial: what is run, with which arguments, and which numbers come of it."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Protocol

from sweep.errors import KernelError, nearest
from sweep.programs.checks import FIXED, check_numbers, codes_of, digests_of, parameters_of, patterns_of, variables_of
from sweep.programs.drawn import check_draws, kind_of
from sweep.programs.finding import found_program
from sweep.programs.outputs import Output, outputs_of
from sweep.programs.placeholders import Template
from sweep.programs.seeds import MOST_BITS
from sweep_kernels.distributions import Distribution
from sweep_kernels.distributions.sequence import version_with
from sweep_kernels.source import normalised_source
from sweep_kernels.weights import WEIGHT, check_proposals, columns_of

__all__ = ["Command", "command", "unknown_parameter"]

MOST_OUTPUT = 64 << 20
MOST_KEPT = 64 << 20
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


def command(
    argv: Sequence[Any],
    *,
    outputs: Any,
    result: Any = None,
    parameters: Sequence[str] = (),
    name: str | None = None,
    timeout: float | None = None,
    retries: int | None = None,
    success: Sequence[int] = (0,),
    failure_codes: Mapping[str, Any] | None = None,
    keep_files: Sequence[str] | str = (),
    keep_bytes: int = MOST_KEPT,
    env: Mapping[str, Any] | None = None,
    files: Sequence[Any] = (),
    max_output: int = MOST_OUTPUT,
    seed_bits: int = MOST_BITS,
    server: bool = False,
    startup: float = 60.0,
) -> Command:
    """Declare a program to be a trial.

    Parameters
    ----------
    argv
        The program and its arguments; no shell reads them. ``{speed}`` or ``{speed:.3f}`` is the parameter of that name; ``{seed}``, ``{point}``,
        ``{trial}``, ``{index}`` (point and trial as one name for files) and ``{scratch}`` (the trial's folder, in which it runs) are the trial's own;
        ``{here}`` is the folder of the file that says this, and ``{python}`` this interpreter. Braces are written twice.
    outputs
        What comes of a trial: a list of names, floats; or by name ``float``, ``int``, ``bool``, or where it stands: `from_json`, `from_csv`,
        `from_xml`, `from_text`. What says nothing else is a key of the JSON that the program prints, or of `result`.
    result
        The name of a JSON file in the trial's folder; or a function that is given a `Finished` and returns a mapping of outputs, or their
        values in order.
    parameters
        Names of parameters that have no placeholder: the program reads them from ``parameters.json`` or its environment.
    name
        What to call it; the program's name, or that of its script, when left out.
    timeout
        Seconds that a trial may take; any number when left out.
    retries
        How often a trial that failed is tried again, with the same seed; 0 when left out, and 1 for a server.
    success
        Exit codes after which results are read; any other is a failed trial.
    failure_codes
        By the name of an output, the exit codes that mean a failure of the system under test: the output is true then, and the trial is
        sound. Negative codes are signals. Such an output is added as a bool if it is not among the `outputs`.
    keep_files
        Patterns of files in the trial's folder that are kept in the store, of the trials that are kept and of those that failed.
    keep_bytes
        How many bytes of files are kept of a trial at most.
    env
        Environment variables, with placeholders; None takes one away.
    files
        Files that the program reads: their contents count for the version, and they go where the study is sent. Relative to this file.
    max_output
        Bytes that a trial may print, and that a file of results may have.
    seed_bits
        Bits of ``{seed}``, 1 to 63.
    server
        Whether one process is started for each worker, which is sent one trial after the other; see COMMANDS.md.
    startup
        Seconds that a server has to start, until it says that it is ready.

    Returns
    -------
    Command

    Raises
    ------
    KernelError
        If something is wrong; names it.

    Examples
    --------
    >>> from sweep import Sweep, command, grid
    >>> program = command(["echo", '{{"twice": {x}{x}}}'], outputs=["twice"])
    >>> [row["twice_mean"] for row in Sweep(program, grid(x=[1, 2]), trials=3).run()]
    [11.0, 22.0]
    """
    frame = sys._getframe(1)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage] - the file that declares the command is where its relative paths count from
    file = frame.f_globals.get("__file__") or ""
    here = str(Path(file).absolute().parent) if file else os.getcwd()
    templates = _arguments(argv)
    environment = tuple(
        (key, Template.of("" if each is None else each, f"variable {key}")) for key, each in variables_of(env)
    )
    declared, function = outputs_of(outputs, result, failure_codes or {})
    check_numbers(timeout, retries, keep_bytes, max_output, seed_bits)
    if server:
        _check_server(templates)
    return Command(
        name=name or _name(templates),
        argv=templates,
        declared=declared,
        parameters=parameters_of([*templates, *(each for _, each in environment)], parameters),
        result=function,
        environment=environment,
        timeout=None if timeout is None else float(timeout),
        retries=(1 if server else 0) if retries is None else retries,
        success=codes_of("success", success),
        keep_files=patterns_of(keep_files),
        keep_bytes=keep_bytes,
        max_output=max_output,
        seed_bits=seed_bits,
        is_server=bool(server),
        startup=float(startup),
        here=here,
        module=str(frame.f_globals.get("__name__", "")),
        file=file,
        digests=tuple(sorted(digests_of(files, here))),
    )


def _arguments(argv: Any) -> tuple[Template, ...]:
    if isinstance(argv, str) or not isinstance(argv, Sequence) or not argv:
        raise KernelError(
            f"a command is a list of arguments, not {argv!r}: write ['simulator', '--speed', '{{speed}}']"
        )
    for each in argv:
        if not isinstance(each, str | int | float | os.PathLike):
            raise KernelError(f"argument {each!r} is no text, number or path")
    return tuple(Template.of(os.fspath(each) if isinstance(each, os.PathLike) else each, "argument") for each in argv)


def _name(argv: tuple[Template, ...]) -> str:
    """Name a command by its program, or by the script that an interpreter is given first."""
    first = Path(argv[0].text).name
    is_interpreter = first.startswith("python") or first in {
        "{python}",
        "sh",
        "bash",
        "Rscript",
        "julia",
        "octave",
        "perl",
    }
    script = next((each.text for each in argv[1:] if not each.text.startswith("-")), "") if is_interpreter else ""
    return (
        Path(script).stem
        if script and len(script) < 200 and "\n" not in script and " " not in script
        else first.strip("{}")
    )


def _check_server(argv: tuple[Template, ...]) -> None:
    for each in argv:
        for name in each.names:
            if name not in (*FIXED, "scratch"):
                raise KernelError(
                    f"argument {each.text!r}: a server is started once, and {{{name}}} is a trial's: it is sent with the trial; "
                    f"name parameters in parameters=[{name!r}]"
                )


def _source_of(function: Any) -> str:
    source = normalised_source(function) if hasattr(function, "__code__") else None
    if source is None:
        raise KernelError(
            f"result={function!r}: its source is not to be found, and the plan could not say what it is: define it in a file, as a plain function"
        )
    return source


def unknown_parameter(name: str, command: Command) -> str:
    """Say what is wrong with an axis that a command has no use for."""
    known = nearest(name, command.parameters) if command.parameters else "it has no parameters"
    return (
        f"axis {name!r} is not used by command {command.name!r}: write {{{name}}} in an argument, or name it in parameters=[{name!r}] "
        f"if the program reads parameters.json; {known}"
    )
