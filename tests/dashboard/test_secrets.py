"""A secret is in no page, whatever page it is."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from chatbots.models import ApiKey
from tests.dashboard import pages
from tests.dashboard.conftest import SECRET, Everything


def test_no_page_holds_a_secret_its_ciphertext_or_a_key(
    browser_of_member: Client, own: Everything
) -> None:
    for address in pages.lists() + pages.of(own):
        text = browser_of_member.get(address).content.decode()
        assert SECRET not in text, address
        assert own.webhook.encrypted_secret not in text, address
        assert own.clear_key not in text, address
        assert own.key.hash not in text, address


def test_a_refused_form_does_not_write_the_secret_back(
    browser_of_member: Client, own: Everything
) -> None:
    form = {"chatbot": own.chatbot.pk, "url": "x", "event": "HUMAN_HANDOVER", "secret": "typed-it"}
    answer = browser_of_member.post(reverse("admin:webhooks_webhook_add"), form)
    text = answer.content.decode()
    assert "typed-it" not in text
    assert "Enter the secret once more" in text
    rotate = reverse("admin:webhooks_webhook_rotate", args=[own.webhook.pk])
    refused = browser_of_member.post(rotate, {"secret": "typed\tit"}).content.decode()
    assert "control character" in refused
    assert "typed\tit" not in refused


def test_a_new_key_is_shown_once_and_works(browser_of_member: Client, own: Everything) -> None:
    address = reverse("admin:chatbots_apikey_add")
    answer = browser_of_member.post(address, {"account": own.account.pk, "name": "mine"})
    row = ApiKey.objects.get(name="mine")
    start = answer.content.decode().index(row.prefix)
    key = answer.content.decode()[start : start + 46]
    found = ApiKey.find(key)
    assert found == row
    assert "no-store" in answer["Cache-Control"]
    listed = browser_of_member.get(reverse("admin:chatbots_apikey_changelist")).content.decode()
    assert row.prefix in listed
    assert key not in listed


def test_a_revoked_key_opens_nothing(browser_of_member: Client, own: Everything) -> None:
    address = reverse("admin:chatbots_apikey_revoke", args=[own.key.pk])
    assert browser_of_member.get(address).status_code == 405
    assert browser_of_member.post(address).status_code == 302
    assert ApiKey.find(own.clear_key) is None


def test_every_file_of_a_page_comes_from_here(browser_of_member: Client, own: Everything) -> None:
    for address in pages.lists() + pages.of(own):
        text = browser_of_member.get(address).content.decode()
        for attribute in ('src="http', 'href="//', 'src="//', '<link href="http', "@import"):
            assert attribute not in text, (address, attribute)
