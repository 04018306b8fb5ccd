"""`emitter deliveries` and `emitter resend`: what left, what was answered, and sending it again."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.text import Text

from chatbots.cuid import looks_like_one
from emitter.cli import access, outcome, screen
from emitter.cli.ending import WrongUse
from emitter.cli.rest import Rest


def deliveries(
    delivery: Annotated[
        str | None, typer.Argument(help="One delivery's id. Without it: the list.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(help="Only pending, held, succeeded, failed or cancelled ones.")
    ] = None,
    status_code: Annotated[
        str | None, typer.Option(help="Only those last answered with this status, such as 401.")
    ] = None,
    error_kind: Annotated[
        str | None, typer.Option(help="Only those that last failed so: timeout, tls, dns, …")
    ] = None,
    webhook: Annotated[str | None, typer.Option(help="Only of this webhook's id.")] = None,
    event: Annotated[str | None, typer.Option(help="Only of this event's id.")] = None,
    event_type: Annotated[
        str | None, typer.Option("--type", help="Only of this event type, such as HUMAN_HANDOVER.")
    ] = None,
    chatbot: Annotated[str | None, typer.Option(help="Only of this chatbot's id.")] = None,
    chatlog: Annotated[
        str | None, typer.Option(help="Only of this conversation's chatlogId.")
    ] = None,
    tests: Annotated[
        bool | None, typer.Option("--tests/--no-tests", help="Only tests, or none of them.")
    ] = None,
    since: Annotated[
        str | None, typer.Option(help="Made at this moment or later (ISO 8601).")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Made before this moment (ISO 8601).")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many at most.")] = 20,
    url: access.Url = "",
    key: access.Key = "",
    as_json: access.AsJson = False,
) -> None:
    """List deliveries, newest first, or show one with every request and answer."""
    if event is not None and not looks_like_one(event):
        raise WrongUse(
            f"--event is the id of an event, and {event[:60]!a} is none. "
            "Did you mean --type, the event's type?"
        )
    with Rest(access.find(url, key)) as rest:
        if delivery is not None:
            row = rest.get(f"/deliveries/{access.segment(delivery)}")
            if as_json:
                screen.as_json(row)
            else:
                show_one(row)
            return
        rows = rest.newest(
            "/deliveries",
            limit,
            status=status,
            statusCode=status_code,
            errorKind=error_kind,
            webhookId=webhook,
            eventId=event,
            event=event_type,
            chatbotId=chatbot,
            chatlogId=chatlog,
            isTest=None if tests is None else str(tests).lower(),
            since=since,
            until=until,
        )
    if as_json:
        screen.as_json(rows)
        return
    outcome.show(rows)
    if not rows:
        screen.console().print("None.")


def resend(
    delivery: Annotated[str, typer.Argument(help="The delivery's id.")],
    wait: outcome.Wait = False,
    url: access.Url = "",
    key: access.Key = "",
    as_json: access.AsJson = False,
) -> None:
    """Send a delivery again: the same bytes, a new attempt."""
    with Rest(access.find(url, key)) as rest:
        row = rest.post(f"/deliveries/{access.segment(delivery)}/resend", {})
        if wait:
            row = outcome.wait_for(rest, [row["id"]], more_than=int(row["attemptCount"]))[0]
    if as_json:
        screen.as_json(row)
    elif wait:
        outcome.show([row])
    else:
        waits = "" if row["waitingFor"] in outcome.BRIEF else f" {row['waitingReason']}"
        screen.console().print(Text(screen.plain(f"Delivery {row['id']} is queued again.{waits}")))
    if wait:
        outcome.judge([row])


def show_one(row: dict[str, Any]) -> None:
    outcome.show([row])
    shown = screen.console()
    for attempt in sorted(row["attempts"], key=lambda one: int(one["number"])):
        request, response = attempt["request"], attempt["response"]
        shown.print(Text(f"\nAttempt {attempt['number']}  {attempt['startedAt']}", style="bold"))
        shown.print(Text(f"{request['method']} {screen.plain(request['url'])}"))
        shown.print(_headers(request["headers"]))
        _show_body(request["body"])
        shown.print(Text(f"\n{outcome.sentence({'attempts': [attempt]})}", style="bold"))
        if response:
            shown.print(_headers(response["headers"]))
            _show_body(response["body"])


def _show_body(body: str | None) -> None:
    """Below an empty line, as in HTTP."""
    if body:
        screen.console().print(Text(f"\n{screen.plain(body)}"))


def _headers(headers: dict[str, str]) -> Text:
    lines = (f"{name}: {value}" for name, value in headers.items())
    return Text(screen.plain("\n".join(lines)), style="dim")
