"""var/ is its owner's alone, also where an earlier start left it open."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from emitter import private_files
from tests.emitter.group import Up

pytestmark = pytest.mark.thorough


def modes(root: Path) -> dict[str, int]:
    found = {}
    for where, folders, files in os.walk(root):
        for name in (*folders, *files):
            path = Path(where) / name
            found[str(path.relative_to(root))] = stat.S_IMODE(path.lstat().st_mode)
    return found


@pytest.fixture
def open_var(tmp_path: Path) -> Path:
    """A folder as an earlier version left it, under the usual umask."""
    before = os.umask(0o022)
    try:
        var = tmp_path / "var"
        for folder in ("broker/control", "mail", "static"):
            (var / folder).mkdir(parents=True)
        for file in (
            "emitter.sqlite3",
            "emitter.sqlite3-wal",
            "up.log",
            "broker/1.msg",
            "mail/1.log",
        ):
            (var / file).write_text("")
        (var / "static" / "a.css").write_text("")
        (var / "elsewhere").symlink_to(tmp_path)
    finally:
        os.umask(before)
    return var


def test_what_was_left_open_is_closed(open_var: Path) -> None:
    outside = open_var.parent.stat().st_mode
    private_files.put_right(open_var)
    assert stat.S_IMODE(open_var.stat().st_mode) == 0o700
    for name, mode in modes(open_var).items():
        path = open_var / name
        if not path.is_symlink() and not name.startswith("static"):
            assert mode == (0o700 if path.is_dir() else 0o600), name
    assert open_var.parent.stat().st_mode == outside
    assert (open_var / "static" / "a.css").stat().st_mode & 0o044


def test_a_folder_that_is_everybodys_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    (tmp_path / "of-another-program").write_text("")
    (tmp_path / "of-another-program").chmod(0o644)
    private_files.put_right(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o1777
    assert stat.S_IMODE((tmp_path / "of-another-program").stat().st_mode) == 0o644


def test_a_database_file_is_made_private_with_its_log(tmp_path: Path) -> None:
    path = tmp_path / "emitter.sqlite3"
    path.write_text("")
    path.chmod(0o644)
    private_files.database(path, "DATABASE_URL")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.process
def test_a_running_sandbox_leaves_nothing_to_be_read_by_others(open_var: Path) -> None:
    (open_var / "emitter.sqlite3").unlink()
    (open_var / "emitter.sqlite3-wal").unlink()
    open_var.chmod(0o755)
    up = Up(open_var)
    try:
        up.wait_until_ready()
        assert stat.S_IMODE(open_var.stat().st_mode) == 0o700
        # Its log was opened by this test, not by it.
        mine = {f"up-{up.port}.log", "elsewhere"}
        readable = {
            name: oct(mode)
            for name, mode in modes(open_var).items()
            if mode & 0o077 and name not in mine and not name.startswith("static")
        }
        assert readable == {}
    finally:
        up.stop()
