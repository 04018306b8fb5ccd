"""Secrets at rest: unreadable without a key, readable through every rotation of the keys."""

from __future__ import annotations

import importlib
from base64 import b64encode, urlsafe_b64decode

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.apps import apps
from hypothesis import assume, given
from hypothesis import strategies as st
from pytest_django import Settings

from chatbots.models import Chatbot
from webhooks import subscriptions, vault
from webhooks.models import Webhook

migration = importlib.import_module("webhooks.migrations.0006_secrets_bound_to_their_rows")

OLD, NEW, NEWEST = (Fernet.generate_key().decode() for _ in range(3))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_encrypted_comes_back(secret: str) -> None:
    assert vault.decrypt(vault.encrypt(secret, 7), 7) == secret


def test_the_secret_is_not_in_the_token_and_no_two_tokens_are_alike() -> None:
    first, second = vault.encrypt("correct horse", 7), vault.encrypt("correct horse", 7)
    assert "correct" not in first
    assert first != second


def test_a_secret_outlives_the_rotation_of_the_keys(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token = vault.encrypt("s3cret", 7)
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert vault.decrypt(token, 7) == "s3cret"
    renewed = vault.encrypt("s3cret", 7)
    settings.ENCRYPTION_KEYS = [NEWEST, NEW]
    assert vault.decrypt(renewed, 7) == "s3cret"
    with pytest.raises(vault.SecretUnreadable):
        vault.decrypt(token, 7)


def test_the_first_key_encrypts(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    token = vault.encrypt("s3cret", 7)
    settings.ENCRYPTION_KEYS = [NEW]
    assert vault.decrypt(token, 7) == "s3cret"
    settings.ENCRYPTION_KEYS = [OLD]
    with pytest.raises(vault.SecretUnreadable):
        vault.decrypt(token, 7)


@given(st.integers(1, 2**63 - 1), st.integers(1, 2**63 - 1))
def test_a_token_opens_in_the_row_it_was_made_for_alone(own: int, other: int) -> None:
    assume(own != other)
    token = vault.encrypt("s3cret", own)
    assert vault.decrypt(token, own) == "s3cret"
    with pytest.raises(vault.SecretUnreadable):
        vault.decrypt(token, other)


def test_a_token_of_before_the_binding_opens_nothing(settings: Settings) -> None:
    """One from an old dump could be put into any row; the migration has made them anew."""
    settings.ENCRYPTION_KEYS = [OLD]
    for token in (Fernet(OLD).encrypt(b"s3cret").decode(), unbound(OLD, "s3cret")):
        with pytest.raises(vault.SecretUnreadable):
            vault.decrypt(token, 7)


def unbound(key: str, secret: str) -> str:
    """A token as it was made before tokens were bound to their rows."""
    derived = HKDF(SHA256(), 32, None, b"a webhook's secret").derive(urlsafe_b64decode(key))
    sealed = b"n" * 12 + AESGCM(derived).encrypt(b"n" * 12, secret.encode(), None)
    return "1." + b64encode(sealed).decode()


@pytest.mark.django_db
def test_the_migration_binds_what_a_database_has(chatbot: Chatbot, settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    settings.SANDBOX = True
    first, second, lost = (
        subscriptions.create(chatbot, url=f"http://127.0.0.1/{n}", event="USER_MESSAGE_SENT")[0]
        for n in range(3)
    )
    for webhook, tokens in (
        (first, [unbound(OLD, "one"), unbound(NEW, "zero")]),
        (second, [Fernet(OLD).encrypt(b"two").decode()]),
        (lost, [unbound(NEWEST, "gone")]),
    ):
        webhook.encrypted_secret, *before = tokens
        webhook.previous_secrets = [[token, "2026-01-01T00:00:00Z"] for token in before]
        webhook.save()
    migration.bind(apps, None)
    migration.bind(apps, None)  # Whoever runs it twice loses nothing.
    for webhook in (first, second, lost):
        webhook.refresh_from_db()
    assert (first.secret, second.secret) == ("one", "two")
    [[token, end]] = first.previous_secrets
    assert (vault.decrypt(token, first.pk), end) == ("zero", "2026-01-01T00:00:00Z")
    with pytest.raises(vault.SecretUnreadable):
        _ = lost.secret


@pytest.mark.django_db
def test_a_secret_copied_to_another_row_signs_nothing(chatbot: Chatbot, settings: Settings) -> None:
    settings.SANDBOX = True
    mine, theirs = (
        subscriptions.create(chatbot, url=f"http://127.0.0.1/{n}", event="USER_MESSAGE_SENT")[0]
        for n in range(2)
    )
    Webhook.objects.filter(pk=mine.pk).update(encrypted_secret=theirs.encrypted_secret)
    mine.refresh_from_db()
    with pytest.raises(vault.SecretUnreadable):
        _ = mine.secret


@pytest.mark.parametrize(
    "damage",
    ["", "gAAAA", "not a token", "é", "\0", "🎉", "2.", "2.AAAA", "2.A", "2.é", "2." + "A" * 40],
)
def test_a_damaged_token_says_what_to_do_and_not_what_is_in_it(damage: str) -> None:
    with pytest.raises(vault.SecretUnreadable) as raised:
        vault.decrypt(damage, 7)
    assert "ENCRYPTION_KEYS" in str(raised.value)
    assert "rotate" in str(raised.value)


def test_a_token_that_was_tampered_with_is_unreadable() -> None:
    token = vault.encrypt("s3cret", 7)
    for place in (2, len(token) // 2, len(token) - 4):  # The nonce, the secret, the tag.
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(vault.SecretUnreadable):
            vault.decrypt(token[:place] + other + token[place + 1 :], 7)


def test_the_error_does_not_carry_the_secret(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token = vault.encrypt("correct horse", 7)
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(vault.SecretUnreadable) as raised:
        vault.decrypt(token, 7)
    assert "horse" not in str(raised.value)
    assert token not in str(raised.value)
