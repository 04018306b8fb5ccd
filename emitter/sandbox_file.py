"""var/sandbox.json: where the sandbox is and how to get in, for people, scripts and the CLI."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NoReturn

import msgspec
from django.conf import settings

from emitter import environment


class Sandbox(msgspec.Struct, rename="camel"):
    """What the file says. Empty texts: not made yet, or not known any more."""

    url: str = ""
    admin_user: str = ""
    admin_password: str = ""
    api_key: str = ""
    chatbot_id: str = ""
    inbox_url: str = ""


def path() -> Path:
    return Path(settings.VAR_DIR) / "sandbox.json"


def read() -> Sandbox:
    """What the last start wrote; an empty Sandbox where there is no file, or no readable one."""
    try:
        return msgspec.json.decode(path().read_bytes(), type=Sandbox)
    except (FileNotFoundError, msgspec.DecodeError, RecursionError):
        return Sandbox()
    except OSError as error:
        _refuse("read", error)


def write(sandbox: Sandbox) -> None:
    """Replace the file, readable by its owner alone, in one step."""
    draft = path().with_suffix(".new")
    try:
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(msgspec.to_builtins(sandbox), file, indent=2)
            file.write("\n")
        draft.replace(path())
    except OSError as error:
        _refuse("written", error)


def _refuse(what: str, error: OSError) -> NoReturn:
    environment.refuse(
        f"{path()} cannot be {what} ({error.strerror}). Remove it, or check its folder's rights "
        "and free space."
    )
