"""What a command may be, and what it is told that is wrong with it."""

from __future__ import annotations

import pickle
import signal

import pytest

from sweep import Sweep, command, from_json, from_text, grid, zipped
from sweep.errors import KernelError, PlanError, SpecError, UsageError


def made(*argv, **options):
    return command(list(argv) or ["true"], **{"outputs": ["y"], **options})


def test_parameters_are_those_of_placeholders_then_those_that_are_named():
    program = made("sim", "--a={a}", "{b:.2f}", "{seed}", "{scratch}/{index}", parameters=["d", "a"], env={"X": "{c}"})
    assert program.parameters == ("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["/opt/sim/bin/sim", "{a}"], "sim"),
        (["{python}", "{here}/run_it.py"], "run_it"),
        (["python3", "-u", "tools/go.py"], "go"),
        (["sh", "-c", "echo 1"], "sh"),
    ],
)
def test_it_is_named_by_its_program_or_its_script(argv, name):
    assert made(*argv).name == name


def test_outputs_with_their_kinds_and_those_of_failures():
    program = made(
        outputs={"a": float, "b": "int", "c": bool, "d": from_text("x", take="any")},
        failure_codes={"crashed": [3, -signal.SIGSEGV], "c": 4},
    )
    assert dict(zip(program.outputs, program.output_kinds, strict=True)) == {
        "a": "float", "b": "int", "c": "bool", "d": "bool", "crashed": "bool"
    }  # fmt: skip


def test_its_version_is_what_is_said_of_it():
    def result(run):
        return 1.0

    def other(run):
        return 2.0

    same, different = made("a", "{x}"), [
        made("a", "{x}", name="b"),
        made("b", "{x}"),
        made("a", "{x}", outputs=["z"]),
        made("a", "{x}", outputs={"y": int}),
        made("a", "{x}", outputs={"y": from_json("z")}),
        made("a", "{x}", result="r.json"),
        made("a", "{x}", result=result),
        made("a", "{x}", result=other),
        made("a", "{x}", timeout=1),
        made("a", "{x}", success=[1]),
        made("a", "{x}", env={"A": "1"}),
        made("a", "{x}", seed_bits=31),
        made("a", "{x}", files=["test_declaration.py"]),
    ]  # fmt: skip
    assert same.version == made("a", "{x}").version == different[0].version
    assert len({each.version for each in (same, *different[1:])}) == len(different)


def test_it_travels():
    program = pickle.loads(pickle.dumps(made("sim", "{a}", outputs={"y": from_json("a.b"), "z": bool})))
    assert program.version == made("sim", "{a}", outputs={"y": from_json("a.b"), "z": bool}).version


BAD = [
    (lambda: command("sim --a 1", outputs=["y"]), "a command is a list of arguments"),
    (lambda: command([], outputs=["y"]), "a command is a list of arguments"),
    (lambda: made(None), "argument None is no text"),
    (lambda: made("{"), "written twice"),
    (lambda: made("a\0b"), "zero byte"),
    (lambda: made(outputs=[]), "names no output"),
    (lambda: made(outputs=["a b"]), "is not a name"),
    (lambda: made(outputs={"y": str}), "output 'y' is <class 'str'>"),
    (lambda: made(outputs={"y": float}, failure_codes={"y": 3}), "has failure_codes and is no bool"),
    (lambda: made(failure_codes={"crashed": 300}), "no list of exit codes"),
    (lambda: made(failure_codes=[3]), "no table of outputs"),
    (lambda: made(success=[]), "no list of exit codes"),
    (lambda: made(timeout=0), "timeout=0 is no number of seconds above 0"),
    (lambda: made(retries=-1), "retries=-1 is not a whole number from 0"),
    (lambda: made(seed_bits=64), "seed_bits=64 is not a whole number from 1 to 63"),
    (lambda: made(env={"A=B": "1"}), "no name of a variable"),
    (lambda: made(env=["A"]), "no table of variables"),
    (lambda: made(keep_files=["/etc/*"]), "no pattern of files in the trial's folder"),
    (lambda: made(files=["not-here.xml"]), "files: 'not-here.xml' cannot be read: No such file or directory"),
    (lambda: made(parameters=["seed"]), "{seed} is a trial's own"),
    (lambda: made(parameters="abc"), "no list of names"),
    (lambda: made(result=3), "result=3 is neither a file's name nor a function"),
    (lambda: made("sim", "{x}", server=True), "a server is started once, and {x} is a trial's"),
    (lambda: made("sim", "{seed}", server=True), "a server is started once, and {seed} is a trial's"),
]


@pytest.mark.parametrize(("make", "why"), BAD)
def test_what_is_wrong_is_said_where_it_is_declared(make, why):
    with pytest.raises(KernelError) as raised:
        make()
    assert why in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("space", "why"),
    [
        (grid(spee=[1]), "axis 'spee' is not used by command 'sim', which takes 'speed': write {spee} in an argument"),
        (grid(speed=[1], gap=[2]), "axis 'gap' is not used by command 'sim'"),
        (grid(speed=[1], seed=[1]), "axis 'seed' shares its name with a placeholder"),
        (zipped(gap=[1]), "axis 'gap' is not used"),
    ],
)
def test_axes_and_placeholders_must_fit(space, why):
    with pytest.raises(PlanError) as raised:
        Sweep(made("sim", "{speed}"), space, trials=1).plan()
    assert why in str(raised.value)


def test_a_placeholder_without_an_axis_is_told_with_what_may_be_meant():
    with pytest.raises(PlanError, match=r"placeholder \{sped\} of command 'sim' has no axis: did you mean 'speed'"):
        Sweep(made("sim", "{sped}", "{speed}"), grid(speed=[1]), trials=1).plan()


def test_tables_and_gpus_are_not_for_programs():
    with pytest.raises(PlanError, match="a command is given no tables"):
        Sweep(made("true", "{a}"), grid(a=[1]), trials=1, data={"t": [[1.0]]}).plan()
    with pytest.raises(UsageError, match="is a program: device='cuda'"):
        Sweep(made("true", "{a}"), grid(a=[1]), trials=1).run(device="cuda")


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("no-such-simulator", "program 'no-such-simulator' is not in PATH"),
        ("./no-such-file", "there is no file"),
        ("./test_declaration.py", "may not be executed"),
    ],
)
def test_a_program_that_is_not_there_is_told_before_anything_is_written(tmp_path, program, why):
    with pytest.raises(KernelError, match=why):
        Sweep(made(program, "{a}"), grid(a=[1]), trials=1).run(tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_what_is_no_kernel_is_told_of_commands():
    with pytest.raises(SpecError, match="or say command"):
        Sweep(["sim"], grid(a=[1]), trials=1)
