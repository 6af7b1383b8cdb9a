"""Numba's errors, each cut to one line that names the user's file and line."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from sweep_kernels.draws import METHODS
from sweep_kernels.refusals import GIVES_AWAY, instructions

if TYPE_CHECKING:
    import types as pytypes
    from collections.abc import Iterable

    from sweep_kernels.declaration import Kernel

__all__ = ["explained", "is_array_alone"]

NO_MEMORY = "which compiled code has no memory for: keep the numbers in variables, a tuple, or an array, np.zeros(8)"
MAKERS = {
    "arange",
    "array",
    "asarray",
    "copy",
    "linspace",
    "sort",
    "zeros_like",
    "empty_like",
    "ones_like",
    "full_like",
}
WHOLE_ARRAYS = (
    "a kernel makes arrays with np.zeros, np.ones and np.full only, and what works on whole arrays makes more: "
    "write a loop over the elements"
)
RETURNS_ARRAY = "Only accept returning of array passed into the function as argument"
COMPREHENDS = "a kernel cannot make a list, a set or a dict by a comprehension: write a loop with a running value, as in total += rng.normal()"
DISPLAYS = {
    **dict.fromkeys(("LIST_APPEND", "SET_ADD", "MAP_ADD"), COMPREHENDS),
    "BUILD_LIST": f"a kernel cannot make a list, {NO_MEMORY}",
    "BUILD_SET": f"a kernel cannot make a set, {NO_MEMORY}",
    "BUILD_MAP": f"a kernel cannot make a dict, {NO_MEMORY}",
    "BUILD_CONST_KEY_MAP": f"a kernel cannot make a dict, {NO_MEMORY}",
}
ALLOCATES = (
    "it makes a list, an array or text on the way, which compiled code has no memory for: "
    "write a loop over the elements, and the text of an error out"
)
CATCHES = "a kernel cannot catch one kind of error: test for what raises it with if"
READ_ONLY = (
    "it writes to an array that all trials share, which can only be read: keep what a trial changes in variables"
)
BY_POSITION = "a table of narrow numbers is read by position: loop with `for i in range(len(table))` and read table[i]"
FORMATS = "a kernel cannot make text: write the text of an error out, and return numbers"
GENERATES = "a kernel cannot use a generator expression: write a loop"
OPENS = "a kernel cannot use `with`"
TELLING = {
    r"exception_match": CATCHES,
    r"(setitem|iadd|isub|imul|itruediv)\W.*(readonly array|table\()": READ_ONLY,
    r"(getiter|enumerate|zip|sum|min|max)\W[^\n]*\n?.*table\(": BY_POSITION,
    r"yield in a closure": GENERATES,
    r"Exception object cannot be stored": "a kernel cannot keep what was raised: write `except Exception:` without `as`",
    r"Illegal IR, del found": "a kernel cannot use `del`: leave the variable alone",
    r"attribute '\w+' of type (Literal\[str\]|unicode_type)|\bmod\W.*Literal\[str\]": FORMATS,
    r"setitem\W.*\b(Uni)?Tuple\(": "a tuple cannot be changed: make a new one",
    r"First-class function|Undecided type .*": "it chooses a function as it runs: choose with `if` what to call",
}
"""What numba says, and what it means."""
EXTREMES = {"npy_max": "max", "npy_min": "min", "max": "max", "min": "min"}
"""What numba calls NumPy's functions and methods, and what Python does."""
INSTEAD = {"where": "x if condition else y", "clip": "min(max(x, low), high)"}
"""Functions of NumPy for arrays, and what to write for numbers."""
SPOKEN = {
    "tuple": "a tuple", "array": "an array", "list": "a list", "none": "None", "bool": "a bool", "int": "an integer", "float": "a float",
    "str": "text", "unicode": "text", "complex": "a complex number",
}  # fmt: skip
"""Beginnings of numba's types, and what they are."""
NOISE = (
    "Failed in nopython",
    "During:",
    "File ",
    "- ",
    "There are",
    ">>>",
    "With argument",
    "Overload",
    "^",
    "<source",
    "def ",
)


