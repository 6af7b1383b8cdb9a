"""What a container refuses, in one line."""

from __future__ import annotations

import io
import json
import zipfile

from sweep.store import open_store
from sweep.submit.package import zipped
from tests.submit.rig import children_of, run_container, submit


def submitted(store: str, queue: str):
    submit("study.py", store, queue, "--shards", "2")
    return children_of(store)


def changed(command: list[str], option: str, value: str) -> list[str]:
    place = command.index(option) + 1
    return [*command[:place], value, *command[place + 1 :]]


def test_another_code_than_was_submitted(here, store, queue):
    command = submitted(store, queue)[0][0]
    name = next(each.key for each in open_store(store).list("code/"))
    open_store(store).replace(name, open_store(store).get(name) + b"\0")
    text = run_container(command, 0, code=1)
    assert "it is not the code that was submitted; delete it and submit again" in text
    assert text.count("\n") == 1


def test_hashes_that_do_not_fit(here, store, queue):
    command = submitted(store, queue)[0][0]
    for option in ("--plan", "--code"):
        text = run_container(changed(command, option, "0" * 64), 0, code=2)
        assert text.startswith(
            f"sweep: this child was told {option[2:]} 000000000000, and its submission has {option[2:]}"
        )
    text = run_container(changed(command, "--work", "0" * 64), 0, code=1)
    assert "has no work/0000" in text


def test_a_kernel_that_is_not_the_plans(here, store, queue):
    """The hash of the code is right, and what is in it is another kernel: as if somebody had forged all names."""
    import hashlib

    command = submitted(store, queue)[0][0]
    place = open_store(store)
    name = next(each.key for each in place.list("code/"))
    with zipfile.ZipFile(io.BytesIO(place.get(name))) as archive:
        contents = {each: archive.read(each) for each in archive.namelist()}
    contents["noise.py"] = contents["noise.py"].replace(b"rng.normal()", b"rng.normal() * 2.0")
    forged = zipped(contents)
    sha = hashlib.sha256(forged).hexdigest()
    place.create(f"code/{sha}.zip", forged)
    work = json.loads(place.get(f"work/{command[command.index('--work') + 1]}.json"))
    data = (json.dumps({**work, "code": sha}) + "\n").encode()
    digest = hashlib.sha256(data).hexdigest()
    place.create(f"work/{digest}.json", data)
    text = run_container(changed(changed(command, "--code", sha), "--work", digest), 0, code=2)
    assert "kernel 'throw' of " in text
    assert ", not " in text
    assert text.endswith("as in the plan\n")


def test_an_image_that_lacks_a_distribution(here, store, queue):
    import hashlib

    command = submitted(store, queue)[0][0]
    place = open_store(store)
    name = next(each.key for each in place.list("code/"))
    with zipfile.ZipFile(io.BytesIO(place.get(name))) as archive:
        contents = {each: archive.read(each) for each in archive.namelist()}
    contents["requirements.txt"] = b"no-such-thing==1.2\n"
    data = zipped(contents)
    sha = hashlib.sha256(data).hexdigest()
    place.create(f"code/{sha}.zip", data)
    work = json.loads(place.get(f"work/{command[command.index('--work') + 1]}.json"))
    told = (json.dumps({**work, "code": sha}) + "\n").encode()
    digest = hashlib.sha256(told).hexdigest()
    place.create(f"work/{digest}.json", told)
    text = run_container(changed(changed(command, "--code", sha), "--work", digest), 0, code=2)
    assert text == "sweep: the image lacks what the study imports: no-such-thing==1.2\n"


def test_indices_and_words_that_are_none(here, store, queue):
    command = submitted(store, queue)[0][0]
    assert "there is no shard at place 2" in run_container(command, 2, code=1)
    assert "is not a whole number from 0 on" in run_container(command, None, code=2, AWS_BATCH_JOB_ARRAY_INDEX="x")
    assert "this command is written by `sweep submit`" in run_container([*command, "--colour"], 0, code=2)


def test_a_gpu_that_is_not_there(here, store, queue):
    submit("study.py", store, queue, "--shards", "1", "--gpus", "1")
    text = run_container(children_of(store)[0][0], code=2, CUDA_VISIBLE_DEVICES="")
    assert "device='cuda' cannot be had" in text


def test_merge_before_all_is_there(here, store, queue):
    *_, (merge, _, _) = submitted(store, queue)
    text = run_container(merge, code=1)
    assert (
        f"30 blocks of the plan are not in {store}, the first of point 0: `sweep resume {store}` submits them" in text
    )


def test_a_trial_that_raises(here, store, queue):
    (here / "failing.py").write_text(
        "from sweep import Sweep, grid, kernel\n\n\n@kernel(outputs=['x'])\ndef failing(rng, a):\n"
        "    if rng.uniform() > 0.9:\n        raise ValueError('too large')\n    return a\n\n\n"
        "study = Sweep(failing, grid(a=[1.0]), trials=1000)\n"
    )
    submit("failing.py", store, queue, "--shards", "1")
    text = run_container(children_of(store)[0][0], code=1)
    assert "kernel 'failing' raised ValueError: too large in trial" in text
    assert text.count("\n") == 1
