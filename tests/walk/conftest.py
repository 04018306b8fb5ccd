from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from inbox.models import Inbox, InboxRequest
from tests.dashboard.conftest import SECRET, Everything
from tests.walk import routes
from tests.walk.visit import Visitor


@pytest.fixture(autouse=True)
def _sandbox(settings: Any) -> None:
    # All addresses are there, and nobody is told to wait.
    settings.SANDBOX = True


@pytest.fixture
def visitor(db: None, tmp_path: Any, settings: Any) -> Visitor:
    """An operator with a browser and a key, where there is one of each thing."""
    settings.EMAIL_FILE_PATH = str(tmp_path)
    user = User.objects.create_superuser("operator", "operator@example.com", "password")
    things = Everything("heron", SECRET, user)
    inbox = Inbox.ensure_default()
    request = InboxRequest.objects.create(
        inbox=inbox, method="POST", path="/", body=b"{}", verdict="valid", answered_status=200
    )
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return Visitor(client, things.clear_key, things, routes.ids_of(things, inbox, request, user))