def explained(kernel: Kernel, functions: Iterable[pytypes.FunctionType], error: Exception) -> str:
    """Cut numba's message to one line.

    Parameters
    ----------
    kernel
        What was compiled.
    functions
        Its function and all that it calls, as they were given to numba.
    error
        What numba raised.

    Returns
    -------
    str
        The file and line that numba stopped at, and the reason: in a kernel's own terms where it is known, in numba's where not.
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    own = re.search(r"it returns \d+ value.*|output '\w+' is .*", text)
    if own:
        return f"{kernel.file}:{kernel.line}: kernel {kernel.name!r}: {own[0]}"
    codes = [each.__code__ for each in functions]
    file, line, code = _place(text, {each.co_filename for each in codes}) or (kernel.file, kernel.line, "")
    reason = _syntax(text, codes, (file, line))
    if reason:
        line, why = reason
        return f"{file}:{line}: kernel {kernel.name!r} cannot be compiled: {why}"
    return f"{file}:{line}: kernel {kernel.name!r} cannot be compiled: {_call(text) or _first_line(text)}{f' in `{code}`' if code else ''}"


def _place(text: str, files: set[str]) -> tuple[str, int, str] | None:
    """Return file, line and code of the innermost place in the user's own files, which numba tells first; numba may shorten the path."""
    by_name = {Path(each).name: each for each in files}
    for match in re.finditer(r"Raised from (.+) \((\d+)\)", text):
        if match[1] in files:
            return match[1], int(match[2]), ""
    for match in re.finditer(r'File "([^"]+)", line (\d+):\n((?:.*\n)*?)\s*\^', text):
        file = by_name.get(Path(match[1]).name)
        if file:
            return file, int(match[2]), match[3].strip().rpartition("\n")[2].strip()
    return None


def _syntax(text: str, codes: list[pytypes.CodeType], place: tuple[str, int]) -> tuple[int, str] | None:
    """Find a piece of syntax that is to blame; return its line and what to do."""
    if "context-manager" in text:
        return _line_of(codes, place[0], {"BEFORE_WITH", "LOAD_SPECIAL"}) or place[1], OPENS
    why = _index(text) or _array(text)
    if why:
        return place[1], why
    shown = _display(text, codes, place)
    if shown:
        return shown
    return next(((place[1], why) for pattern, why in TELLING.items() if re.search(pattern, text)), None)


def _index(text: str) -> str | None:
    """Say what is wrong with what an array is indexed by."""
    odd = re.search(r"Unsupported array index type (\w+)", text)
    if odd:
        return f"{_spoken(odd[1])} is no position in an array: write t[int(x)], or annotate a parameter of whole numbers as int"
    many = re.search(r"cannot index .*?array\(\w+, (\d)d, .*?\) with (\d+) indices", text)
    if many:
        return f"an array of {_dimensions(int(many[1]))} is read at {many[2]} positions: it takes {'one' if many[1] == '1' else f'up to {many[1]}'}"
    return None


def _dimensions(count: int) -> str:
    return "1 dimension" if count == 1 else f"{count} dimensions"


def is_array_alone(kernel: Kernel, error: Exception) -> bool:
    """Tell whether numba has stopped at the kernel itself because it returns an array, and nothing else."""
    return RETURNS_ARRAY in str(error) and f"<function {kernel.name} " in _callee(str(error))


def _callee(text: str) -> str:
    """Return what numba says of the function whose array it would not return; "" where it says nothing."""
    callee = re.search("resolving callee type: (.*)", text.partition(RETURNS_ARRAY)[2])
    return callee[1] if callee else ""


def _array(text: str) -> str | None:
    """Say what is wrong with an array that a trial makes."""
    if _refused_call(text) in INSTEAD:
        return None
    extreme = EXTREMES.get(_refused_call(text) or "")
    if extreme and RETURNS_ARRAY in text:
        return f"compiled code has no {extreme} of a whole array: write {extreme}(z) where z has one dimension, else a loop over the elements"
    if RETURNS_ARRAY in text:
        return GIVES_AWAY if "Dispatcher" in _callee(text) else WHOLE_ARRAYS
    told = re.search("an array that a trial makes .*", text)
    return told[0] if told else WHOLE_ARRAYS if _refused_call(text) in MAKERS else None


