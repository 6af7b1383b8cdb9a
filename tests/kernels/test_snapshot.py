"""What a kernel's version depends on, and that the version, the compiled code and plain Python speak of the same thing."""

from __future__ import annotations

import linecache
import math
import pickle
import sys
import textwrap
import types
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sweep_kernels import KernelError, kernel
from sweep_kernels.cache import object_code
from sweep_kernels.driver import Blocks, Driver
from sweep_kernels.snapshot import take
from sweep_kernels.source import normalised_source
from tests.kernels.compiling import loaded

IMPORTS = """
import ctypes, enum, math, random
from collections import namedtuple
import numba
import numpy as np
from numba import njit
"""


def study(folder, text: str, name: str = "study"):
    return loaded(folder, IMPORTS + textwrap.dedent(text), name)


def compiled(each) -> float:
    nothing = np.zeros((1, 1), np.int64)
    return Driver(each, (), seed=1, trials=1, block_size=8).run_keeping(Blocks(0, 0, 1, 0, 1), nothing)[1][0, 0]


def returning(expression: str) -> str:
    return f"@kernel(outputs=['y'])\ndef f(rng):\n    return {expression}\n"


MEANS_SOMETHING_ELSE = {
    "which of two functions a name stands for": (
        "def euler(x): return x\ndef exact(x): return 2 * x\nscheme = euler\n" + returning("scheme(1.0) + 0 * (euler(1.0) + exact(1.0))"),
        ("scheme = euler", "scheme = exact"),
    ),
    "the body of an njit function": ("@njit\ndef g(x): return x + 1.0\n" + returning("g(1.0)"), ("+ 1.0", "+ 2.0")),
    "the body of another kernel": (
        "@kernel(outputs=['z'])\ndef g(rng): return 1.0\n" + returning("g(rng) + 1.0"),
        ("return 1.0", "return 2.0"),
    ),
    "the value of an IntEnum": ("class Mode(enum.IntEnum):\n    A = 1\n" + returning("Mode.A * 1.0"), ("A = 1", "A = 7")),
    "the fields of a named tuple's class": ("P = namedtuple('P', 'a b')\n" + returning("P(1.0, 2.0).a"), ("'a b'", "'b a'")),
    "the fields of a named tuple": ("P = namedtuple('P', 'a b')(1.0, 2.0)\n" + returning("P.a"), ("'a b'", "'b a'")),
    "one of two lambdas on a line": (
        "up, down = (lambda x: x + 1.0), (lambda x: x - 1.0)\nstep = up\n" + returning("step(7.5)"),
        ("step = up", "step = down"),
    ),
    "a lambda over several lines": ("fs = [lambda x: (\n    x\n    + 1.0)]\nstep = fs[0]\n" + returning("step(7.5)"), ("1.0)]", "2.0)]")),
    "one number in a long array": (
        "T = np.zeros(3000)\nT[1500] = 1.0\n" + returning("T[1500]"),
        ("T[1500] = 1.0", "T[1500] = 2.0"),
    ),
    "an array that is a default": (
        "T = np.zeros(3000)\nT[1500] = 1.0\ndef g(t=T): return t[1500]\n" + returning("g(T)"),
        ("T[1500] = 1.0", "T[1500] = 2.0"),
    ),
    "a float for an integer": ("G = 2\n" + returning("3 / G * G"), ("G = 2", "G = 2.0")),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANS_SOMETHING_ELSE)
def test_the_version_counts(name, tmp_path):
    text, (old, new) = MEANS_SOMETHING_ELSE[name]
    assert old in text
    one, two = study(tmp_path, text).f, study(tmp_path, text.replace(old, new), "edited").f
    assert one.version != two.version
    assert compiled(two) == two.trial(1, 0, 0)


