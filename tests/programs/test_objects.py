"""Collections as an axis: listed once, pinned, fetched for the program, and refused when they have changed."""

from __future__ import annotations

import json

import pytest

from sweep import Sweep, command, from_json, from_text, grid, objects, zipped
from sweep.errors import CorruptError, PlanError, SpaceError
from sweep.ledger import Wave
from sweep.load import load_sweep
from sweep.rectangle import Rectangle
from sweep.shares import Cut
from sweep.space import from_spec
from sweep.space.listing import pinned
from sweep.store import open_store
from sweep.work import keys
from sweep.work.simulate import simulate
from sweep.work.study import Study

LOGS = {
    "a.log": "speed=3\n",
    "b.log": "speed=5\n",
    "deep/c.log": "speed=7\n",
    "notes.txt": "",
    ".hidden.log": "speed=9\n",
}


@pytest.fixture(params=["folder", "s3"])
def place(request, tmp_path):
    """A folder or a bucket with logs in it, and a function that writes one."""
    if request.param == "folder":
        root = tmp_path / "logs"

        def write(name, text):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)

        url = str(root)
    else:
        import boto3

        bucket = request.getfixturevalue("bucket")
        client = boto3.client("s3")

        def write(name, text):
            client.put_object(Bucket=bucket, Key=f"drive/{name}", Body=text.encode())

        url = f"s3://{bucket}/drive"
    for name, text in LOGS.items():
        write(name, text)
    return url, write


def sweep_of(url, pattern="*.log", trials=2):
    program = command(
        ["cat", "{log}", "parameters.json"],
        outputs={
            "speed": from_text(r"speed=(\d+)", kind=int),
            "trial_": from_json("trial", file="parameters.json", kind=int),
        },
    )
    return Sweep(program, grid(log=objects(f"{url}/{pattern}")), trials=trials, seed=1)


def test_one_value_for_each_object_that_fits(place):
    url, _ = place
    assert objects(f"{url}/*.log").categories == ("a.log", "b.log")
    assert objects(f"{url}/**/*.log").categories == ("a.log", "b.log", "deep/c.log")
    assert objects(f"{url}/[bc].log").categories == ("b.log",)
    assert objects(f"{url}/").categories == ("a.log", "b.log", "notes.txt")
    assert objects(f"{url}/deep").categories == ("c.log",)


def test_a_program_is_given_a_file(place, tmp_path):
    url, _ = place
    result = sweep_of(url).run(tmp_path / "store", workers=2)
    assert [(row["log"], row["speed_mean"]) for row in result] == [("a.log", 3), ("b.log", 5)]


def test_it_is_pinned_in_the_plan(place):
    url, _ = place
    space = grid(log=objects(f"{url}/*.log"), x=[1, 2])
    again = from_spec(json.loads(json.dumps(space.spec())), {})
    assert again == space
    assert again.collections()["log"].pins == space.collections()["log"].pins
    (first, _) = space.spec()["grid"]
    assert [pin[:2] for pin in first[1]["objects"]["pins"]] == [["a.log", 8], ["b.log", 8]]
    assert (space * grid(y=[1])).collections().keys() == (space + space).where("x > 1").collections().keys() == {"log"}


def test_one_that_is_added_last_extends_the_sweep_and_one_that_changes_is_another(place, tmp_path):
    url, write = place
    sweep_of(url).run(tmp_path / "store")
    write("z.log", "speed=11\n")
    assert [row["speed_mean"] for row in sweep_of(url).run(tmp_path / "store")] == [3, 5, 11]
    write("b.log", "speed=6\n")
    with pytest.raises(PlanError, match=r"'b\.log' of '.*' has changed since it was listed"):
        sweep_of(url).run(tmp_path / "store")


def test_one_that_changes_before_it_is_read_is_refused(place):
    url, write = place
    swept = sweep_of(url)
    plan = swept.plan()
    wave = Wave.of(plan, 1, Cut(1), [Rectangle(0, 2, 0, 2)])
    study = Study(swept.kernel, plan, open_store("memory://"), {})
    study.store.create(keys.wave_key(1), wave.to_json())
    write("b.log", "speed=6\n")
    with pytest.raises(CorruptError, match=r"b\.log is not what it was when the sweep was planned"):
        simulate(study, wave, 0, lambda _: None)
    study.close()


def test_whoever_has_a_plan_does_not_look_again(place):
    url, write = place
    known = grid(log=objects(f"{url}/*.log"))
    write("c.log", "speed=1\n")
    with pinned(known.collections().values()):
        assert grid(log=objects(f"{url}/*.log")) == known
    assert grid(log=objects(f"{url}/*.log")).size == 3


def test_what_is_not_there(tmp_path, bucket):
    (tmp_path / "empty").mkdir()
    for place, why in (
        (tmp_path / "nowhere", "there is no folder"),
        (tmp_path / "empty" / "*.log", "nothing of that name"),
        (f"s3://{bucket}/nothing/", "nothing of that name"),
        ("s3://no-such-bucket-here/x/", "NoSuchBucket"),
        ("s3:///x", "names no bucket"),
    ):
        with pytest.raises(SpaceError, match=why):
            objects(place)


def test_two_collections_of_one_parameter_are_refused(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text(name)
    with pytest.raises(SpaceError, match="'log' is of two collections"):
        (grid(log=objects(tmp_path / "a")) + grid(log=objects(tmp_path / "b"))).collections()
    assert zipped(log=objects(tmp_path / "a"), k=[1])[0] == {"log": "x", "k": 1}


def test_in_a_spec(tmp_path, monkeypatch):
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "x.log").write_text("speed=2")
    (tmp_path / "program.py").write_text(
        "from sweep import command, from_text\nread = command(['cat', '{log}'], outputs={'speed': from_text('speed=(.*)')})\n"
    )
    (tmp_path / "study.toml").write_text(
        'kernel = "program.py:read"\ntrials = 1\n[space]\nlog = { objects = "logs/*.log" }\n'
    )
    monkeypatch.chdir("/")
    assert load_sweep(tmp_path / "study.toml").run()[0]["speed_mean"] == 2
