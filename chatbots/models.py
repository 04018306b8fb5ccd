"""Accounts, their chatbots, the conversations visitors have with them, and the events recorded."""

from __future__ import annotations

import hashlib
import secrets
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone

from chatbots import framing, own_phrases
from chatbots.chat_state import State
from chatbots.fields import CuidField
from chatbots.form_field import FormField  # noqa: F401  # A model of this app.
from chatbots.request_count import RequestCount  # noqa: F401  # Another.
from chatbots.scenarios.row import ScenarioRun  # noqa: F401  # Another.


class Plan(models.TextChoices):
    """Wonderchat's plans, cheapest first. Webhooks are available on Basic and above."""

    FREE = "free", "Free"
    LITE = "lite", "Lite"
    BASIC = "basic", "Basic"
    PRO = "pro", "Pro"
    ENTERPRISE = "enterprise", "Enterprise"


PLANS_WITH_WEBHOOKS = frozenset({Plan.BASIC, Plan.PRO, Plan.ENTERPRISE})


class Account(models.Model):
    """A customer of Wonderchat."""

    name = models.CharField(max_length=120)
    plan = models.CharField(max_length=12, choices=Plan, default=Plan.BASIC)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL, through="Membership", related_name="accounts"
    )

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def has_webhooks(self) -> bool:
        return self.plan in PLANS_WITH_WEBHOOKS


class Membership(models.Model):
    """A person of an account: they see this account in the dashboard and no other."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )

    class Meta:
        verbose_name = "member"
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["account", "user"],
                name="member_once_per_account",
                violation_error_message="This person is a member of the account already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.account}"


KEY_PREFIX_LENGTH = 10


class ApiKey(models.Model):
    """A key of the REST API. Only its SHA-256 is kept: 256 random bits need no slow hash."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80, default="API key")
    prefix = models.CharField(max_length=KEY_PREFIX_LENGTH, editable=False)
    hash = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def hash_of(key: str) -> str:
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()

    @classmethod
    def issue(cls, account: Account, name: str = "API key") -> tuple[ApiKey, str]:
        """Make a key for `account`. Returns the row and the key itself, which is shown once."""
        key = "wc_" + secrets.token_urlsafe(32)
        row = cls.objects.create(
            account=account, name=name, prefix=key[:KEY_PREFIX_LENGTH], hash=cls.hash_of(key)
        )
        return row, key

    @classmethod
    def find(cls, key: str) -> ApiKey | None:
        """The live key that `key` is, or None."""
        return (
            cls.objects.select_related("account")
            .filter(hash=cls.hash_of(key), revoked_at=None)
            .first()
        )

    def revoke(self) -> None:
        self.revoked_at = timezone.now()
        self.save(update_fields=["revoked_at"])


class Chatbot(models.Model):
    """A chatbot on a customer's web site."""

    id = CuidField()
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="chatbots")
    name = models.CharField(max_length=120)
    support_email = models.EmailField(
        blank=True, help_text="Where a conversation handed over by e-mail is sent."
    )
    greeting = models.CharField(max_length=300, default="Hi! How can I help you today?")
    fallback_reply = models.CharField(
        max_length=500,
        default="I don't know that one. You can ask for a person at any time.",
        help_text="What the chatbot says when it has no answer.",
    )
    live_chat_enabled = models.BooleanField(
        "live chat", default=True, help_text="A visitor who asks for a person gets a live chat."
    )
    email_handover_enabled = models.BooleanField(
        "e-mail handover",
        default=True,
        help_text="Where live chat is off, a request for a person goes to the support e-mail.",
    )
    person_phrases = models.TextField(
        "your own phrases",
        blank=True,
        validators=[own_phrases.validate],
        help_text=(
            "A message with one of these asks for a person, besides the usual ways to say it. "
            "One phrase a line; capitals and accents make no difference."
        ),
    )
    embed_origins = models.TextField(
        "web sites that may embed it",
        blank=True,
        validators=[framing.validate],
        help_text=(
            "Where the chat button works: one origin a line, such as https://shop.example.com or "
            "https://*.example.com. Empty: this site only."
        ),
    )
    form_title = models.CharField(
        "title of the form",
        max_length=60,
        default="Contact form",
        help_text="On the button that opens it. A form without fields is not offered.",
    )
    form_intro = models.CharField("introduction", max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def can_hand_over(self) -> bool:
        """Whether a conversation may go to the support e-mail."""
        return self.email_handover_enabled and bool(self.support_email)

    def clean(self) -> None:
        if not self.live_chat_enabled and self.email_handover_enabled and not self.support_email:
            raise ValidationError({"support_email": "E-mail handover needs a support e-mail."})


class Answer(models.Model):
    """One question the chatbot can answer."""

    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="answers")
    question = models.CharField(max_length=300)
    answer = models.TextField(max_length=4000)
    source_title = models.CharField(max_length=200, blank=True)
    source_url = models.URLField(blank=True)

    class Meta:
        verbose_name = "question and answer"
        verbose_name_plural = "questions and answers"
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.question


class Channel(models.TextChoices):
    WEB = "web", "Web"
    WHATSAPP = "whatsapp", "WhatsApp"
    API = "api", "API"


class ConversationState(models.TextChoices):
    """The states of chat_state.py, in the dashboard's words."""

    BOT = State.BOT.value, "With the chatbot"
    WAITING = State.WAITING.value, "Waiting for a person"
    LIVE = State.LIVE.value, "Live with a person"
    HANDED_OVER = State.HANDED_OVER.value, "Handed over by e-mail"
    CLOSED = State.CLOSED.value, "Closed"


