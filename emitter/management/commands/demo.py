"""`manage.py demo`: the sandbox's demo data, without starting anything."""

from __future__ import annotations

import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    help = "Make the sandbox's demo data on an empty database and write var/sandbox.json."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--url", default="http://127.0.0.1:8000", help="Where this emitter is reached."
        )

    def handle(self, *args: Any, url: str, **options: Any) -> None:
        if not settings.SANDBOX:
            raise CommandError("Demo data is for the sandbox. Set SANDBOX=1.")
        from emitter import demo, sandbox_file, standard_streams

        sandbox_file.write(demo.ensure(sandbox_file.read(), url.rstrip("/")))
        standard_streams.say(f"The way in is in {sandbox_file.path()}.", sys.stdout)
