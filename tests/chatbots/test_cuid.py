"""What holds of ids whatever threads and processes make them."""

from __future__ import annotations

import subprocess
import sys
import threading

from chatbots.cuid import LENGTH, cuid

# The clock stands still, so that only what is not the time can tell the ids apart.
FORKED = """
import os, time
time.time_ns = lambda: 1_700_000_000_000_000_000
from chatbots.cuid import cuid
cuid()
reader, writer = os.pipe()
child = os.fork()
if child == 0:
    os.write(writer, cuid().encode())
    os._exit(0)
os.waitpid(child, 0)
print(os.read(reader, 100).decode(), cuid())
"""


def test_a_forked_process_makes_other_ids_than_its_parent() -> None:
    ran = subprocess.run([sys.executable, "-c", FORKED], capture_output=True, text=True, check=True)
    child, parent = ran.stdout.split()
    assert len(child) == len(parent) == LENGTH
    assert child != parent


def test_threads_that_make_ids_at_once_get_different_ones() -> None:
    made: list[str] = []

    def make() -> None:
        made.extend([cuid() for _ in range(2000)])

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == len(made) == 16_000
