"""Run the measurements: `python -m bench [--quick] [CASE …]`, or one case with sizes of its own.

PostgreSQL and Redis from BENCH_DATABASE_URL (databases whose names begin with its name are made
and dropped) and BENCH_BROKER_URL; what is not there is left out, with a line that says so.
"""

from __future__ import annotations

import argparse
import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg

from bench import accepting, delivering, fairness, flat, isolation, latency, report
from bench.figures import Result
from bench.ground import Ground, say
from bench.postgresql import InUse

DOCS = Path(__file__).resolve().parent.parent / "docs"


@dataclasses.dataclass(frozen=True)
class Case:
    """One question, and how much is measured to answer it."""

    measure: Callable[[Ground, Any], Result]
    full: Any
    quick: Any
    # What it cannot do without; what else is missing, it leaves out.
    needs: tuple[str, ...]


ON_POSTGRESQL = ("PostgreSQL", "Redis", "nginx")
CASES = {
    "delivering": Case(delivering.measure, delivering.Sizes(), delivering.QUICK, ("nginx",)),
    "accepting": Case(accepting.measure, accepting.Sizes(), accepting.QUICK, ON_POSTGRESQL),
    "latency": Case(latency.measure, latency.Sizes(), latency.QUICK, ()),
    "isolation": Case(isolation.measure, isolation.Sizes(), isolation.QUICK, ON_POSTGRESQL[:2]),
    "fairness": Case(fairness.measure, fairness.Sizes(), fairness.QUICK, ON_POSTGRESQL[:2]),
    "flat": Case(flat.measure, flat.Sizes(), flat.QUICK, ON_POSTGRESQL),
}


def arguments() -> tuple[argparse.Namespace, dict[str, Any]]:
    """The command line, and the sizes of each case that it asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--quick", action="store_true", help="small sizes: under two minutes")
    parser.add_argument(
        "--into", type=Path, help="folder for figures and plots (docs; with --quick, var/bench)"
    )
    given, rest = parser.parse_known_args()
    if strangers := set(given.cases) - CASES.keys():
        parser.error(f"no case {', '.join(sorted(strangers))}; there are {', '.join(CASES)}")
    names = given.cases or list(CASES)
    sizes = {name: CASES[name].quick if given.quick else CASES[name].full for name in names}
    if rest and len(names) != 1:
        parser.error(f"{rest[0]}: name one case to give its sizes")
    for name in names if rest else ():
        own = argparse.ArgumentParser(prog=f"python -m bench {name}")
        for field in dataclasses.fields(sizes[name]):
            default = getattr(sizes[name], field.name)
            option = f"--{field.name.replace('_', '-')}"
            own.add_argument(option, type=type(default), default=default, dest=field.name)
        sizes[name] = type(sizes[name])(**vars(own.parse_args(rest)))
    if given.into is None:
        given.into = DOCS.parent / "var" / "bench" if given.quick or rest else DOCS
    return given, sizes


def stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    given, sizes = arguments()
    # As Ctrl-C: databases, processes and files are cleared away.
    signal.signal(signal.SIGTERM, stop)
    done: dict[str, Result] = {}
    failed = False
    try:
        with Ground(quick=given.quick) as ground:
            for sentence in ground.missing.values():
                say(f"Left out: {sentence}.")
            for name, size in sizes.items():
                lacking = [
                    ground.missing[what] for what in CASES[name].needs if what in ground.missing
                ]
                if lacking:
                    say(f"{name}: not measured, {lacking[0]}.")
                    continue
                say(f"{name} …")
                began = time.monotonic()
                try:
                    result = CASES[name].measure(ground, size)
                except (RuntimeError, psycopg.Error, subprocess.SubprocessError) as error:
                    say(f"{name} failed: {error}")
                    failed = True
                    continue
                done[name] = result
                run = report.Run(size, time.monotonic() - began, ground.versions, given.quick)
                # At once, so that what comes later cannot lose it.
                report.write(given.into, name, result, run)
    except InUse as error:
        say(f"Not measured: {error}")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    report.table(done)
    say(f"Written to {given.into}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