@pytest.fixture
def other_module(tmp_path, monkeypatch):
    """Write a module that studies import, anew with each call."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def written(text: str) -> None:
        sys.modules.pop("other_module", None)
        linecache.clearcache()
        (tmp_path / "other_module.py").write_text(IMPORTS + textwrap.dedent(text))

    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield written
    sys.modules.pop("other_module", None)


@pytest.mark.parametrize(
    ("text", "expression"),
    [("G = 9.81", "other_module.G * 1.0"), ("@njit\ndef g(x): return 9.81 * x", "other_module.g(1.0)"), ("def g(x): return 9.81 * x", "other_module.g(1.0)")],
)  # fmt: skip
def test_what_is_read_through_a_module_counts(other_module, tmp_path, text, expression):
    versions = set()
    for value in ("9.81", "1.62"):
        other_module(text.replace("9.81", value))
        each = study(tmp_path, "import other_module\n" + returning(expression)).f
        assert compiled(each) == each.trial(1, 0, 0) == float(value)
        versions.add(each.version)
    assert len(versions) == 2


BASE = """
P = namedtuple("P", "a b")(1.0, 2.0)
class OutOfRangeError(Exception): pass
def helper(x):
    return x + P.a
@kernel(outputs=["y"])
def f(rng, a):
    if a < 0.0:
        raise OutOfRangeError
    b = helper(a)
    return b
