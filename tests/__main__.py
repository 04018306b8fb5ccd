"""`make test`, and `make test-all` (`--all`): the suite on each database that is there.

Other arguments go to pytest. `make test` leaves out what takes long (LONG); tests that the
arguments name are run whatever they are. PostgreSQL comes first and runs the tests that touch a
database; then all of them run on SQLite. Of those that have run on PostgreSQL `make test` runs only
the queue's again, of which each database has its own. Several processes share them out among
themselves (most tests wait more than they compute), and those that compare times come after, alone.
When the arguments name tests, one process runs them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from tests import needs

# What never depends on which database there is, or brings its own.
NOT_AGAIN = "database and not (browser or soak or process or languages or once or alone)"
BESIDE_OTHERS, ALONE = "not soak and not alone", "not soak and alone"
# What `make test` leaves out: it takes longest.
LONG = ("languages", "walk", "schemathesis", "soak", "thorough")
CORES = os.cpu_count() or 1
# Of CI they are fewer: coverage takes most of a processor.
PROCESSES = {"": str(min(8, 3 * CORES)), "--all": str(min(8, 2 * CORES))}
BYTECODE = Path(__file__).parent.parent / ".pytest_cache" / "bytecode"


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    everything = "--all" in arguments
    arguments = [argument for argument in arguments if argument != "--all"]
    missing = [what for is_here, what in needs.NEEDS.values() if not is_here()]
    if everything:
        missing += needs.missing_programs()
    if missing and needs.IN_CI:
        print(f"CI has to have what is missing here: {', '.join(missing)}")
        return 1
    processes = os.environ.get("TEST_PROCESSES") or PROCESSES["--all" if everything else ""]
    at_once = [] if _name_tests(arguments) else ["-n", processes]
    environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    if environment.pop("PYTHONDONTWRITEBYTECODE", None):
        # Hundreds of processes start here: they need not compile all of it anew, nor leave files.
        environment["PYTHONPYCACHEPREFIX"] = str(BYTECODE)
    codes: dict[str, int] = {}

    def run(title: str, *options: str, **more: str) -> None:
        print(f"── {title}", flush=True)
        command = [sys.executable, "-m", "pytest", *options, *arguments]
        codes[title] = subprocess.run(command, env=environment | more, check=False).returncode

    meant = "" if everything or not at_once else f" and not ({' or '.join(LONG)})"
    beside_others = BESIDE_OTHERS + meant
    if needs.postgresql():
        beside_others += " and not production"
        if meant:
            beside_others += f" and (queue or not ({NOT_AGAIN}))"
        title = "on PostgreSQL: the tests that use a database"
        run(title, "-m", NOT_AGAIN + meant, *at_once, DATABASE_URL=needs.POSTGRESQL_URL)
        if everything and at_once:
            long = ("-m", "soak and database and not process", "--timeout", "600")
            run("on PostgreSQL: the long ones", *long, DATABASE_URL=needs.POSTGRESQL_URL)
            alone = "database and not soak and alone and not (browser or process or once)"
            title = "on PostgreSQL: those that compare times"
            run(title, "-m", alone, DATABASE_URL=needs.POSTGRESQL_URL)
    if missing:
        print(f"── not here, so their tests are skipped: {', '.join(missing)}")
    if at_once:
        title = "on SQLite: all tests that others may run beside"
        run(title, "-m", beside_others, *at_once)
        run("on SQLite: those that compare times", "-m", ALONE + meant)
        if everything:
            # They wait for leases and pauses more than they compute.
            long = ("-m", "soak and (process or not database)", "--timeout", "300")
            run("the long ones", *long, "-n", str(CORES))
    else:
        run("on SQLite: all tests", *(["-m", ""] if everything else []))
    # 5: nothing was collected, as when the arguments name one test that no database is for.
    failed = {title: code for title, code in codes.items() if code not in {0, 5}}
    ended = f"FAILED {'; '.join(failed)}" if failed else "passed"
    print(f"── {ended} ({time.monotonic() - began:.0f} s in all)")
    return next(iter(failed.values()), 0)


def _name_tests(arguments: list[str]) -> bool:
    """Do they name files, or say by themselves which tests are meant, or how they are run?"""
    return any(
        argument.startswith(("-m", "-n", "--pdb", "--dist", "--lf", "--ff", "--sw"))
        or Path(argument.partition("::")[0]).exists()
        for argument in arguments
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
