"""Is anything lost or doubled when the engine is killed, again and again, in the middle of an array of commands?

Each child appends its index and its attempt to a file; every ninth fails at its first attempt. The engine's process gets SIGKILL at random
moments and is started again. In the end every child must have succeeded, and no attempt may stand in the file twice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import tempfile
import time
import uuid
from collections import Counter
from pathlib import Path

from sweep.daemon.client import Client
from sweep.jobs.definition import Container, Definition, Resources, Retry
from sweep.jobs.events import Register, Submit
from sweep.jobs.request import Request

SCRIPT = """
echo "$AWS_BATCH_JOB_ARRAY_INDEX $AWS_BATCH_JOB_ATTEMPT" >> {out}
sleep 0.0$((AWS_BATCH_JOB_ARRAY_INDEX % 7))
[ $AWS_BATCH_JOB_ATTEMPT != 1 ] || [ $((AWS_BATCH_JOB_ARRAY_INDEX % 9)) != 4 ]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--children", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        raw = vars(arguments) | run(arguments, folder)
    del raw["json"]
    print(
        f"{raw['children']:,} children, engine killed {raw['killed']} times in {raw['seconds']:.0f} s: "
        f"{raw['lost']} lost, {raw['doubled']} attempts doubled, {raw['attempts_lost']} counted as lost, "
        f"final states {raw['states']}, {raw['second_attempts']} second attempts of {raw['expected_second_attempts']} expected"
    )
    if arguments.json:
        arguments.json.write_text(json.dumps(raw, indent=1) + "\n")


def run(arguments: argparse.Namespace, folder: str) -> dict:
    out, engine = Path(folder, "out"), str(Path(folder, "engine"))
    chance = random.Random(arguments.seed)
    client = Client(engine)
    command = ("sh", "-c", SCRIPT.format(out=out))
    client.tell(Register(Definition("d", container=Container(command, resources=Resources(1.0, 100)), retry=Retry(10))))
    job = client.tell(Submit(str(uuid.uuid4()), Request("job", "default", "d", size=arguments.children)))
    begun, killed = time.monotonic(), 0
    while killed < arguments.kills and not client.wait([job], chance.uniform(0.0, 0.6)):
        os.kill(client.pid, signal.SIGKILL)
        client.wait_for_end()
        client.close()
        killed += 1
        client = Client(engine)
    while not client.wait([job], 10.0):
        pass
    seconds = time.monotonic() - begun
    (told,) = client.view("progress", job_ids=[job])
    lost = attempts_lost(client, job, arguments.children)
    client.end()
    client.wait_for_end()
    return {"killed": killed, "seconds": seconds, "attempts_lost": lost} | judged(out, told, arguments.children)


def attempts_lost(client: Client, job: str, children: int) -> int:
    lost = 0
    for first in range(0, children, 500):
        ids = [f"{job}:{i}" for i in range(first, min(first + 500, children))]
        for child in client.view("describe", job_ids=ids):
            lost += sum(each["statusReason"].startswith("Host EC2") for each in child["attempts"])
    return lost


def judged(out: Path, told: dict, children: int) -> dict:
    lines = Counter(out.read_text().splitlines())
    return {
        "states": {state: count for state, count in told["counts"].items() if count},
        "lost": children - len({line.split()[0] for line in lines}),
        "doubled": sum(count - 1 for count in lines.values()),
        "second_attempts": sum(line.endswith(" 2") for line in lines),
        "expected_second_attempts": sum(i % 9 == 4 for i in range(children)),
    }


if __name__ == "__main__":
    main()
