"""Accounts, keys and chatbots: what must hold of them."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from chatbots.cuid import cuid
from chatbots.models import Account, ApiKey, Chatbot, Membership, Plan


def test_ids_have_the_shape_of_wonderchats_and_rise() -> None:
    made = [cuid() for _ in range(2000)]
    assert made == sorted(set(made))
    assert all(re.fullmatch(r"c[a-z0-9]{24}", one) for one in made)


def test_ids_of_later_moments_sort_after_earlier_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = []
    for nanoseconds in (1_700_000_000_000_000_000, 1_700_000_000_001_000_000, 2 * 10**18):
        monkeypatch.setattr("time.time_ns", lambda now=nanoseconds: now)
        ids.append(cuid())
    assert ids == sorted(ids)


@pytest.mark.parametrize(
    ("plan", "has"),
    [
        (Plan.FREE, False),
        (Plan.LITE, False),
        (Plan.BASIC, True),
        (Plan.PRO, True),
        (Plan.ENTERPRISE, True),
    ],
)
def test_webhooks_come_with_basic_and_above(plan: Plan, has: bool) -> None:
    assert Account(name="x", plan=plan).has_webhooks is has


def test_a_key_is_kept_as_a_hash_and_found_until_revoked(account: Account) -> None:
    row, key = ApiKey.issue(account, "Mine")
    assert key not in str(row.__dict__)
    assert key.startswith(row.prefix)
    found = ApiKey.find(key)
    assert found == row
    assert ApiKey.find(key + "x") is None
    assert ApiKey.find("") is None
    assert ApiKey.find("\ud800\0") is None
    row.revoke()
    assert ApiKey.find(key) is None


def test_a_person_is_a_member_of_an_account_once(account: Account, member: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(account=account, user=member)
    with pytest.raises(ValidationError, match="member of the account already"):
        Membership(account=account, user=member).full_clean()


def test_email_handover_alone_needs_a_support_email(account: Account) -> None:
    chatbot = Chatbot(account=account, name="Bot", live_chat_enabled=False)
    with pytest.raises(ValidationError, match="needs a support e-mail"):
        chatbot.full_clean()
    chatbot.support_email = "support@acme.example"
    chatbot.full_clean()
