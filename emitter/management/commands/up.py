"""`manage.py up`: what `make up` runs."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Start web, worker and beat as one group in the foreground (make up)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        from emitter import up

        sys.exit(up.main())
