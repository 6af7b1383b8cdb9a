"""A function's source, proved to be what runs and stripped of what does not count.

Comments, blank lines, docstrings, decorators and annotations do not count, nor does the file that the function stands in. A file may be edited
after it was imported, and two lambdas may share a line: so every function of that name in the file is compiled, and the one whose code is the
running one is taken.
"""

from __future__ import annotations
import __future__

import ast
import functools
import linecache
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["changed", "normalised_source"]

FUTURE_FLAGS = functools.reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag, __future__.all_feature_names, 0
)
DO_NOT_COUNT = {"annotation", "decorator_list", "kind", "returns", "type_comment", "type_params"}
FIRST_MARK = 1_000_000


def normalised_source(function: types.FunctionType) -> str | None:
    """Return a function's syntax tree as text, the same on every version of Python; None where no source is that of the running code.

    >>> normalised_source(lambda x: x + 1)
    "Lambda(args=arguments(args=[arg(arg='x')]), body=BinOp(left=Name(id='x', ctx=Load()), op=Add(), right=Constant(value=1)))"
    """
    code = function.__code__
    linecache.checkcache(code.co_filename)
    text, wanted = "".join(linecache.getlines(code.co_filename, function.__globals__)), _meaning(code)
    return next((source for source, meaning in _functions_named(*_key(code, text)) if meaning == wanted), None)


def changed(code: types.CodeType, change: Callable[[ast.AST], Any]) -> types.CodeType:
    """Compile a function again with each statement of its body changed; files, lines and columns stay what they are.

    Parameters
    ----------
    code
        Of a function that `normalised_source` has just found.
    change
        Takes a statement, or the expression of a lambda, and returns what is to stand in its place.
    """
    text, wanted = "".join(linecache.getlines(code.co_filename)), _meaning(code)
    tree = ast.parse(text)
    nodes = [each for each in ast.walk(tree) if _name(each) == code.co_name]
    meanings = [meaning for _, meaning in _functions_named(*_key(code, text))]
    alike = [node for node, meaning in zip(nodes, meanings, strict=True) if meaning == wanted]
    _change(min(alike, key=lambda node: abs(_first_line(node) - code.co_firstlineno)), change)
    made = compile(tree, code.co_filename, "exec", flags=code.co_flags & FUTURE_FLAGS, dont_inherit=True)
    found = next(each for each in _nested(made) if each.co_firstlineno > FIRST_MARK and each.co_name == code.co_name)
    return _lower(found, found.co_firstlineno - code.co_firstlineno)


def _first_line(node: Any) -> int:
    return min(each.lineno for each in (node, *getattr(node, "decorator_list", ())))


def _change(node: Any, change: Callable[[ast.AST], Any]) -> None:
    """Change a function's body, and move it far down in its file: by that it is found among all that is compiled."""
    for each in (node, *getattr(node, "decorator_list", [])[:1]):  # a function's first line is its first decorator's
        each.lineno += FIRST_MARK
        each.end_lineno += FIRST_MARK
    if isinstance(node, ast.Lambda):
        node.body = ast.increment_lineno(change(node.body), FIRST_MARK)
    else:
        node.body = [ast.increment_lineno(change(each), FIRST_MARK) for each in node.body]


def _lower(code: types.CodeType, lines: int) -> types.CodeType:
    """Move code back up to where it stands; the lines in it are counted from its first."""
    constants = tuple(_lower(each, lines) if isinstance(each, types.CodeType) else each for each in code.co_consts)
    return code.replace(co_firstlineno=code.co_firstlineno - lines, co_consts=constants)


def _key(code: types.CodeType, text: str) -> tuple[str, str, int]:
    return code.co_name, text, code.co_flags & FUTURE_FLAGS


@functools.lru_cache(maxsize=1024)
def _functions_named(name: str, text: str, flags: int) -> tuple[tuple[str, Any], ...]:
    """Return source and meaning of every function called `name` in a text."""
    try:
        tree = ast.parse(text)
        nodes = [each for each in ast.walk(tree) if _name(each) == name]
        sources = [_spelled(each) for each in nodes]
        return tuple(zip(sources, _meanings(tree, nodes, flags), strict=True))
    except SyntaxError:  # it was edited since
        return ()


def _name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Lambda):
        return "<lambda>"
    return node.name if isinstance(node, ast.FunctionDef) else None


def _meanings(tree: ast.Module, nodes: list[Any], flags: int) -> list[Any]:
    """Compile a file and return the meanings of the functions at some nodes in it, told apart by line numbers that are given to them."""
    for mark, node in enumerate(nodes, FIRST_MARK):
        node.decorator_list = []  # a function's first line is its first decorator's
        node.lineno = node.end_lineno = mark
        node.col_offset = node.end_col_offset = 0
    code = compile(tree, "", "exec", flags=flags, dont_inherit=True)
    by_mark = {each.co_firstlineno: each for each in _nested(code)}
    return [_meaning(by_mark.get(mark)) for mark in range(FIRST_MARK, FIRST_MARK + len(nodes))]


def _nested(code: types.CodeType) -> list[types.CodeType]:
    inner = [each for each in code.co_consts if isinstance(each, types.CodeType)]
    return [*inner, *(deeper for each in inner for deeper in _nested(each))]


def _meaning(value: Any) -> Any:
    """Return what two pieces of code, or two constants, have in common just when they do the same; lines and files are no part of it."""
    if isinstance(value, types.CodeType):
        shape = (value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags)
        names = (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
        return (value.co_code, value.co_exceptiontable, shape, names, *map(_meaning, value.co_consts))
    if isinstance(value, tuple):
        return tuple(map(_meaning, value))
    if isinstance(value, frozenset):
        return frozenset(map(_meaning, value))
    return type(value), repr(value)


def _spelled(node: Any) -> str:
    if isinstance(node, list):
        return f"[{', '.join(map(_spelled, node))}]"
    if not isinstance(node, ast.AST):
        return repr(node)
    if isinstance(node, ast.AnnAssign):
        node = ast.Assign([node.target], node.value) if node.value else ast.Pass()
    fields = {name: getattr(node, name, None) for name in node._fields if name not in DO_NOT_COUNT}
    if isinstance(node, ast.FunctionDef) and ast.get_docstring(node, clean=False) is not None:
        fields["body"] = node.body[1:]
    if isinstance(node, ast.JoinedStr):  # Python 3.12 has empty parts in it
        fields["values"] = [each for each in node.values if getattr(each, "value", None) != ""]
    told = (f"{name}={_spelled(value)}" for name, value in fields.items() if value not in (None, []))
    return f"{type(node).__name__}({', '.join(told)})"
