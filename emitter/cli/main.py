"""The commands, and how each ends: 0 done, 1 the answer is no, 2 wrong use, 3 cannot reach."""

from __future__ import annotations

import sys

import typer

from emitter.cli import chat, deliveries, scenario, signatures, trigger
from emitter.cli.ending import Ending

app = typer.Typer(
    name="emitter",
    help="Talk with a running emitter over its REST API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(chat.chat)
app.command()(scenario.scenario)
app.command()(trigger.trigger)
app.command()(deliveries.deliveries)
app.command()(deliveries.resend)
app.command()(signatures.sign)
app.command()(signatures.verify)
app.command()(signatures.diagnose)


def run() -> None:
    """Run the command of this process's arguments and leave with its code."""
    try:
        app(prog_name="emitter")
    except Ending as ending:
        sys.stderr.write(f"emitter: {ending.sentence}\n")
        sys.exit(ending.code)
