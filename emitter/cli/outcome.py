"""What became of deliveries: waiting for their end, showing it, and the exit code it calls for."""

from __future__ import annotations

import time
from typing import Annotated, Any, Final

import typer
from rich.text import Text

from emitter.cli import screen
from emitter.cli.ending import TheAnswerIsNo
from emitter.cli.rest import Rest
from webhooks.expectation import Expected, answered, meets

Wait = Annotated[
    bool,
    typer.Option(
        "--wait",
        help="Wait for the first attempt; exit code 1 if it failed, or, with what misbehaves on "
        "purpose, if the receiver did not do what was expected of it.",
    ),
]
Expect = Annotated[
    Expected | None,
    typer.Option(
        "--expect",
        help="Wait; exit code 0 if every receiver did this, else 1. Without it a real event and a "
        "test are to be accepted, and a wrong signature is to be refused.",
    ),
]

# A delivery takes ten seconds at most; then it may have waited for its turn.
PATIENCE_SECONDS: Final = 30
A_MOMENT_SECONDS: Final = 1.0
LOOK_SECONDS: Final = 0.2
# What a delivery waits for a moment for; who waits for it need not know.
BRIEF: Final = (None, "answer", "turn", "rate_limit")
STYLE: Final = {"succeeded": "green", "failed": "red", "cancelled": "red"}


def wait_for(rest: Rest, ids: list[str], more_than: int = 0) -> list[dict[str, Any]]:
    """Each delivery once it has more than `more_than` attempts, or as it is when patience ends.

    Says meanwhile what they wait for, on stderr.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    rows: list[dict[str, Any]] = []
    for one in ids:
        told = None
        while True:
            row = rest.get(f"/deliveries/{one}")
            tried = len(row["attempts"]) > more_than and not row["inFlight"]
            ended = tried or row["status"] in ("held", "cancelled")
            if ended or time.monotonic() > deadline:
                break
            takes_long = time.monotonic() > deadline - PATIENCE_SECONDS + A_MOMENT_SECONDS
            if takes_long and row["waitingFor"] not in (*BRIEF, told):
                told = row["waitingFor"]
                line = f"Delivery {row['id']} waits. {screen.plain(row['waitingReason'])}"
                screen.errors().print(Text(line, style="dim"))
            time.sleep(LOOK_SECONDS)
        rows.append(row)
    return rows


def judge(rows: list[dict[str, Any]], expect: Expected | None = None) -> None:
    """Raises TheAnswerIsNo when a receiver did not do what was expected of it: `expect`, or what
    the delivery itself expects. A real one is to be delivered."""
    bad = [row for row in rows if not _is_good(row, expect)]
    if not bad:
        return
    some = f"{len(bad)} of {len(rows)} not"
    if expect:
        raise TheAnswerIsNo(f"{some} {'answered' if expect == Expected.EITHER else expect}.")
    if any(row["expected"] for row in bad):
        raise TheAnswerIsNo(f"{some} as expected.")
    raise TheAnswerIsNo(f"{some} delivered.")


def _is_good(row: dict[str, Any], expect: Expected | None) -> bool:
    if expect is None:
        return row["status"] == "succeeded" if row["expected"] is None else bool(row["asExpected"])
    last = last_attempt(row)
    return last is not None and meets(expect, answered(last["statusCode"], last["errorKind"] or ""))


def last_attempt(row: dict[str, Any]) -> dict[str, Any] | None:
    if "attempts" in row:
        return max(row["attempts"], key=lambda one: int(one["number"]), default=None)
    last: dict[str, Any] | None = row.get("lastAttempt")
    return last


def sentence(row: dict[str, Any]) -> str:
    """What the last attempt led to, "200 in 12 ms" or why it failed, and what it waits for now."""
    last = last_attempt(row)
    waits = str(row.get("waitingReason") or "")
    if last is None:
        return waits or "not tried"
    if row.get("verdict"):
        # What was answered as it should be needs no advice.
        why = "" if row["asExpected"] else str(last["error"] or "")
        code = f" ({last['statusCode']} in {last['durationMs']} ms)" if last["statusCode"] else ""
        return f"{row['verdict']}{code}. {why}".strip()
    if last["error"] or waits:
        return f"{last['error'] or ''} {waits}".strip()
    return f"{last['statusCode']} in {last['durationMs']} ms"


def show(rows: list[dict[str, Any]]) -> None:
    """A line for each delivery."""
    shown = screen.console()
    for row in rows:
        line = Text(f"{row['id']:>8}  ")
        style = STYLE.get(row["status"], "yellow")
        if row.get("asExpected") is not None:
            style = "green" if row["asExpected"] else "red"
        line.append(f"{row['status']:<9}", style=style)
        line.append(f"  {row['event']}", style=screen.EVENT_STYLE)
        line.append(f"  {screen.plain(row['url'])}")
        line.append(f"  {screen.plain(sentence(row))}", style="dim")
        shown.print(line)
