"""The addresses of the dashboard's pages, for tests that go through all of them."""

from __future__ import annotations

from django.urls import reverse

from tests.dashboard.conftest import Everything

LISTS = (
    "chatbots_account",
    "chatbots_apikey",
    "chatbots_chatbot",
    "chatbots_conversation",
    "chatbots_event",
    "webhooks_webhook",
    "webhooks_delivery",
)


def lists() -> list[str]:
    """Pages that show many things, and the forms that offer some of them."""
    adds = ("webhooks_webhook", "chatbots_apikey", "chatbots_chatbot")
    return [
        reverse("admin:index"),
        reverse("admin:live_chat"),
        reverse("admin:live_chat_news"),
        *(reverse(f"admin:{name}_changelist") for name in LISTS),
        *(reverse(f"admin:{name}_add") for name in adds),
        reverse("admin:webhooks_webhook_changelist") + "?status=deleted",
    ]


def of(things: Everything) -> list[str]:
    """Every page that is about one of `things`."""
    rows = {
        "chatbots_account": things.account.pk,
        "chatbots_chatbot": things.chatbot.pk,
        "chatbots_conversation": things.conversation.pk,
        "chatbots_event": things.event.pk,
        "webhooks_webhook": things.webhook.pk,
        "webhooks_delivery": things.delivery.pk,
    }
    webhook, delivery = [things.webhook.pk], [things.delivery.pk]
    return [
        *(reverse(f"admin:{name}_change", args=[pk]) for name, pk in rows.items()),
        *(reverse(f"admin:{name}_history", args=[pk]) for name, pk in rows.items()),
        *(
            reverse(f"admin:webhooks_webhook_{name}", args=webhook)
            for name in ("edit", "rotate", "recover", "recover_count", "test")
        ),
        *(
            reverse(f"admin:webhooks_webhook_{name}", args=[*webhook, things.recovery.pk])
            for name in ("recovery", "recovery_live")
        ),
        reverse("admin:webhooks_delivery_live", args=delivery),
        reverse("admin:scenarios", args=[things.chatbot.pk]),
        reverse("admin:scenarios_run", args=[things.chatbot.pk]),
        reverse("admin:live_chat_open", args=[things.conversation.pk]),
        reverse("admin:live_chat_open_news", args=[things.conversation.pk]),
    ]


def actions(things: Everything) -> list[str]:
    """Everything that can be posted to one of `things`."""
    return [
        *(
            reverse(f"admin:webhooks_webhook_{name}", args=[things.webhook.pk])
            for name in ("enable", "disable", "remove", "edit", "rotate", "recover", "test")
        ),
        reverse("admin:webhooks_delivery_resend", args=[things.delivery.pk]),
        reverse("admin:chatbots_apikey_revoke", args=[things.key.pk]),
        *(
            reverse(f"admin:live_chat_{name}", args=[things.conversation.pk])
            for name in ("take", "reply", "hand_back", "close")
        ),
        reverse("admin:scenarios_play", args=[things.chatbot.pk]),
        reverse("admin:scenarios_stop", args=[things.chatbot.pk]),
        reverse("admin:chatbots_chatbot_change", args=[things.chatbot.pk]),
        reverse("admin:chatbots_account_change", args=[things.account.pk]),
    ]
