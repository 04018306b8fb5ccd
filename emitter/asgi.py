"""The ASGI application of a web process (web_server.py)."""

from __future__ import annotations

import sys
from typing import Final

import django

from emitter import environment, garbage

environment.settings_module()
django.setup(set_prefix=False)

from emitter.front_door.door import FrontDoor  # noqa: E402 - Django comes first.

# How long a thread that computes keeps the others waiting, and so the event loop.
SWITCH_SECONDS: Final = 0.0005

application = FrontDoor()
sys.setswitchinterval(SWITCH_SECONDS)
garbage.settle()
