"""Seals each secret anew, bound to its webhook's row.

What no present key opens is left as it is: it could not be read before either.
"""

import contextlib
from base64 import b64decode, urlsafe_b64decode

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import migrations

from webhooks import vault


def bind(apps, schema_editor):
    Webhook = apps.get_model("webhooks", "Webhook")
    for webhook in Webhook.objects.only("encrypted_secret", "previous_secrets").iterator():
        before = webhook.previous_secrets
        webhook.encrypted_secret = _bound(webhook.encrypted_secret, webhook.pk)
        webhook.previous_secrets = [[_bound(kept[0], webhook.pk), *kept[1:]] for kept in before]
        webhook.save(update_fields=["encrypted_secret", "previous_secrets"])


def _bound(token, webhook_id):
    if token.startswith("2."):
        return token
    secret = _open(token)
    return token if secret is None else vault.encrypt(secret, webhook_id)


def _open(token):
    """The secret in a token of before; None where no present key opens it."""
    if not token.startswith("1."):
        with contextlib.suppress(InvalidToken, ValueError):
            fernets = [Fernet(key) for key in settings.ENCRYPTION_KEYS]
            return MultiFernet(fernets).decrypt(token.encode()).decode()
        return None
    for key in settings.ENCRYPTION_KEYS:
        with contextlib.suppress(InvalidTag, ValueError):
            sealed = b64decode(token[2:])
            derived = HKDF(SHA256(), 32, None, b"a webhook's secret").derive(
                urlsafe_b64decode(key)
            )
            return AESGCM(derived).decrypt(sealed[:12], sealed[12:], None).decode()
    return None


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0005_what_an_answer_counts_for")]

    operations = [migrations.RunPython(bind, migrations.RunPython.noop)]
