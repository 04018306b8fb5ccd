"""`manage.py up`: what `make up` runs."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = "Start web, worker and beat as one group in the foreground (make up)."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host",
            default="",
            help="Where the web listens (127.0.0.1); the sandbox answers to this name, too.",
        )

    def handle(self, *args: Any, host: str, **options: Any) -> None:
        from emitter import up

        sys.exit(up.main(host))