def _display(text: str, codes: list[pytypes.CodeType], place: tuple[str, int]) -> tuple[int, str] | None:
    """Find the list, set or dict to blame, on the line that numba stopped at or else before it."""
    if not re.search(r"NRT required|\b(list|set|dict)\W|DictType|Undecided", text):
        return None
    for opcode, why in DISPLAYS.items():
        line = _line_of(codes, place[0], {opcode}, place[1]) or _line_of(codes, place[0], {opcode})
        if line:
            return line, why
    return (place[1], ALLOCATES) if "NRT required" in text else None


def _line_of(codes: list[pytypes.CodeType], file: str, opcodes: set[str], wanted: int | None = None) -> int | None:
    """Return the first line of a file with one of some instructions on it, or the wanted line if it has one."""
    found = [
        each.positions.lineno
        for code in codes
        if code.co_filename == file
        for each in instructions(code)
        if each.opname in opcodes and each.positions
    ]
    return next((line for line in found if line and wanted in {None, line}), None)


def _call(text: str) -> str | None:
    """Say which call has no compiled form: a draw or another function, with the types that it got."""
    attribute = re.search(r"Unknown attribute '(\w+)' of type sweep_kernels\.Rng", text)
    if attribute:
        return f"rng has no {attribute[1]!r}; it draws {', '.join(METHODS)}"
    typed = _mixed(text)
    if typed:
        return typed
    name = _refused_call(text)
    if not name:
        return None
    if name in INSTEAD:
        return f"compiled code has no {name} of numbers: write {INSTEAD[name]}"
    if name.startswith("rng."):
        return _draw(name.removeprefix("rng."))
    taken = re.search(r">>> [\w.<>]+\((.*)\)", text)
    return f"compiled code has no {name} of {taken[1] if taken else 'these'}"


def _mixed(text: str) -> str | None:
    """Say what has several types, or what a module has not."""
    lacking = re.search(r"Unknown attribute '(\w+)' of type Module\(<module 'names of ([\w.]+)'>", text)
    if lacking:
        return f"{lacking[2]}.{lacking[1]} has no compiled form"
    mixed = re.search(r"Cannot unify (.+?) and (.+?) for '(\w+?)(?:\.\d+)?'", text)
    if mixed:
        first, second = map(_spoken, mixed.groups()[:2])
        second = "another one" if second == first else second
        return f"{mixed[3]!r} is {first} and becomes {second}: a variable keeps one type, so begin with what it becomes, or use two names"
    returned = re.search(r"Can't unify return type from the following types: (.+)", text)
    if returned:
        kinds = " or ".join(sorted({_spoken(each) for each in re.split(r", (?![^(]*\))", returned[1].strip())}))
        return f"it returns {kinds}: return the same everywhere, one value for each output"
    return None


def _spoken(kind: str) -> str:
    """Put one of numba's types into words.

    >>> _spoken("Literal[int](1)"), _spoken("UniTuple(float64 x 2)")
    ('an integer', 'a tuple')
    """
    for word, said in SPOKEN.items():
        if word in kind.partition("(")[0].lower():
            return said
    return kind


def _refused_call(text: str) -> str | None:
    name = re.search(r"No implementation of function Function\(<(?:built-in )?function ([\w.]+)", text)
    return name and name[1]


def _draw(name: str) -> str:
    _, *parameters = inspect.signature(METHODS[name]).parameters.values()
    proposed = [each.name for each in parameters if each.name not in {"n", "proposal"}]
    said = proposed[0] if len(proposed) == 1 else f"({', '.join(proposed)})"
    defaults = {each.name: said if each.name == "proposal" else each.default for each in parameters}
    taken = ", ".join(
        name if default is inspect.Parameter.empty else f"{name}={default}" for name, default in defaults.items()
    )
    return f"rng.{name} takes {taken or 'nothing'}"


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    telling = [line for line in lines if line and not line.startswith(NOISE)]
    return telling[0].rstrip(":") if telling else "numba gave no reason"
