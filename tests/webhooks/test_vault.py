"""Secrets at rest: unreadable without a key, readable through every rotation of the keys."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from webhooks import vault

OLD, NEW, NEWEST = (Fernet.generate_key().decode() for _ in range(3))


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_encrypted_comes_back(secret: str) -> None:
    assert vault.decrypt(vault.encrypt(secret)) == secret


def test_the_secret_is_not_in_the_token_and_no_two_tokens_are_alike() -> None:
    first, second = vault.encrypt("correct horse"), vault.encrypt("correct horse")
    assert "correct" not in first
    assert first != second


def test_a_secret_outlives_the_rotation_of_the_keys(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token = vault.encrypt("s3cret")
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert vault.decrypt(token) == "s3cret"
    renewed = vault.encrypt("s3cret")
    settings.ENCRYPTION_KEYS = [NEWEST, NEW]
    assert vault.decrypt(renewed) == "s3cret"
    with pytest.raises(vault.SecretUnreadable):
        vault.decrypt(token)


def test_the_first_key_encrypts(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    token = vault.encrypt("s3cret")
    settings.ENCRYPTION_KEYS = [NEW]
    assert vault.decrypt(token) == "s3cret"
    settings.ENCRYPTION_KEYS = [OLD]
    with pytest.raises(vault.SecretUnreadable):
        vault.decrypt(token)


def test_a_token_that_fernet_made_is_opened_with_any_of_the_keys(settings: Settings) -> None:
    token = Fernet(OLD).encrypt("s3cret Zoë".encode()).decode()
    settings.ENCRYPTION_KEYS = [NEW, OLD]
    assert vault.decrypt(token) == "s3cret Zoë"
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(vault.SecretUnreadable):
        vault.decrypt(token)


@pytest.mark.parametrize(
    "damage",
    ["", "gAAAA", "not a token", "é", "\0", "🎉", "1.", "1.AAAA", "1.A", "1.é", "1." + "A" * 40],
)
def test_a_damaged_token_says_what_to_do_and_not_what_is_in_it(damage: str) -> None:
    with pytest.raises(vault.SecretUnreadable) as raised:
        vault.decrypt(damage)
    assert "ENCRYPTION_KEYS" in str(raised.value)
    assert "rotate" in str(raised.value)


def test_a_token_that_was_tampered_with_is_unreadable() -> None:
    token = vault.encrypt("s3cret")
    for place in (2, len(token) // 2, len(token) - 4):  # The nonce, the secret, the tag.
        other = "A" if token[place] != "A" else "B"
        with pytest.raises(vault.SecretUnreadable):
            vault.decrypt(token[:place] + other + token[place + 1 :])


def test_the_error_does_not_carry_the_secret(settings: Settings) -> None:
    settings.ENCRYPTION_KEYS = [OLD]
    token = vault.encrypt("correct horse")
    settings.ENCRYPTION_KEYS = [NEW]
    with pytest.raises(vault.SecretUnreadable) as raised:
        vault.decrypt(token)
    assert "horse" not in str(raised.value)
    assert token not in str(raised.value)
