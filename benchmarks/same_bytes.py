"""Is it one sha256 over shards, executors, stores, kills and extension?

    python benchmarks/same_bytes.py [--kills N] [--json FILE]

Runs the radar study over every combination of 1, 7 and 1,000 shards, one thread, two threads and Ray, a folder and an S3 server; then kills the
command with SIGKILL at random moments and lets it go on; then extends half of the trials to all. Ray and the S3 server are real processes.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

STUDY = Path(__file__).parents[1] / "examples" / "radar_detection.py"
TRIALS = 10_000
COMMAND = [sys.executable, "-c", "from sweep.cli.main import main; main()", "run", str(STUDY), "--quiet"]
SHARDS = (1, 7, 1000)
PLACES = {"1 thread": ["inprocess", 1], "2 threads": ["inprocess", 2], "Ray": ["ray", 2]}


@contextmanager
def s3_server() -> Iterator[str]:
    """Start an S3 server on loopback; end it by its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    try:
        while True:
            try:
                urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"], timeout=5).close()
                break
            except urllib.error.HTTPError:
                break
            except OSError:
                time.sleep(0.1)
        yield os.environ["AWS_ENDPOINT_URL"]
    finally:
        server.terminate()
        server.wait()


def command(
    store: str, executor: str = "inprocess", workers: int = 2, shards: int = 40, trials: int = TRIALS
) -> list[str]:
    options = {"--store": store, "--executor": executor, "--workers": workers, "--shards": shards, "--trials": trials}
    return [*COMMAND, *(str(each) for pair in options.items() for each in pair)]


def sha256(store: str) -> str:
    from sweep.store import open_store

    return hashlib.sha256(open_store(store).get("result.parquet")).hexdigest()


def killed_and_resumed(store: str, chance: random.Random, typical: float) -> int:
    """Start the command and kill it, again and again, until it finishes by itself; return how often it was killed."""
    for kills in itertools.count():
        process = subprocess.Popen(command(store, shards=60 + kills))
        try:
            process.wait(chance.uniform(0.3, 1.0) * typical)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        else:
            return kills
    raise AssertionError


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="how many runs are killed and resumed")
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    raw: list[dict] = []

    def found(what: str, store: str) -> None:
        raw.append({"what": what, "sha256": sha256(store)})
        print(f"{raw[-1]['sha256'][:16]}  {what}", flush=True)

    with tempfile.TemporaryDirectory() as folder, s3_server():
        import boto3

        bucket = f"same-bytes-{uuid.uuid4().hex[:8]}"
        boto3.client("s3").create_bucket(Bucket=bucket)
        begun = time.perf_counter()
        subprocess.run(command(f"{folder}/timing"), check=True)
        typical = time.perf_counter() - begun
        for shards, (place, (executor, workers)), root in itertools.product(
            SHARDS, PLACES.items(), (folder, f"s3://{bucket}")
        ):
            store = f"{root}/{shards}-{place.replace(' ', '-')}"
            subprocess.run(command(store, executor, workers, shards), check=True)
            found(f"{shards} shards, {place}, {'S3' if root.startswith('s3') else 'folder'}", store)
        chance = random.Random(1)
        done = number = 0
        while done < arguments.kills:
            store = f"{folder}/killed-{number}"
            kills = killed_and_resumed(store, chance, typical)
            if kills:
                found(f"resumed after {kills} kills", store)
            done, number = done + kills, number + 1
        subprocess.run(command(f"{folder}/half", trials=TRIALS // 2), check=True)
        subprocess.run(command(f"{folder}/half"), check=True)
        found("half of the trials, extended to all", f"{folder}/half")
    digests = {each["sha256"] for each in raw}
    print(f"{len(raw)} runs, {done} kills, {len(digests)} digest{'s' * (len(digests) != 1)}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"runs": raw, "kills": done, "digests": len(digests)}, indent=1) + "\n")
    sys.exit(len(digests) != 1)


if __name__ == "__main__":
    main()
