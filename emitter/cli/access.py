"""Which emitter a command talks to, with which key, and of which chatbot.

Taken from the options, then from the environment, then from the file that the sandbox wrote.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from emitter.cli import terminal
from emitter.cli.ending import Ending, WrongUse

ROOT = Path(__file__).resolve().parent.parent.parent

Url = Annotated[
    str,
    typer.Option("--url", envvar="EMITTER_URL", help="Where the emitter is.", show_default=False),
]
Key = Annotated[
    str,
    typer.Option("--key", envvar="EMITTER_KEY", help="A key of its REST API.", show_default=False),
]
ChatbotId = Annotated[
    str,
    typer.Option(
        "--chatbot", envvar="EMITTER_CHATBOT", help="The chatbot's id.", show_default=False
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@dataclass(frozen=True)
class Access:
    """An emitter, the key to it, and the chatbot to talk with (empty if nobody said which)."""

    url: str
    key: str
    chatbot_id: str = ""


def find(url: str = "", key: str = "", chatbot_id: str = "") -> Access:
    """What was given, filled up from the sandbox's file. Raises Ending with what is missing."""
    known: dict[str, Any] = {}
    # A key of one emitter is nothing for another: the file fills up what belongs to its own.
    if not (url and key and chatbot_id):
        known = _sandbox()
        if url and url.rstrip("/") != str(known.get("url", "")).rstrip("/"):
            known = {}
    url = terminal.text(url).strip() or str(known.get("url", ""))
    if not url:
        raise WrongUse(
            "No emitter is known. Start the sandbox with `make up`, or give --url and --key "
            "(or EMITTER_URL and EMITTER_KEY)."
        )
    if not url.startswith(("http://", "https://")):
        raise WrongUse(f"--url must start with http:// or https://; it is {url!r}.")
    if "@" in url.partition("//")[2].partition("/")[0]:
        # It would go in the place of the key.
        raise WrongUse("--url has a user name or password (…@). Leave it out, and give --key.")
    key = key.strip() or str(known.get("apiKey", ""))
    if not key:
        raise WrongUse(f"There is no key for {url}. Give --key or EMITTER_KEY.")
    if not (key.isascii() and key.isprintable()):
        raise WrongUse("The key has letters that no key has. Look at --key or EMITTER_KEY.")
    return Access(url.rstrip("/"), key, chatbot_id or str(known.get("chatbotId", "")))


def with_chatbot(url: str, key: str, chatbot_id: str) -> Access:
    """Like `find`, for commands that talk with a chatbot."""
    access = find(url, key, chatbot_id)
    if not access.chatbot_id:
        raise WrongUse("No chatbot is known. Give its id with --chatbot (or EMITTER_CHATBOT).")
    return access


def segment(identifier: str) -> str:
    """An id as a part of an address. Raises WrongUse for what can be none."""
    if not identifier.isascii() or not identifier.isalnum():
        raise WrongUse(f"{identifier!r} is not an id.")
    return identifier


def _sandbox() -> dict[str, Any]:
    """The sandbox's file: of VAR_DIR, of the folder one is in, or of this copy of the emitter."""
    own = os.environ.get("VAR_DIR")
    folders = [Path(own)] if own else [Path("var"), ROOT / "var"]
    for folder in folders:
        path = folder / "sandbox.json"
        try:
            known = json.loads(path.read_bytes())
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Ending(f"{path} cannot be read: {error.strerror}.") from None
        except (ValueError, RecursionError):
            known = None
        # Its own texts, that is; what else may stand there is not read.
        if not isinstance(known, dict) or not all(
            isinstance(known.get(name, ""), str) for name in ("url", "apiKey", "chatbotId")
        ):
            raise Ending(f"{path} is damaged. Start the sandbox anew with `make up`.")
        return known
    return {}
