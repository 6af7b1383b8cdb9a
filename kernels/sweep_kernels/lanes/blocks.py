"""Loops over the trials of a block, in LLVM assembly: one by one, group by group, or in rounds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweep_kernels.lanes.function import Operand

__all__ = ["group_by_group", "in_rounds", "one_by_one"]


def _head(name: str, arguments: list[Operand]) -> str:
    parameters = ", ".join(f"{each.type} {each.value}" for each in arguments)
    return f"define i32 @{name}({parameters}, i64 %count, ptr %room) {{"


def _moved(arguments: list[Operand], strides: dict[str, int], offset: str) -> tuple[str, str]:
    """Return instructions that move strided arguments on to a trial, and the arguments for it."""
    lines, given = list[str](), list[str]()
    for each in arguments:
        if each.value in strides:
            lines.append(f"  {each.value}.at = add i64 {each.value}, {offset}")
            given.append(f"{each.type} {each.value}.at")
        else:
            given.append(f"{each.type} {each.value}")
    return "\n".join(lines), ", ".join(given)


def _stepping(name: str, arguments: list[Operand], strides: dict[str, int], step: int, called: str) -> str:
    """Go through the trials of a block by steps, and at each do what sets ``%status``; ``{given}`` in it stands for the arguments."""
    move, given = _moved(arguments, strides, "%trial")
    return f"""{_head(name, arguments)}
entry:
  br label %again
again:
  %trial = phi i64 [ 0, %entry ], [ %next, %going ]
{move}
{called.format(given=given)}
  %raised = icmp ne i32 %status, 0
  br i1 %raised, label %raise, label %going
going:
  %next = add nuw nsw i64 %trial, {step}
  %more = icmp slt i64 %next, %count
  br i1 %more, label %again, label %done
done:
  ret i32 0
raise:
  ret i32 1
}}
"""


def one_by_one(name: str, scalar: str, arguments: list[Operand], strides: dict[str, int]) -> str:
    """Call `scalar` for each trial; LLVM may find a way to run several at once."""
    return _stepping(name, arguments, strides, 1, f"  %status = call i32 @{scalar}({{given}})")


def group_by_group(name: str, group: str, arguments: list[Operand], strides: dict[str, int], width: int) -> str:
    """Call `group` for `width` trials at a time."""
    called = f"""  %left = sub i64 %count, %trial
  %few = icmp slt i64 %left, {width}
  %active = select i1 %few, i64 %left, i64 {width}
  %status = call i32 @{group}({{given}}, i64 %active)"""
    return _stepping(name, arguments, strides, width, called)


def in_rounds(name: str, group: str, arguments: list[Operand], width: int, state: int) -> str:
    """Call `group` for all trials, then for those that it has put aside, until there are none.

    Parameters
    ----------
    state
        Bytes that one of the two halves of `room` holds beyond a multiple of the trials; see `sweep_kernels.lanes.rounds`.
    """
    given = ", ".join(f"{each.type} {each.value}" for each in arguments)
    return f"""{_head(name, arguments)}
entry:
  %aside = alloca i64, align 8
  %stride = add i64 %count, {width}
  %bytes = mul i64 %stride, {state}
  %other = getelementptr i8, ptr %room, i64 %bytes
  br label %round
round:
  %resumed = phi i1 [ false, %entry ], [ true, %over ]
  %size = phi i64 [ %count, %entry ], [ %kept, %over ]
  %old = phi ptr [ %room, %entry ], [ %new, %over ]
  %new = phi ptr [ %other, %entry ], [ %old, %over ]
  store i64 0, ptr %aside, align 8
  br label %again
again:
  %first = phi i64 [ 0, %round ], [ %next, %going ]
  %left = sub i64 %size, %first
  %few = icmp slt i64 %left, {width}
  %active = select i1 %few, i64 %left, i64 {width}
  %status = call i32 @{group}({given}, i64 %active, i1 %resumed, i64 %first, i64 %stride, ptr %old, ptr %new, ptr %aside)
  %raised = icmp ne i32 %status, 0
  br i1 %raised, label %raise, label %going
going:
  %next = add nuw nsw i64 %first, {width}
  %more = icmp slt i64 %next, %size
  br i1 %more, label %again, label %over
over:
  %kept = load i64, ptr %aside, align 8
  %goes_on = icmp ne i64 %kept, 0
  br i1 %goes_on, label %round, label %done
done:
  ret i32 0
raise:
  ret i32 1
}}
"""
