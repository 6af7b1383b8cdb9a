"""How a program is declared to be a trial."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sweep.errors import KernelError
from sweep.programs.checks import FIXED, check_numbers, codes_of, digests_of, parameters_of, patterns_of, variables_of
from sweep.programs.declaration import Command
from sweep.programs.outputs import outputs_of
from sweep.programs.placeholders import Template
from sweep.programs.seeds import MOST_BITS

__all__ = ["command"]

MOST_OUTPUT = 64 << 20
MOST_KEPT = 64 << 20


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
