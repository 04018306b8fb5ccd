"""`emitter scenario`: play a whole conversation in real time, or list those there are."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from chatbots.counting import counted
from chatbots.scenarios import player, script
from emitter.cli import access, screen, terminal
from emitter.cli.ending import WrongUse
from emitter.cli.rest import Rest
from emitter.cli.rest_stage import RestStage

MAX_SPEED = 1000.0
BY_VISITOR = frozenset({script.Act.ASK, script.Act.PERSON, script.Act.HANDOVER})
DONE = {
    script.Act.HAND_BACK: "hands back to the chatbot",
    script.Act.CLOSE: "closes the live chat",
}


def scenario(
    name: Annotated[
        str | None, typer.Argument(help="One of the list, or a .toml file. Without it: the list.")
    ] = None,
    speed: Annotated[
        float, typer.Option(min=0.1, max=MAX_SPEED, help="How many times as fast as written.")
    ] = 1.0,
    visitors: Annotated[
        int, typer.Option(min=0, max=script.MAX_VISITORS, help="How many; 0: as it is written.")
    ] = 0,
    check: Annotated[bool, typer.Option("--check", help="Only read it, play nothing.")] = False,
    url: access.Url = "",
    key: access.Key = "",
    chatbot: access.ChatbotId = "",
    as_json: access.AsJson = False,
) -> None:
    """Play a whole conversation in real time, so that a receiver gets a life-like sequence."""
    if name is None:
        show_list(as_json)
        return
    try:
        read = script.load(terminal.file_name(name))
    except script.Mistake as mistake:
        raise WrongUse(str(mistake)) from None
    if visitors:
        read = replace(read, visitors=replace(read.visitors, count=visitors))
    if check:
        show_checked(read, as_json)
        return
    with Rest(access.with_chatbot(url, key, chatbot)) as rest:
        play(read, rest, speed, as_json)


def show_list(as_json: bool) -> None:
    found = [script.load(name) for name in script.names()]
    if as_json:
        screen.as_json(
            [{"name": one.name, "title": one.title, "about": one.about} for one in found]
        )
        return
    table = Table(box=None, pad_edge=False, show_header=False)
    for _ in range(2):
        table.add_column(overflow="fold")
    for one in found:
        table.add_row(Text(one.name, style="bold"), Text(f"{one.title}. {one.about}"))
    shown = screen.console()
    shown.soft_wrap = False
    shown.print(table)
    shown.print("\nPlay one with: emitter scenario NAME [--speed 10]")


def show_checked(read: script.Scenario, as_json: bool) -> None:
    if as_json:
        screen.as_json({"name": read.name, "title": read.title, "steps": read.steps_all})
        return
    screen.console().print(
        Text(f"{read.title}: {counted(read.steps_all, 'step')}. It can be played.")
    )


def play(read: script.Scenario, rest: Rest, speed: float, as_json: bool) -> None:
    """Play it and print each step. Raises Ending; Ctrl-C stops it."""
    shown = screen.console()
    many = read.visitors.count > 1
    if not as_json:
        shown.print(Text(f"{read.title}\n{read.about}\n", style="dim"))
    start = time.monotonic()
    steps = events = 0

    def wait(seconds: float) -> bool:
        time.sleep(seconds)
        return True

    for played in player.play(read, RestStage(rest), speed=speed, wait=wait):
        steps += 1
        events += len(played.outcome.events)
        at = time.monotonic() - start
        if as_json:
            screen.as_json(of_step(played, at))
        else:
            show_step(shown, played, at, many)
    if as_json:
        screen.as_json({"scenario": read.name, "steps": steps, "events": events})
    else:
        lasted = f"{time.monotonic() - start:.0f} s"
        shown.print(f"\n{counted(steps, 'step')}, {counted(events, 'event')}, {lasted}.")


def of_step(played: player.Played, at: float) -> dict[str, object]:
    return {
        "atSeconds": round(at, 3),
        "visitor": played.visitor.number,
        "step": played.step_number,
        "does": played.step.act.value,
        "text": played.text,
        "chatlogId": played.visitor.chatlog_id,
        "said": played.outcome.said,
        "events": list(played.outcome.events),
        "reason": played.outcome.reason,
    }


def show_step(shown: Console, played: player.Played, at: float, many: bool) -> None:
    act, outcome = played.step.act, played.outcome
    who, style = ("visitor", "green") if act in BY_VISITOR else ("agent", "magenta")
    if act == script.Act.AGENT and played.step.agent_name:
        who = played.step.agent_name
    elif many:
        who = f"{who} {played.visitor.number}"
    line = Text(f"{at:6.1f}s ", style="dim")
    line.append(screen.plain(who), style=f"bold {style}")
    line.append(f"  {screen.plain(played.text or DONE.get(act, ''))}")
    shown.print(line)
    if outcome.said:
        answer = Text("        ")
        answer.append("chatbot", style="bold blue")
        answer.append(f"  {screen.plain(outcome.said)}")
        shown.print(answer)
    if outcome.events or outcome.reason or act in BY_VISITOR:
        shown.print(screen.events_line(outcome.events, outcome.reason))
