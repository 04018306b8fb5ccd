"""`emitter chat`: talk with the chatbot, and see which events each message fired."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.text import Text

from chatbots.scenarios.player import Outcome, Visitor
from emitter.cli import access, screen, terminal
from emitter.cli.ending import WrongUse
from emitter.cli.rest import Rest
from emitter.cli.rest_stage import RestStage


def chat(
    message: Annotated[
        str | None, typer.Argument(help="What to say. Without it: a conversation, line by line.")
    ] = None,
    chatlog: Annotated[
        str | None, typer.Option(help="The chatlogId of a conversation to go on with.")
    ] = None,
    person: Annotated[
        bool, typer.Option("--person", help="Say it to a person (live chat), not to the chatbot.")
    ] = False,
    name: Annotated[str, typer.Option(help="The visitor's name (with --person).")] = "",
    email: Annotated[str, typer.Option(help="The visitor's e-mail (with --person).")] = "",
    url: access.Url = "",
    key: access.Key = "",
    chatbot: access.ChatbotId = "",
    as_json: access.AsJson = False,
) -> None:
    """Talk with the chatbot: one message, or line by line until an empty one or Ctrl-D."""
    if message is not None and not message.strip():
        raise WrongUse(
            "The message is empty. Say something, or leave it out for a conversation line by line."
        )
    if chatlog == "":
        raise WrongUse("--chatlog is empty. Leave it out for a new conversation.")
    with Rest(access.with_chatbot(url, key, chatbot)) as rest:
        visitor = Visitor(1, "web", name, email, chatlog_id=chatlog or "")
        stage = RestStage(rest)
        if chatlog:
            stage.look(chatlog)
        say = stage.person if person else stage.ask
        if message:
            show(say(visitor, message), visitor, as_json)
            return
        for line in lines(as_json):
            show(say(visitor, line), visitor, as_json)


def lines(as_json: bool) -> Iterator[str]:
    """What the person types, or what a script sends line by line."""
    asks = terminal.is_person() and not as_json
    while True:
        try:
            if asks:
                screen.console().print(Text("you > ", style="bold green"), end="")
            line = terminal.line()
        except KeyboardInterrupt:
            _end_line(asks)
            raise
        if line is None:
            _end_line(asks)
        if line is None or (asks and not line.strip()):
            return
        if line.strip():
            yield line


def _end_line(asks: bool) -> None:
    """Whatever the shell says next begins below the question."""
    if asks:
        screen.console().print()


def show(outcome: Outcome, visitor: Visitor, as_json: bool) -> None:
    if as_json:
        screen.as_json(
            {
                "response": outcome.said,
                "chatlogId": visitor.chatlog_id,
                "events": list(outcome.events),
                "reason": outcome.reason,
            }
        )
        return
    shown = screen.console()
    if outcome.said:
        line = Text("chatbot", style="bold blue")
        line.append(f"  {screen.plain(outcome.said)}", style="not bold default")
        shown.print(line)
    shown.print(screen.events_line(outcome.events, outcome.reason))
    shown.print(Text(f"        chatlogId {visitor.chatlog_id}", style="dim"))
