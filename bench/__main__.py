"""Run the measurements and print each as a ratio to the plain design in the same run.

`python -m bench [--quick]`. PostgreSQL and Redis from BENCH_DATABASE_URL (its database is made
anew each time) and BENCH_BROKER_URL; what is not there is left out, with a line that says so.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any

import psycopg
import redis

from bench.receiver import fast_receiver

DATABASE_URL = "postgres://postgres@127.0.0.1:5432/emitter_bench"
# A database of its own, so that no other queue is touched.
BROKER_URL = "redis://127.0.0.1:6379/13"
# What an engine of this design is asked to reach, as a multiple of the plain one.
ASKED = {"PostgreSQL": 40, "SQLite": 15}


def backlog(design: str, deliveries: int, receiver: str, environment: dict[str, str]) -> Any:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in ("DATABASE_URL", "BROKER_URL")
    }
    finished = subprocess.run(
        [
            *(sys.executable, "-m", "bench.backlog", "--design", design),
            *("--deliveries", str(deliveries), "--receiver", receiver),
        ],
        env=inherited | environment,
        stdout=subprocess.PIPE,
        check=False,
    )
    if finished.returncode:
        sys.exit(finished.returncode)
    return json.loads(finished.stdout.splitlines()[-1])


def fresh_database(url: str) -> bool:
    """Make the bench's own database anew; False when PostgreSQL does not answer."""
    server, _, name = url.rpartition("/")
    if not re.fullmatch(r"[a-z_]*bench[a-z_]*", name):
        sys.exit("bench: the database is dropped each time, so its name must contain bench.")
    try:
        with psycopg.connect(f"{server}/postgres", autocommit=True, connect_timeout=5) as server_:
            server_.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            server_.execute(f'CREATE DATABASE "{name}"'.encode())
    except psycopg.OperationalError as error:
        print(f"PostgreSQL does not answer, its figures are left out: {error}")
        return False
    return True


def fresh_broker(url: str) -> bool:
    try:
        client = redis.Redis.from_url(url, socket_timeout=5)
        client.delete("emitter", "bench", "unacked", "unacked_index")
    except redis.ConnectionError as error:
        print(f"Redis does not answer, PostgreSQL's figures are left out: {error}")
        return False
    return True


def pgbench(url: str) -> float | None:
    """Transactions a second of `pgbench -N -c 8`, to carry figures to another machine."""
    program = shutil.which("pgbench")
    if program is None:
        return None
    subprocess.run([program, "-i", "-q", "-s", "10", url], check=True, capture_output=True)
    ran = subprocess.run(
        [program, "-N", "-c", "8", "-T", "10", url], check=True, capture_output=True, text=True
    )
    found = re.search(r"tps = ([0-9.]+)", ran.stdout)
    return float(found[1]) if found else None


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer deliveries")
    quick = parser.parse_args().quick
    many, few = (20_000, 200) if quick else (50_000, 1_000)
    url = os.environ.get("BENCH_DATABASE_URL", DATABASE_URL)
    broker = os.environ.get("BENCH_BROKER_URL", BROKER_URL)
    report: dict[str, Any] = {}
    places: dict[str, dict[str, str]] = {"SQLite": {}}
    if fresh_broker(broker) and fresh_database(url):
        places["PostgreSQL"] = {"DATABASE_URL": url, "BROKER_URL": broker}
        report["pgbench_tps"] = pgbench(url)
    with fast_receiver() as receiver:
        for place, environment in places.items():
            figures = {}
            for design, deliveries in (("one task per delivery", few), ("engine", many)):
                if environment:
                    fresh_broker(broker)
                    fresh_database(url)
                figures[design] = backlog(design, deliveries, receiver, environment)
            plain, engine = (
                figures[design]["per_second"] for design in ("one task per delivery", "engine")
            )
            report[place] = figures | {"ratio": round(engine / plain, 1)}
            print(
                f"{place:<11} engine {engine:>8,.0f}/s   one task per delivery {plain:>6,.0f}/s   "
                f"ratio {engine / plain:>6.1f} (asked: {ASKED[place]})   "
                f"worker {figures['engine']['worker_mb']:.0f} MB"
            )
    if report.get("pgbench_tps"):
        tps = report["pgbench_tps"]
        ratio = report["PostgreSQL"]["engine"]["per_second"] / tps
        print(f"pgbench -N -c 8: {tps:,.0f} tps; the engine on PostgreSQL is {ratio:.2f} of it")
    print(json.dumps(report))


if __name__ == "__main__":
    main()
