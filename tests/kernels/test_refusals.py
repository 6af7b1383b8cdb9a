"""What compiles but would not do what plain Python does is refused, in one line that names the user's line."""

from __future__ import annotations

import pytest

from sweep_kernels import KernelError, kernel
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


@pytest.fixture
def rays_print(monkeypatch):
    """Put a function in the place of print, as Ray does in a session that uses it: one that leads to others, which call each other."""

    def shown(*values):
        return values and hidden(*values)

    def hidden(*values):
        return shown(*values[1:])

    monkeypatch.setattr("builtins.print", shown)


@pytest.mark.parametrize("name", ["print", "print in a helper", "print in a lambda"])
def test_print_is_refused_whatever_is_in_its_place(rays_print, name, tmp_path):
    assert_refused(tmp_path, *REFUSED[name])


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
    "a comprehension": ("x = a\n    return sum([x for i in range(3)])", "study.py:5: .* cannot make a list.* by a comprehension: write a loop"),
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
    "a third number": ("x = a\n    return rng.normal(0, 1, x)", "study.py:5: .*: rng.normal takes loc=0.0, scale=1.0, proposal=.loc, scale. in `return rng.normal"),
    "a point with a radius": ("return rng.sphere(a)[0]", "study.py:4: .*: rng.sphere takes nothing in `return rng.sphere"),
    "shuffled numbers": ("rng.shuffle((1, 2))\n    return a", "study.py:4: .* a tuple cannot be changed"),
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


MENDED = {
    "recursion": ("return f(rng, a - 1.0)", "study.py:2: function 'f' calls itself: write it as a loop"),
    "an import": ("import math\n    return math.sin(a)", "study.py:4: kernel code 'f' imports 'math': import it at the top"),
    "a global that is changed": ("global N\n    N = a\n    return a", "study.py:5: kernel code 'f' changes 'N', which all trials share"),
    "keywords": ("return g(x=a)\ndef g(**k):\n    return k['x']", "study.py:5: kernel code 'g' takes \\*\\* arguments: name each"),
    "a generator function": ("return a + g(a)\ndef g(x):\n    yield x", "study.py:5: kernel code 'g' yields: write a loop"),
    "a default that is a list": ("return g(a)\ndef g(x, seen=[]):\n    return x", r"study.py:5: kernel code 'g' has \[\] as the default of 'seen', a list"),
    "a variable not set": ("if a > 9.0:\n        z = 1.0\n    return z", "study.py:6: kernel code reads 'z', which may not have been set .*: give it a value before"),
    "a loop of no passes": ("for i in range(int(a)):\n        z = a\n    return z", "study.py:6: kernel code reads 'z', which may not have been set"),
    "a power of an array": ("t = np.ones(3)\n    t **= a\n    return t[0]\nimport numpy as np", "study.py:5: .* raises a whole array to a power: write a loop"),
    "an integer beyond 64 bits": ("return a + 2**70", "study.py:4: .* a power that 64 bits do not hold: .* 2.0 \\*\\* 70"),
    "such an integer written out": ("return a + 36893488147419103232", "study.py:4: .* has 36893488147419103232 in it: integers have 64 bits"),
    "a kept exception": ("try:\n        x = a\n    except Exception as e:\n        x = 0.0\n    return x", "study.py:6: .* cannot keep what was raised"),
    "del": ("x = a\n    del x\n    return a", "study.py:5: .* cannot use `del`"),
    "text by %": ("raise ValueError('%g' % a)", "study.py:4: .* cannot make text"),
    "text by format": ("return len('{}'.format(a))", "study.py:4: .* cannot make text"),
    "a tuple that is changed": ("t = (a, a)\n    t[0] = 1.0\n    return t[0]", "study.py:5: .* a tuple cannot be changed: make a new one"),
    "two types": ("x = 1\n    for i in range(3):\n        x = (x, 1.0)\n    return a", "study.py:5: .* 'x' is an integer and becomes a tuple: .* one type"),
    "two lengths": ("x = ()\n    for i in range(3):\n        x = x + (a,)\n    return a", "study.py:5: .* 'x' is a tuple and becomes another one"),
    "two results": ("if a > 0:\n        return 1.0\n    return 1.0, 2.0", "study.py:[56]: .* it returns a float or a tuple: return the same everywhere"),
    "functions in a list": ("fs = [math.sin, math.cos]\n    return fs[0](a)\nimport math", "study.py:4: .* cannot make a list"),
    "a builtin": ("return any((a > 1, a < 0))", "study.py:4: .* calls 'any', which has no compiled form: write `or`"),
    "a misspelled function": ("return np.sinn(a)\nimport numpy as np", "study.py:4: .* reads the 'sinn' of 'np', which has none: it has 'sin'"),
    "a function without compiled form": ("return math.comb(5, 2)\nimport math", "study.py:4: .* math.comb has no compiled form in `return"),
    "where": ("return np.where(a > 0, 1.0, 2.0)\nimport numpy as np", "study.py:4: .* no where of numbers: write x if condition else y"),
    "SciPy": ("return erf(a)\nfrom scipy.special import erf", "study.py:4: .* calls 'erf' of SciPy, which has no compiled form: use functions of math"),
    "SciPy's distributions": ("return norm.ppf(a)\nfrom scipy.stats import norm", "study.py:4: .* calls 'norm' of SciPy"),
    "a class": ("return Box().x * a\nclass Box:\n    x = 1.0", "study.py:4: .* uses 'Box', a class: .*, or write a NamedTuple"),
    "linear algebra": ("return np.dot(M, M) * a\nimport numpy as np\nM = np.ones(3)", "study.py:4: .* calls dot of an array, .*: write a loop over the elements"),
    "draws in a comprehension": ("return sum([rng.normal() for _ in range(4)])", r"study.py:4: .* by a comprehension: write a loop with a running value, as in total \+= rng.normal\(\)"),
}  # fmt: skip


@pytest.mark.parametrize("name", MENDED)
def test_each_has_its_line_its_cause_and_what_to_write(name, tmp_path):
    assert_refused(tmp_path, *MENDED[name])


def test_a_method_and_a_generator_are_no_kernels():
    with pytest.raises(KernelError, match="kernel 'f' is a method: write a function outside of the class"):

        class Model:
            @kernel
            def f(self, rng, a):
                return a

    with pytest.raises(KernelError, match="kernel 'g' yields or awaits"):

        @kernel
        def g(rng):
            yield 1.0


def assert_refused(folder, body: str, told: str, kinds=("float",)) -> None:
    module = loaded(folder, f"@kernel(outputs=['y'])\ndef f(rng, a):\n    {body}\n")
    with pytest.raises(KernelError, match=told) as caught:
        compile_kernel(module.f, kinds)
    assert "\n" not in str(caught.value)
