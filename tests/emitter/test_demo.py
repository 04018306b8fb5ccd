"""The demo is made once; what a person has changed since stays as they want it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from chatbots.models import Account, ApiKey, Chatbot, Plan
from emitter import demo, sandbox_file
from emitter.sandbox_file import Sandbox
from webhooks import subscriptions
from webhooks.models import Webhook

URL = "http://127.0.0.1:8000"


@pytest.fixture
def sandbox(db: None, settings: Settings) -> Sandbox:
    """The way in after the first start."""
    settings.SANDBOX = True
    return demo.ensure(Sandbox(), URL)


def test_an_empty_database_gets_an_account_that_can_be_used(sandbox: Sandbox) -> None:
    account = Account.objects.get()
    assert account.plan == Plan.BASIC
    chatbot = Chatbot.objects.get(pk=sandbox.chatbot_id)
    assert chatbot.answers.count() >= 12
    assert {webhook.url for webhook in Webhook.objects.all()} == {sandbox.inbox_url}
    assert Webhook.objects.count() == 3
    key = ApiKey.find(sandbox.api_key)
    assert key is not None
    assert key.account == account
    admin = User.objects.get(username=sandbox.admin_user)
    assert admin.check_password(sandbox.admin_password)
    assert admin.is_superuser
    assert account.members.get() == admin


def test_a_second_start_changes_nothing(sandbox: Sandbox) -> None:
    assert demo.ensure(sandbox, URL) == sandbox
    assert (Account.objects.count(), ApiKey.objects.count(), Webhook.objects.count()) == (1, 1, 3)


def test_webhooks_to_the_inbox_follow_it_to_another_port(sandbox: Sandbox) -> None:
    own = Webhook.objects.first()
    assert own is not None
    subscriptions.update(own, url="http://127.0.0.1:3000/hook")
    moved = demo.ensure(sandbox, "http://127.0.0.1:8001")
    urls = sorted(Webhook.objects.values_list("url", flat=True))
    assert urls == ["http://127.0.0.1:3000/hook", moved.inbox_url, moved.inbox_url]


def test_a_webhook_that_was_deleted_stays_deleted(sandbox: Sandbox) -> None:
    for webhook in Webhook.objects.all():
        subscriptions.delete(webhook)
    demo.ensure(sandbox, "http://127.0.0.1:8001")
    assert not Webhook.objects.exclude(status="deleted").exists()


def test_a_new_database_takes_over_the_password_and_key_of_the_old(sandbox: Sandbox) -> None:
    Account.objects.all().delete()
    User.objects.all().delete()
    again = demo.ensure(sandbox, URL)
    assert (again.admin_password, again.api_key) == (sandbox.admin_password, sandbox.api_key)
    assert ApiKey.find(again.api_key) is not None


def test_a_password_the_person_has_changed_is_not_claimed_to_be_known(sandbox: Sandbox) -> None:
    admin = User.objects.get()
    admin.set_password("their own choice")
    admin.save()
    assert demo.ensure(sandbox, URL).admin_password == ""
    admin.refresh_from_db()
    assert admin.check_password("their own choice")


def test_a_revoked_key_is_replaced(sandbox: Sandbox) -> None:
    ApiKey.objects.get().revoke()
    again = demo.ensure(sandbox, URL)
    assert again.api_key != sandbox.api_key
    assert ApiKey.find(again.api_key) is not None


def test_a_file_that_is_damaged_is_made_anew(sandbox: Sandbox) -> None:
    sandbox_file.write(sandbox)
    assert sandbox_file.read() == sandbox
    assert sandbox_file.path().stat().st_mode & 0o777 == 0o600
    sandbox_file.path().write_text('{"url": 7')
    assert sandbox_file.read() == Sandbox()
