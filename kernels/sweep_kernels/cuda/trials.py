"""A kernel's trial as a GPU can run it: calls of the C library turned into instructions, or refused; what a GPU has otherwise, written out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import llvmlite.binding as llvm

from sweep_kernels.errors import KernelError
from sweep_kernels.modules import Assembly, simplified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sweep_kernels.declaration import Kernel
    from sweep_kernels.trial import OneTrial

__all__ = ["REMAINDER", "TRIAL", "WHOLE", "refuse_library", "trial_text"]

TRIAL, REMAINDER, WHOLE = "sweep_trial", "sweep_remainder", "sweep_whole"
"""Names in the machine code: of a kernel's trial, and of the functions of `sweep_kernels.cuda.exact`."""

_WORD = r'(?:"(?:[^"\\]|\\.)*"|[\w.$-]+)'
_EXACT = {"sqrt": 1, "fabs": 1, "floor": 1, "ceil": 1, "trunc": 1, "rint": 1, "nearbyint": 1, "copysign": 2, "fma": 3}
"""Functions of the C library that are one instruction, and how many floats they take."""
_EXACT_CALL = re.compile(rf"@({'|'.join(_EXACT)})(f?)\(")
_EXACT_DECLARATION = re.compile(rf"^declare .*@(?:{'|'.join(_EXACT)})f?\(.*\n", re.MULTILINE)
_REMAINDER = re.compile(rf"(%{_WORD}) = frem (?:\w+ )*?(double|float) ([^,]+), ([^,\n]+)(.*)")
_CUT = re.compile(rf"(%{_WORD}) = fptosi double ([^ ,]+) to i64(.*)")
_POWER = re.compile(rf"  (%{_WORD}) = (?:\w+ )*?call double @llvm\.pow\.f64\(")
"""A power by the C library within a power by multiplications: that is where numba goes for an exponent beyond 2**16."""
_NATIVE = re.compile(
    r"llvm\.(?:fma|fmuladd|sqrt|fabs|floor|ceil|trunc|rint|nearbyint|roundeven|copysign|min(?:imum|num|imumnum)|max(?:imum|num|imumnum)"
    r"|is\.fpclass|[su](?:min|max)|abs|ctpop|ctlz|cttz|bswap|bitreverse|fsh[lr]|[su](?:add|sub|mul)\.(?:with\.overflow|sat)|[su]cmp"
    r"|mem(?:cpy|move|set)|assume|lifetime|experimental\.noalias|umul\.fix|nvvm\.read|expect|vector\.reduce)\b"
)


def trial_text(one: OneTrial) -> str:
    """Return the module of one trial with the trial named `TRIAL`, and without what a GPU has otherwise than x86.

    A whole number raised to one beyond 2**16, for which numba calls the C library's ``pow``, raises: such a block is run on the CPU.
    """
    text = "".join(_without_power(each) for each in re.split(r"(?<=\n)(?=define )", one.made.text))
    text = simplified(Assembly(text, one.entry))
    text = _EXACT_CALL.sub(_instruction, _EXACT_DECLARATION.sub("", text))
    text = _CUT.sub(rf"\1 = call i64 @{WHOLE}(double \2)\3", text)
    text = _REMAINDER.sub(_remainder, text)
    declared = [f"declare i64 @{WHOLE}(double)", f"declare double @{REMAINDER}(double, double)"]
    declared += [
        f"declare {kind} @llvm.{name}.{bits}({', '.join([kind] * count)})"
        for name, count in _EXACT.items()
        for kind, bits in (("double", "f64"), ("float", "f32"))
        if f"@llvm.{name}.{bits}(" in text and not re.search(rf"^declare .*@llvm\.{name}\.{bits}\(", text, re.MULTILINE)
    ]
    module = llvm.parse_assembly("\n".join([text, *declared]))
    module.get_function(one.entry).name = TRIAL
    return str(module)


def _instruction(match: re.Match[str]) -> str:
    return f"@llvm.{match[1]}.{'f32' if match[2] else 'f64'}("


def _remainder(match: re.Match[str]) -> str:
    to, kind, x, y, rest = match.groups()
    if kind == "double":
        return f"{to} = call double @{REMAINDER}(double {x}, double {y}){rest}"
    plain = re.sub(r"\W", "_", to)
    names = [f"%{plain}.{part}" for part in ("x", "y", "wide")]
    return "\n  ".join(
        [
            f"{names[0]} = fpext float {x} to double",
            f"{names[1]} = fpext float {y} to double",
            f"{names[2]} = call double @{REMAINDER}(double {names[0]}, double {names[1]})",
            f"{to} = fptrunc double {names[2]} to float{rest}",
        ]
    )


def _without_power(function: str) -> str:
    """Have a function that multiplies powers out return a status where it would call the C library."""
    head = function.partition("\n")[0]
    if "int_power" not in head:
        return function
    label = "entry"
    lines: list[str] = []
    moved: dict[str, str] = {}
    for line in function.split("\n"):
        named = re.match(rf"({_WORD}):", line)
        label = named[1] if named else label
        power = _POWER.match(line)
        if power:
            moved[label] = f"after.{label}".replace('"', "")
            lines += ["  ret i32 1", "", f"{moved[label]}:", f"  {power[1]} = fadd double 0.0, 0.0"]
        else:
            lines.append(line)
    text = "\n".join(lines)
    for old, new in moved.items():  # what came from the block now comes from what is left of it
        text = re.sub(r"= phi .*", lambda phi, old=old, new=new: phi[0].replace(f"%{old} ]", f"%{new} ]"), text)
    return text


def refuse_library(kernel: Kernel, names: Iterable[str]) -> None:
    """Refuse machine code that would call functions which a GPU has not.

    Raises
    ------
    KernelError
        Names the kernel's line, and what to write instead.
    """
    missing = sorted(each for each in names if not _NATIVE.match(each))
    if not missing:
        return
    reason = f"it calls {_plain(missing[0])!r} of the C library, which CUDA does not have"
    if not kernel.own_mathematics:
        reason = "CUDA has no C library: drop mathematics='library'"
    raise KernelError(f"{kernel.file}:{kernel.line}: kernel {kernel.name!r} cannot be compiled for CUDA: {reason}")


def _plain(name: str) -> str:
    """Return the C library's name of a function.

    >>> _plain("llvm.sin.f64"), _plain("numba_ldexp"), _plain("erf")
    ('sin', 'ldexp', 'erf')
    """
    return re.sub(r"^(?:llvm\.|numba_)|\.f\d+.*$", "", name)
