"""`emitter trigger`: have an event happen, with data of one's own, and see where it went."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

import typer
from rich.text import Text

from emitter.cli import access, outcome, screen
from emitter.cli.ending import TheAnswerIsNo, WrongUse
from emitter.cli.rest import Rest

EVENTS = ("LIVE_CHAT_INITIATED", "USER_MESSAGE_SENT", "HUMAN_HANDOVER")


def trigger(
    event: Annotated[str, typer.Argument(help=f"{', '.join(EVENTS)}.")],
    data: Annotated[
        str | None, typer.Option(help="A JSON object that is laid over the event's sample.")
    ] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=TEXT, as often as you like.")
    ] = None,
    nulls: Annotated[list[str] | None, typer.Option("--null", help="KEY is null.")] = None,
    unset: Annotated[
        list[str] | None, typer.Option(help="KEY is absent, as undefined would be.")
    ] = None,
    simulate: Annotated[
        str | None,
        typer.Option(help='How to misbehave, as JSON: {"badSignature": true}. Sandbox only.'),
    ] = None,
    wait: outcome.Wait = False,
    expect: outcome.Expect = None,
    url: access.Url = "",
    key: access.Key = "",
    chatbot: access.ChatbotId = "",
    as_json: access.AsJson = False,
) -> None:
    """Have an event happen, as if a visitor had caused it: every webhook of it gets it."""
    if event not in EVENTS:
        raise WrongUse(
            f"{event[:60]!a} is not an event. There are {', '.join(EVENTS)}. To see how a receiver "
            "bears another name, add --simulate '{\"unknownEvent\": true}' to one of them."
        )
    laid_over = _object(data, "--data")
    for pair in sets or []:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise WrongUse(f"--set is KEY=TEXT, such as --set name=Ann; it is {pair!r}.")
        laid_over[name] = value
    laid_over |= dict.fromkeys(nulls or [])
    with Rest(access.with_chatbot(url, key, chatbot)) as rest:
        answer = rest.post(
            "/events",
            {
                "chatbotId": rest.access.chatbot_id,
                "event": event,
                "data": laid_over or None,
                "unset": unset or None,
                "simulate": _object(simulate, "--simulate") or None,
            },
        )
        ids = [str(delivery["id"]) for delivery in answer["deliveries"]]
        rows = outcome.wait_for(rest, ids) if wait or expect else []
    if as_json:
        screen.as_json(answer | ({"results": rows} if wait or expect else {}))
    else:
        show(answer)
        outcome.show(rows)
    if not ids and (expect or (wait and simulate)):
        raise TheAnswerIsNo("It was sent to nobody, so no receiver did what was expected.")
    outcome.judge(rows, expect)


def show(answer: dict[str, Any]) -> None:
    shown = screen.console()
    line = Text(str(answer["event"]), style=screen.EVENT_STYLE)
    line.append(f"  {answer['id']}", style="default")
    shown.print(line)
    for delivery in answer["deliveries"]:
        shown.print(Text(f"  delivery {delivery['id']} → {screen.plain(delivery['url'])}"))
    if answer["reason"]:
        what = "not sent yet" if answer["deliveries"] else "sent to nobody"
        shown.print(Text(f"  {what}: {answer['reason']}"))


def _object(text: str | None, option: str) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        value = json.loads(
            text,
            parse_constant=_no_number,
            parse_float=_number,
            object_pairs_hook=_each_key_once,
        )
    except RecursionError:
        raise WrongUse(f"{option} is nested too deeply.") from None
    except ValueError as error:
        raise WrongUse(f"{option} is not JSON: {error}.") from None
    if not isinstance(value, dict):
        raise WrongUse(f'{option} must be a JSON object, such as {{"name": "Ann"}}.')
    return value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a value of JSON")


def _number(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text[:40])


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice[:60]!r} is in one object twice")
    return made
