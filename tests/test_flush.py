"""A test that commits leaves nothing behind, as quickly as may be."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command

from chatbots import conversation
from chatbots.models import Chatbot
from tests.management.commands import flush
from webhooks import subscriptions


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("many", [0, flush.MANY])
def test_every_table_is_emptied_and_the_permissions_stay(
    chatbot: Chatbot, member: User, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    monkeypatch.setattr(flush, "MANY", many)
    subscriptions.create(chatbot, url="https://hooks.example.com/", event="USER_MESSAGE_SENT")
    conversation.ask(chatbot, "What are your business hours?")
    member.user_permissions.add(*Permission.objects.all()[:3])
    before = Permission.objects.count(), ContentType.objects.count()
    call_command("flush", interactive=False, verbosity=0)
    left = {
        model.__name__
        for model in apps.get_models(include_auto_created=True)
        if model._base_manager.exists()
    }
    assert left == {"Permission", "ContentType"}
    assert before == (Permission.objects.count(), ContentType.objects.count())
