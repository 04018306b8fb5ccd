"""One way of treating a thing: the secret, the bytes that are signed, the scheme, the writing."""

from __future__ import annotations

from dataclasses import dataclass

from webhooks.diagnosis.style import Style


@dataclass(frozen=True, slots=True)
class Way:
    """`said` continues "Your code …"; "" for the right way. `recipe` is a name in recipes.py.

    `style` is how JSON was written, `webhook_id` whose secret it is: each where it is known.
    """

    value: bytes
    said: str = ""
    recipe: str = ""
    style: Style | None = None
    webhook_id: str = ""
    # For the bytes that were signed where the body given is another form of them: what it is.
    view: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Another secret that the caller's code may have used. `said` is as in Way."""

    secret: str
    said: str
    webhook_id: str = ""
    recipe: str = "other webhook"


@dataclass(frozen=True, slots=True)
class Sent:
    """A body that was sent, and what to call it: "the event …"."""

    body: bytes
    name: str


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
