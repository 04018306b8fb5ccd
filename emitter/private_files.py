"""What lies under var/ is for its owner alone: secrets, sessions, what visitors wrote.

Folders are 0700 and files 0600, made so, and put right at start where they are not.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import Final

from emitter.environment import refuse

FOLDER: Final = 0o700
FILE: Final = 0o600
# Of what lies under var/, all but static/: files for browsers may be read by whoever serves them.
OURS: Final = (
    *("secret_key", "encryption_keys", "sandbox.json", "up.lock", "emitter.sqlite3*"),
    *("beat-schedule*", "*.log", "broker", "broker/**/*", "mail", "mail/**/*"),
)


def folder(path: Path, named_by: str) -> Path:
    """`path` as a folder, made private if it has to be made. `named_by` is its variable."""
    try:
        path.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    except OSError as error:
        refuse(f"{path} cannot be made ({error.strerror}). Check its rights, or set {named_by}.")
    return path


def refuse_what_is_no_folder(path: Path, named_by: str) -> None:
    """Stop the start where `path` neither is a folder nor can become one. Nothing is made."""
    try:
        nearest = next(each for each in (path, *path.parents) if each.exists())
        wrong = "" if nearest.is_dir() else f"{nearest} is no folder"
    except OSError as error:
        wrong = str(error.strerror)
    if wrong:
        refuse(f"{path} cannot be used ({wrong}). Set {named_by} to a folder.")


def database(path: Path, named_by: str) -> None:
    """Make the SQLite file private, and what SQLite writes beside it with the same rights."""
    try:
        # SQLite gives -wal and -shm the rights of the file.
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, FILE))
    except PermissionError:
        return  # What can be read by nobody here is told of when it is opened in earnest.
    except OSError as error:
        refuse(f"{path} cannot be used ({error.strerror}). Check its rights, or {named_by}.")
    for each in (path, *(path.with_name(path.name + end) for end in ("-wal", "-shm"))):
        _close(each)


def put_right(root: Path) -> None:
    """Close `root`, and what of it is ours, to others.

    A folder that is everybody's (/tmp) is left as it is, and so is what others own.
    """
    with contextlib.suppress(OSError):
        if not root.stat().st_mode & stat.S_ISVTX:
            _close(root)
    for pattern in OURS:
        for path in root.glob(pattern):
            _close(path)


def _close(path: Path) -> None:
    # It may end, or be another's, at any moment.
    with contextlib.suppress(OSError):
        found = path.lstat()
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o077 and found.st_uid == os.geteuid() and not stat.S_ISLNK(found.st_mode):
            path.chmod(mode & 0o700)


def kept_secret(path: Path, made: str) -> str:
    """The secret that the file holds; `made` where there is no file yet, from then on."""
    folder(path.parent, "VAR_DIR")
    try:
        if not path.exists():
            # Linked in place whole: two processes that start together end with one secret.
            descriptor, draft = tempfile.mkstemp(dir=path.parent)
            with os.fdopen(descriptor, "w") as file:
                file.write(made)
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            Path(draft).unlink()
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        refuse(f"{path} cannot be used ({why}). Check its rights, or set VAR_DIR.")


def random_secret() -> str:
    return secrets.token_urlsafe(60)