class Conversation(models.Model):
    """One visitor's chat. Its id is the `chatlogId` of the payloads."""

    id = CuidField()
    chatbot = models.ForeignKey(Chatbot, on_delete=models.CASCADE, related_name="conversations")
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.WEB)
    state = models.CharField(
        max_length=12, choices=ConversationState, default=ConversationState.BOT
    )
    # Live chat was asked for and the visitor's first message after that has not come yet.
    awaits_first_live_message = models.BooleanField(default=False, editable=False)
    # Judged when the visitor asks for a person, and with what they write while they wait.
    priority = models.CharField(max_length=6, blank=True, editable=False)
    priority_because = models.CharField(max_length=500, blank=True, editable=False)
    email = models.CharField(max_length=254, blank=True)
    name = models.CharField(max_length=200, blank=True)
    phone_number = models.CharField(max_length=40, blank=True)
    person_asked_for_at = models.DateTimeField(null=True, blank=True, editable=False)
    # What only the visitor's browser has, as its SHA-256 (visitor.py). Empty: no visitor's page
    # began it, and none can go on with it.
    visitor_digest = models.CharField(
        max_length=64, blank=True, default="", db_default="", editable=False
    )
    # Who talks with the visitor; nobody yet, or a program, where it is empty.
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering: ClassVar = ["-created_at"]
        indexes: ClassVar = [
            models.Index(fields=["chatbot", "-created_at"], name="conversation_newest"),
            models.Index(
                fields=["chatbot", "updated_at"],
                name="conversation_in_live_chat",
                condition=models.Q(state__in=["waiting", "live"]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.email or 'Visitor'} · {self.id}"


class MessageType(models.TextChoices):
    USER = "user", "User"
    BOT = "bot", "Bot"
    AGENT = "agent", "Agent"


AGENT_NAME_LENGTH = 150


class Message(models.Model):
    """One thing said in a conversation."""

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="messages"
    )
    type = models.CharField(max_length=5, choices=MessageType)
    content = models.TextField()
    # Where an answer of the chatbot comes from: {"url", "title"} each.
    sources = models.JSONField(default=list, blank=True, editable=False)
    agent_name = models.CharField(max_length=AGENT_NAME_LENGTH, blank=True)
    # The sender's own id of it: what is sent twice is kept once.
    client_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["client_id"],
                condition=models.Q(type="user") & ~models.Q(client_id=""),
                name="visitors_message_once",
            )
        ]

    def __str__(self) -> str:
        return self.content[:60]


class SupportEmailStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    SENT = "sent", "Sent"
    FAILED = "failed", "Failed"


class SupportEmail(models.Model):
    """A conversation on its way to the support e-mail.

    The row is written with the chat's own; a Celery task sends what is due (handover_mail.py), so
    a mail server or a broker that hangs is nothing a visitor waits for.
    """

    conversation = models.ForeignKey(
        Conversation, on_delete=models.CASCADE, related_name="support_emails"
    )
    to = models.EmailField()
    # The message that asked; the transcript in the mail ends with it.
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="+")
    # [label, value] each, in the form's order: PostgreSQL's JSON keeps no order of keys.
    form_values = models.JSONField(default=list, blank=True)
    priority = models.CharField(max_length=6, blank=True)
    priority_because = models.CharField(max_length=500, blank=True)
    status = models.CharField(
        max_length=7, choices=SupportEmailStatus, default=SupportEmailStatus.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(default=timezone.now)
    error = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "support e-mail"
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                name="support_email_due",
                condition=models.Q(status="pending"),
            )
        ]

    def __str__(self) -> str:
        return f"To {self.to}: {self.get_status_display()}"

    @property
    def form_fields(self) -> dict[str, str]:
        """The values of the form by label, in its order."""
        return dict(self.form_values)


class EventType(models.TextChoices):
    """Wonderchat's three events, in its words."""

    LIVE_CHAT_INITIATED = "LIVE_CHAT_INITIATED", "LIVE_CHAT_INITIATED"
    USER_MESSAGE_SENT = "USER_MESSAGE_SENT", "USER_MESSAGE_SENT"
    HUMAN_HANDOVER = "HUMAN_HANDOVER", "HUMAN_HANDOVER"


class EventSource(models.TextChoices):
    """What made an event happen."""

    CHAT = "chat", "A conversation"
    API = "api", "POST /events"
    TEST = "test", "Send test payload"


class Event(models.Model):
    """Something that happened in a chat, with the bytes every receiver gets.

    The table is written on every message and grows fast, so its links carry no constraint of the
    database's (each would cost a look-up and a lock per insert); nothing else writes here.
    """

    id = CuidField()
    chatbot = models.ForeignKey(
        Chatbot,
        on_delete=models.CASCADE,
        related_name="events",
        db_constraint=False,
        db_index=False,
    )
    # Free text, not a choice: a receiver's author may send an event that does not exist.
    type = models.CharField("event", max_length=60)
    occurred_at = models.DateTimeField(help_text="The payload's timestamp.")
    chatlog_id = models.CharField(max_length=64, blank=True)
    source = models.CharField(max_length=4, choices=EventSource, default=EventSource.CHAT)
    body = models.BinaryField(help_text="The exact bytes that are signed and sent.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["chatbot", "id"], name="event_of_chatbot"),
            models.Index(
                fields=["chatlog_id"], name="event_of_chatlog", condition=~models.Q(chatlog_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.id}"
