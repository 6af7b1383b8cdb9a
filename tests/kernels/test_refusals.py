"""What compiles but would not do what plain Python does is refused, in one line that names the user's line."""

from __future__ import annotations

import pytest

from sweep_kernels import KernelError
from sweep_kernels.cpu import compile_kernel
from tests.kernels.compiling import compiled_trials, loaded

REFUSED = {
    "print": ("y = rng.uniform()\n    print(y)\n    return y", "study.py:5: kernel code 'f' calls print: .*`sweep replay`"),
    "breakpoint": ("breakpoint()\n    return a", "study.py:4: kernel code 'f' calls breakpoint: .*`sweep replay`"),
    "input": ("return float(input())", "study.py:4: kernel code 'f' calls 'input'"),
    "open": ("open('x')\n    return a", "study.py:4: kernel code 'f' calls 'open'"),
    "print in a helper": ("return g(a)\ndef g(x):\n    print(x)\n    return x", "study.py:6: kernel code 'g' calls print: "),
    "print in a lambda": ("g = lambda x: print(x)\n    g(a)\n    return a", "study.py:4: kernel code 'f' calls print: "),
    "an f-string": ("return len(f'{a}')", "study.py:4: kernel code 'f' formats text"),
    "str": ("return len(str(a))", "study.py:4: kernel code 'f' calls 'str'"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_the_interpreter_is_refused(name, tmp_path):
    assert_refused(tmp_path, *REFUSED[name])


def test_a_print_by_another_way_is_refused_too(tmp_path):
    module = loaded(
        tmp_path, "def made(say):\n    @kernel\n    def f(rng, a):\n        say(a)\n        return a\n    return f"
    )
    with pytest.raises(
        KernelError, match="kernel code 'f' (cannot be compiled: .*without Python's interpreter|calls '_print')"
    ):
        compile_kernel(module.made(print), ("float",))


COMPARED = {
    "==": "return 1.0 if a == 'car' else 0.5",
    "!=, the string first": "return 1.0 if 'car' != a else 0.5",
    "in": "return 1.0 if a in ('car', 'van') else 0.5",
    "not in": "return 1.0 if a not in ('car', 'van') else 0.5",
    "match": "match a:\n        case 'car': return 1.0\n        case _: return 0.5",
    "in a helper": "return g(a)\ndef g(x):\n    return 1.0 if x == 'car' else 0.5",
}


@pytest.mark.parametrize("name", COMPARED)
def test_a_number_compared_with_a_string_is_refused(name, tmp_path):
    told = r"study.py:[456]: kernel code '[fg]' compares a number with a string in `.*'car'.*`: .* position of its category"
    assert_refused(tmp_path, COMPARED[name], told, ("str",))


def test_strings_may_be_compared_with_strings(tmp_path):
    body = "return 1.0 if g(MODE) and MODE in ('car', 'van') else 0.5\n"
    helper = "def g(x):\n    return x == 'car'\n"
    module = loaded(tmp_path, f"MODE = 'car'\n@kernel(outputs=['y'])\ndef f(rng, a):\n    {body}{helper}")
    assert compiled_trials(module.f, 1, 0, 0, 1, a=0.0)[0, 0] == 1.0


def test_what_numba_stumbles_over_is_told_in_one_line(tmp_path):
    assert_refused(
        tmp_path,
        "return 1.0 if (a, 1) == ('car', 'van') else 0.5",
        "study.py:2: kernel 'f' cannot be compiled: ",
        ("str",),
    )


EXPLAINED = {
    "a list": ("x = []\n    for i in range(3):\n        x.append(a)\n    return sum(x)", "study.py:4: .* cannot make a list, .*tuple"),
    "a comprehension": ("x = a\n    return sum([x for i in range(3)])", "study.py:5: .* cannot make a list, "),
    "a generator": ("return sum(a for i in range(3))", "study.py:4: .* cannot use a generator expression"),
    "a dict": ("x = {1: a}\n    return x[1]", "study.py:4: .* cannot make a dict, "),
    "a set": ("x = a\n    return len({1, 2})", "study.py:5: .* cannot make a set, "),
    "arange": ("x = np.arange(3)\n    return x[0]", "study.py:4: .* makes arrays with np.zeros, .*write a loop"),
    "an array in a helper": ("return g(a)\ndef g(x):\n    return np.linspace(0, x, 3)[0]", "study.py:6: .* makes arrays with np.zeros, "),
    "array arithmetic": ("return (TABLE + a)[0]", "study.py:[24]: .* makes a list, an array or text on the way"),
    "one kind of error": (
        "try:\n        x = 1 / a\n    except ZeroDivisionError:\n        x = 0.0\n    return x",
        "study.py:6: .* cannot catch one kind of error: ",
    ),
    "with": ("with a:\n        return a", "study.py:4: .* cannot use `with`"),
    "a third number": ("x = a\n    return rng.normal(0, 1, x)", "study.py:5: .*: rng.normal takes loc=0.0, scale=1.0 in `return rng.normal"),
    "a point with a radius": ("return rng.sphere(a)[0]", "study.py:4: .*: rng.sphere takes nothing in `return rng.sphere"),
    "shuffled numbers": ("rng.shuffle((1, 2))\n    return a", "study.py:4: .*: rng.shuffle takes x in `rng.shuffle"),
    "a table of weights": ("return rng.choice(np.ones((2, 2)))", "study.py:4: "),
    "a range": ("return rng.integers(3)", "study.py:4: .*: rng.integers takes low, high in `return rng.integers"),
    "no such draw": ("return rng.gauss()", "study.py:4: .*: rng has no 'gauss'; it draws uniform, normal, "),
    "no such sum": ("return a + 'x'", r"study.py:4: .* has no add of float64, .*str"),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPLAINED)
def test_what_numba_cannot_compile_is_told_in_the_users_terms(name, tmp_path):
    body, told = EXPLAINED[name]
    module = loaded(
        tmp_path, f"@kernel(outputs=['y'])\ndef f(rng, a):\n    {body}\nimport numpy as np; TABLE = np.ones(3)"
    )
    with pytest.raises(KernelError, match=told) as caught:
        compile_kernel(module.f, ("float",))
    assert "\n" not in str(caught.value)


def assert_refused(folder, body: str, told: str, kinds=("float",)) -> None:
    module = loaded(folder, f"@kernel(outputs=['y'])\ndef f(rng, a):\n    {body}\n")
    with pytest.raises(KernelError, match=told) as caught:
        compile_kernel(module.f, kinds)
    assert "\n" not in str(caught.value)
