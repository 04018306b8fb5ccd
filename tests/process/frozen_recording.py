"""A worker that claims what is due, and stands still in the middle of recording it."""

from __future__ import annotations

import os
import signal
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "emitter.settings"
django.setup()

from django.db import transaction  # noqa: E402

from tests.webhooks.due import claim_all, finish  # noqa: E402
from webhooks import queue  # noqa: E402


def main() -> None:
    claimed = claim_all()
    assert claimed
    with transaction.atomic():
        queue.present().record([finish(one, "pending") for one in claimed])
        sys.stdout.write("inside\n")
        sys.stdout.flush()
        os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    main()
