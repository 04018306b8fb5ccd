"""A folder on a disk that can be made full and be given space again."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.emitter.group import processes

SIZE_BYTES = 24 * 1024 * 1024


class MountedDisk:
    """A small tmpfs (root may mount one)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self) -> None:
        """Leave not one byte."""
        with self._filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0" * 65536):
                pass
        with self._filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while file.write(b"\0"):
                pass

    def free(self) -> None:
        self._filler.unlink()


class ForbiddenDisk:
    """Where mounting is not allowed: the emitter's processes may not write to files any more.

    The kernel fails their writes with EFBIG, which SQLite reports as an error of the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        self._limit(0)

    def free(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, most_bytes: int) -> None:
        for pid in processes(self.folder):
            hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (most_bytes, hard))


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[MountedDisk | ForbiddenDisk]:
    """A real small disk at `folder` where one can be mounted."""
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "emitter-tests", str(folder)]
    may = os.geteuid() == 0 and subprocess.run(["mount", *options], check=False).returncode == 0
    if not may:
        yield ForbiddenDisk(folder)
        return
    try:
        yield MountedDisk(folder)
    finally:
        # Lazily: what still holds a file of it is about to end.
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