"""


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("(rng, a)", "(rng, a: float) -> float", "study"),
        ("b = helper(a)", "b: float = helper(a)  # metres", "study"),
        ("def helper(x):", 'def helper(x: float) -> float:\n    """Say what it does."""', "study"),
        ("def helper(x):", "@njit\ndef helper(x):", "study"),
        ("def helper", "UNUSED = 1.0\n\ndef helper", "study"),
        ("", "", "another_file"),
    ],
)
def test_the_version_does_not_count(tmp_path, old, new, name):
    assert study(tmp_path, BASE).f.version == study(tmp_path, BASE.replace(old, new), name).f.version


REFUSED = {
    "an njit function with options": ("@njit(fastmath=True)\ndef g(x): return x\n", "g(1.0)", "@njit function 'g' has fastmath"),
    "an njit function with a signature": ("@njit('f8(i8)')\ndef g(x): return x\n", "g(1.5)", "@njit function 'g' has fixed types"),
    "a ufunc": ("@numba.vectorize\ndef g(x): return x\n", "g(1.0)", "calls 'g', a DUFunc"),
    "a C callback": ("@numba.cfunc('f8(f8)')\ndef g(x): return x\n", "g(1.0)", "calls 'g', a CFunc"),
    "a C function": ("g = ctypes.CDLL('libm.so.6').erf\n", "g(1.0)", "calls 'g', a _FuncPtr"),
    "a class": ("class P:\n    a = 1.0\n", "P().a", "uses 'P', a class"),
    "a named tuple's defaults": ("P = namedtuple('P', 'a b', defaults=[2.0])\n", "P(1.0).a", "uses 'P', whose fields have defaults"),
    "a class of numba's": (
        "@numba.experimental.jitclass([('x', numba.f8)])\nclass C:\n    def __init__(self): self.x = 1.0\n", "C().x", "uses 'C', a class",
    ),
    "an enum as a whole": ("class Mode(enum.IntEnum):\n    A = 1\n", "Mode(1)", "reads 'Mode', a Enum"),
    "a module as a whole": ("", "abs(math)", "reads 'math', a module"),
    "what a module has not": ("", "math.expp(1.0)", "reads the 'expp' of 'math', which has none"),
    "a builtin that is not on the list": ("", "hash(1.0)", "calls 'hash'"),
    "a list": ("L = [1.0]\n", "L[0]", "reads 'L', a list"),
    "a tuple of lists": ("L = ([1.0], 2.0)\n", "L[1]", "reads 'L', a tuple"),
    "a large array": ("T = np.zeros(200_000)\n", "T[0]", "an array of 1,600,000 bytes: one of up to 1,000,000 can be read"),
    "an array of objects": ("T = np.array([None])\n", "1.0 if T is None else 0.0", "reads 'T', a ndarray"),
    "an integer of 65 bits": ("G = 2**63\n", "G * 1.0", "reads 'G', which is 9223372036854775808: integers have 64 bits"),
    "a generator behind a name": ("draw = random.random\n", "draw()", "draws from 'draw'"),
    "a generator of numpy's": ("draw = np.random.default_rng()\n", "draw.normal()", "draws from 'draw'"),
    "a generator in a helper": ("@njit\ndef g(): return np.random.normal()\n", "g()", "draw from rng instead"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_kernel_cannot_refer_to(name, tmp_path):
    before, expression, message = REFUSED[name]
    each = study(tmp_path, before + returning(expression)).f
    with pytest.raises(KernelError) as caught:
        _ = each.version
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_refusal_says_where(tmp_path):
    each = loaded(tmp_path, "L = [1.0]\ndef g(x):\n    return x + L[0]\n" + returning("g(1.0)")).f
    with pytest.raises(KernelError, match=r"study.py:4: kernel code 'g' reads 'L', a list"):
        _ = each.version


def test_a_generator_in_another_module_is_refused(other_module, tmp_path):
    other_module("@njit\ndef draw(): return np.random.normal()")
    with pytest.raises(KernelError, match="draw from rng instead"):
        _ = study(tmp_path, "import other_module\n" + returning("other_module.draw()")).f.version


def test_a_function_that_calls_itself_is_refused(tmp_path):
    each = study(tmp_path, "def g(x): return x if x < 1.0 else g(x - 1.0)\n" + returning("g(2.0)")).f
    with pytest.raises(KernelError, match="function 'g' calls itself: write it as a loop"):
        _ = each.version


def test_a_constant_that_changes_after_the_first_use_is_refused_and_changes_nothing(tmp_path):
    module = study(tmp_path, "G = 1.5\ndef helper(): return G\n" + returning("helper()"))
    version = module.f.version
    module.G = 2.5
    with pytest.raises(KernelError, match="'G' in 'helper' has changed; declare the kernel again"):
        _ = module.f.version
    assert module.f.trial(1, 0, 0) == 1.5
    module.G = 1.5
    assert (module.f.version, compiled(module.f)) == (version, 1.5)


def test_an_array_that_changes_in_place_is_noticed(tmp_path):
    module = study(tmp_path, "T = np.zeros(3)\n" + returning("T[1]"))
    _ = module.f.version
    module.T[1] = 1.0
    with pytest.raises(KernelError, match="'T' in 'f' has changed"):
        _ = module.f.version


def test_a_notebook_whose_kernel_cell_is_run_again_sees_the_new_constant():
    notebook = types.ModuleType("notebook")
    notebook.kernel = kernel

    def cell(name: str, text: str) -> None:
        linecache.cache[name] = (len(text), None, text.splitlines(True), name)
        exec(compile(text, name, "exec"), vars(notebook))

    cell("<cell 1>", "G = 4.5\ndef helper():\n    return G\n")
    cell("<cell 2>", returning("helper()"))
    assert (compiled(notebook.f), notebook.f.trial(1, 0, 0)) == (4.5, 4.5)
    cell("<cell 3>", "G = 7.25")
    cell("<cell 4>", returning("helper()"))
    assert (compiled(notebook.f), notebook.f.trial(1, 0, 0)) == (7.25, 7.25)


def test_a_file_that_was_edited_after_its_import_is_noticed(tmp_path):
    module = study(tmp_path, returning("111.0"))
    path = tmp_path / "study.py"
    path.write_text(path.read_text().replace("111.0", "222.25"))
    with pytest.raises(KernelError, match="import the file again after a change"):
        _ = module.f.version


def test_an_edit_elsewhere_in_the_file_does_no_harm(tmp_path):
    module = study(tmp_path, returning("111.0"))
    path = tmp_path / "study.py"
    path.write_text("\n\nUNUSED = 1\n" + path.read_text())
    assert module.f.version == study(tmp_path, returning("111.0"), "as_it_was").f.version


def test_sources_are_told_apart_by_what_they_do():
    up, down = (lambda x: x + 1.0), (lambda x: x - 1.0)
    assert "Add()" in normalised_source(up)
    assert "Sub()" in normalised_source(down)


def test_the_source_is_the_same_on_every_version_of_python():
    def f(rng, a: float, *, b: int = 2) -> float:
        """Say what it does."""
        c: float = math.exp(a)
        return c if a < b else -c

    assert normalised_source(f) == (
        "FunctionDef(name='f', args=arguments(args=[arg(arg='rng'), arg(arg='a')], kwonlyargs=[arg(arg='b')], "
        "kw_defaults=[Constant(value=2)]), body=[Assign(targets=[Name(id='c', ctx=Store())], "
        "value=Call(func=Attribute(value=Name(id='math', ctx=Load()), attr='exp', ctx=Load()), args=[Name(id='a', ctx=Load())])), "
        "Return(value=IfExp(test=Compare(left=Name(id='a', ctx=Load()), ops=[Lt()], comparators=[Name(id='b', ctx=Load())]), "
        "body=Name(id='c', ctx=Load()), orelse=UnaryOp(op=USub(), operand=Name(id='c', ctx=Load()))))])"
    )


def test_an_array_is_copied_whole_and_read_only():
    table = np.arange(20.0)[::2]

    def f(rng):
        return table[3]

    snapshot = take(f)
    table[3] = -1.0
    assert snapshot.function(None) == 6.0
    copy = snapshot.function.__closure__[0].cell_contents
    assert copy.flags.c_contiguous
    assert not copy.flags.writeable


def test_code_that_is_kept_holds_its_arrays_and_not_their_addresses(tmp_path):
    each = study(tmp_path, "T = np.arange(20.0)[::2]\n" + returning("T[rng.integers(0, 10)]")).f
    assert compiled(each) == each.trial(1, 0, 0)
    assert np.arange(0.0, 20.0, 2.0).tobytes() in object_code(each, ()).code


def test_a_kernel_that_travels_takes_all_of_it_along(other_module, tmp_path):
    from ray import cloudpickle

    other_module("G = 2.0\ndef g(x): return G * x")
    each = study(tmp_path, "import other_module\nT = np.arange(3.0)\n" + returning("other_module.g(T[2])")).f
    data = cloudpickle.dumps(each)
    version = each.version
    other_module("raise ImportError")
    again = pickle.loads(data)
    assert (again.version, again.trial(1, 0, 0), compiled(again)) == (version, 4.0, 4.0)


def test_threads_may_compile_kernels_that_share_a_helper(tmp_path):
    text = "def g(x): return x + 1.0\ndef h(x): return g(x) + g(2 * x)\n"
    text += "".join(f"@kernel(outputs=['y'])\ndef f{i}(rng): return h({i}.0) + g(1.0)\n" for i in range(4))
    module = study(tmp_path, text)
    kernels = [getattr(module, f"f{i}") for i in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(compiled, kernels)) == [each.trial(1, 0, 0) for each in kernels]


def test_a_closed_over_number_counts():
    def made(scale):
        def f(rng):
            return rng.uniform() * scale

        return f

    assert take(made(1.0)).version != take(made(2.0)).version


def test_an_array_counts_by_its_values():
    table = np.arange(3.0)

    def f(rng):
        return table[1] * rng.uniform()

    before = take(f).version
    table[1] = 7.0
    assert take(f).version != before


def test_what_cannot_be_hashed_is_refused():
    settings = {"a": 1.0}

    def f(rng):
        return settings["a"]

    with pytest.raises(KernelError, match="reads 'settings', a dict"):
        take(f)


@pytest.mark.parametrize("code", ["random.gauss(0, 1)", "np.random.normal()", "gauss(0, 1)", "nr.random()"])
def test_other_generators_are_refused(tmp_path, code):
    imports = "import random\nimport numpy as np\nimport numpy.random as nr\nfrom random import gauss\n"
    module = loaded(tmp_path, f'{imports}@kernel(outputs=["y"])\ndef f(rng):\n    return {code}\n')
    with pytest.raises(KernelError, match="draw from rng instead"):
        _ = module.f.version


def test_a_function_without_source_is_refused():
    scope: dict = {}
    exec("def f(rng): return 1.0", scope)  # what a bare prompt does
    with pytest.raises(KernelError, match="has no source to be found"):
        take(scope["f"])


def test_functions_of_math_and_numpy_count_by_name(tmp_path):
    names = ("math.exp", "np.exp", "np.expm1", "math.expm1")
    kernels = [study(tmp_path, f"g = {name}\n" + returning("g(1.0)")).f for name in names]
    assert len({each.version for each in kernels}) == len(names)
    assert kernels[0].version == study(tmp_path, "from math import exp\ng = exp\n" + returning("g(1.0)")).f.version
