"""The command line, where no emitter is known and where a sandbox is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from chatbots import demo
from chatbots.models import Account, ApiKey, Chatbot
from tests.emitter.command import Emitter


@pytest.fixture
def bot(transactional_db: None) -> Chatbot:
    return demo.demo_chatbot(Account.objects.create(name="Acme"))


@pytest.fixture
def alone(tmp_path: Path) -> Emitter:
    """The command where no emitter is known."""
    return Emitter(tmp_path)


@pytest.fixture
def emitter(alone: Emitter, bot: Chatbot, live_server: LiveServer) -> Emitter:
    """The command where the sandbox wrote its file."""
    (alone.folder / "var").mkdir()
    key = ApiKey.issue(bot.account)[1]
    sandbox = {"url": live_server.url, "apiKey": key, "chatbotId": bot.pk}
    (alone.folder / "var" / "sandbox.json").write_text(json.dumps(sandbox))
    return alone
