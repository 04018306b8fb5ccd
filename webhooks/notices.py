"""E-mails to the people of an account whose webhook was disabled by what its endpoint did.

Each is claimed before it is sent, so that of two runs at one time one sends it. Whoever dies with
one leaves it to the next run, five minutes later: it may arrive twice then, but not never.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from chatbots import database_clock, mail_server
from chatbots.counting import counted
from chatbots.mail_server import MailServer
from webhooks import given_up
from webhooks.models import Webhook, WebhookStatus
from webhooks.row_locks import unheld

logger = logging.getLogger(__name__)

# Longer than sending one can take (EMAIL_TIMEOUT for each step of it).
LEASE: Final = timedelta(minutes=5)


def send_due() -> int:
    """Send the notices that are due; returns of how many webhooks somebody was told.

    A mail server that cannot be reached is asked once, and leaves them all due for the next run.
    """
    told = 0
    with MailServer() as server:
        for pk in list(_due().order_by("pk").values_list("pk", flat=True)):
            webhook = _take(pk)
            if webhook is None:
                continue
            people = list(
                webhook.account.members.exclude(email="").values_list("email", flat=True).distinct()
            )
            if people and webhook.status == WebhookStatus.DISABLED:
                try:
                    server.send(_message(webhook, people))
                except mail_server.ERRORS as error:
                    if mail_server.is_of_the_server(error):
                        logger.warning("The mail server does not answer; notices wait: %s", error)
                        _mine(webhook).update(notice_taken_until=None)
                        break
                    # It stays taken for a while, so that it does not fail each minute.
                    logger.exception("The notice about webhook %s could not be sent", pk)
                    continue
                told += 1
            _mine(webhook).update(notice_due=False, notice_taken_until=None)
    return told


def _due() -> QuerySet[Webhook]:
    return Webhook.objects.filter(
        Q(notice_taken_until=None) | Q(notice_taken_until__lte=Now()), notice_due=True
    )


def _take(pk: int) -> Webhook | None:
    """Claim a notice that is due; None when another run has it, or somebody else holds the row."""
    with transaction.atomic():
        webhook = unheld(_due().filter(pk=pk)).first()
        if webhook is not None:
            webhook.notice_taken_until = database_clock.now() + LEASE
            webhook.save(update_fields=["notice_taken_until"])
    return webhook


def _mine(webhook: Webhook) -> QuerySet[Webhook]:
    """The row, if this run still has its notice: it may be disabled anew since."""
    return Webhook.objects.filter(
        pk=webhook.pk, notice_due=True, notice_taken_until=webhook.notice_taken_until
    )


def _message(webhook: Webhook, people: list[str]) -> EmailMessage:
    subject = f"Your webhook for {webhook.event} was disabled"
    return EmailMessage(subject, _notice(webhook), None, people)


def _notice(webhook: Webhook) -> str:
    text = (
        f"Wonderchat stopped sending {webhook.event} of the chatbot {webhook.chatbot.name} to\n\n"
        f"    {webhook.url}\n\n"
        f"{webhook.status_reason}\n\n"
        "What has not been given up waits, and so does what happens from now on. When your "
        "endpoint works again, open the webhook in the dashboard and enable it; all that waits is "
        f"sent then. What waits is kept for {counted(settings.EVENT_RETENTION_DAYS, 'day')} after "
        "it happened.\n"
    )
    lost = given_up.while_failing(webhook)
    if lost is None:
        return text
    return text + (
        f"\n{lost.how_many} {lost.was} given up before that. Nothing of it is lost: this page "
        f"sends just that again:\n\n    {lost.address}\n"
    )
