"""`make test`: the suite on each database that is there. Arguments go to pytest.

PostgreSQL comes first and runs the tests that touch a database; then all of them run on SQLite.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

from tests import needs

# What never depends on which database there is, or brings its own.
NOT_AGAIN = "database and not browser and not soak and not process"


def main(arguments: list[str]) -> int:
    began = time.monotonic()
    missing = [what for is_here, what in needs.NEEDS.values() if not is_here()]
    if missing and needs.IN_CI:
        print(f"CI has to have what is missing here: {', '.join(missing)}")
        return 1
    codes = []
    environment = {name: text for name, text in os.environ.items() if name != "DATABASE_URL"}
    if needs.postgresql():
        print("── on PostgreSQL: the tests that use a database", flush=True)
        codes.append(
            _pytest(
                ["-m", NOT_AGAIN, *arguments],
                environment | {"DATABASE_URL": needs.POSTGRESQL_URL},
            )
        )
    if missing:
        print(f"── not here, so their tests are skipped: {', '.join(missing)}")
    print("── on SQLite: all tests", flush=True)
    codes.append(_pytest(arguments, environment))
    # 5: nothing was collected, as when the arguments name one test that no database is for.
    failed = [code for code in codes if code not in {0, 5}]
    if failed and codes[-1] == 0:
        print(f"The tests on PostgreSQL failed ({time.monotonic() - began:.0f} s in all).")
    return failed[0] if failed else 0


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], env=environment, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
