"""The commands, and how each ends: 0 done, 1 the answer is no, 2 wrong use, 3 cannot reach."""

from __future__ import annotations

import os
import signal
import sys

import typer
from typer import rich_utils
from typer.exceptions import TyperException

from chatbots import printable
from emitter.cli import chat, deliveries, scenario, signatures, terminal, trigger
from emitter.cli.ending import CANNOT_REACH, WRONG_USE, Ending

# In fewer, the frames of --help cut words off; without frames they are wrapped.
FRAMED_COLUMNS = 80
INTERRUPTED = 128 + signal.SIGINT

app = typer.Typer(
    name="emitter",
    help="Talk with a running emitter over its REST API.",
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
    terminal.leave(_code())


def _code() -> int:
    """Typer's own `main` would end a closed pipe with 1, and a mistake with a panel of lines."""
    try:
        terminal.prepare()
        if os.environ.get("NO_COLOR"):
            rich_utils.COLOR_SYSTEM = None  # Of --help, as in screen.py.
        if terminal.width() < FRAMED_COLUMNS:
            app.rich_markup_mode = None
        command = typer.main.get_command(app)
        with command.make_context("emitter", terminal.arguments() or ["--help"]) as context:
            command.invoke(context)
        sys.stdout.flush()
    except typer.Exit as ended:
        return _written(ended.exit_code)
    except Ending as ending:
        return _written(ending.code, ending.sentence)
    except TyperException as mistake:
        return _written(WRONG_USE, _sentence(mistake))
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except (BrokenPipeError, SystemExit):
        # Whoever read has read enough. (The latter is what rich makes of it.)
        return 0
    except OSError as error:
        # Files and connections say this for themselves: it was the output.
        terminal.say(f"The output cannot be written: {error.strerror or error}.")
        return CANNOT_REACH
    return 0


def _written(code: int, sentence: str = "") -> int:
    """The code, once all that was printed before is written."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        code = code or 0
    except OSError as error:
        sentence = sentence or f"The output cannot be written: {error.strerror or error}."
        code = code or CANNOT_REACH
    if sentence:
        terminal.say(sentence)
    return code


def _sentence(mistake: TyperException) -> str:
    said = printable.line(mistake.format_message())
    context = getattr(mistake, "ctx", None)
    path = context.command_path if context is not None else "emitter"
    return f"{said if said.endswith('.') else said + '.'} `{path} --help` says what there is."
