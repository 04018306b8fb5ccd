"""The forms of a webhook's pages. They know shapes; the rules are in webhooks.subscriptions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import QuerySet
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from chatbots import database_clock
from chatbots.models import Chatbot, EventType
from webhooks import given_up, webhook_fields
from webhooks.models import RetrySchedule, Webhook
from webhooks.rate import MOST_PER_SECOND
from webhooks.simulation import MAX_COPIES
from webhooks.what_waits import ON_CHANGE

SECRET_ATTRS = {"autocomplete": "new-password", "spellcheck": "false"}


def add_errors(form: forms.Form, error: ValidationError) -> None:
    """Show what a rule said, at the field it blames if the form has that field."""
    by_field = (
        error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
    )
    for name, sentences in by_field.items():
        for sentence in sentences:
            form.add_error(name if name in form.fields else None, sentence)


class WebhookForm(forms.Form):
    """What adding and changing a webhook have in common."""

    url = forms.CharField(
        label="Endpoint URL",
        strip=True,
        # The rules' own sentence, not Django's.
        error_messages={"required": webhook_fields.sentence("url", "")},
        widget=UnfoldAdminTextInputWidget(
            attrs={"placeholder": "https://example.com/webhooks/wonderchat", "inputmode": "url"}
        ),
        help_text="Where the POST requests go. It must answer with a 2xx within 10 seconds.",
    )
    event = forms.ChoiceField(
        label="Event type",
        choices=EventType,
        initial=EventType.USER_MESSAGE_SENT,
        widget=UnfoldAdminSelectWidget,
    )
    description = forms.CharField(
        required=False,
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text="For you. It is not sent.",
    )
    retry_schedule = forms.ChoiceField(
        label="Retries", choices=RetrySchedule, widget=UnfoldAdminSelectWidget
    )
    standard_headers = forms.BooleanField(
        label="Standard Webhooks headers",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Send webhook-id, webhook-timestamp and webhook-signature too.",
    )
    ordered = forms.BooleanField(
        label="In order per conversation",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Deliveries of one conversation never overtake each other.",
    )
    rate_limit = forms.IntegerField(
        label="Most per second",
        required=False,
        min_value=1,
        max_value=MOST_PER_SECOND,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Spreads bursts out for a receiver that cannot take them. Empty: no limit.",
    )


class AddWebhookForm(WebhookForm):
    """Add Webhook, as Wonderchat's page tells it: URL, event type, secret, save."""

    chatbot = forms.ModelChoiceField(
        queryset=Chatbot.objects.none(), widget=UnfoldAdminSelectWidget, empty_label=None
    )
    secret = forms.CharField(
        label="Secret key",
        strip=False,
        error_messages={"required": webhook_fields.sentence("secret", "")},
        widget=UnfoldAdminPasswordWidget(attrs=SECRET_ATTRS),
        help_text="You use it to verify the signature on your backend. It is not shown again.",
    )
    field_order = ("chatbot", "url", "event", "secret")

    def __init__(self, chatbots: QuerySet[Chatbot], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choice = self.fields["chatbot"]
        assert isinstance(choice, forms.ModelChoiceField)
        choice.queryset = chatbots


class ChangeWebhookForm(WebhookForm):
    """Everything but the secret, which is rotated on its own page.

    Each field says what becomes of what waits when it changes.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.help_text = f"{field.help_text} {ON_CHANGE.get(name, '')}".strip()

    @classmethod
    def of(cls, webhook: Webhook, data: Any = None) -> ChangeWebhookForm:
        return cls(data, initial={name: getattr(webhook, name) for name in cls.base_fields})


class RotateForm(forms.Form):
    secret = forms.CharField(
        label="New secret key",
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs=SECRET_ATTRS),
        help_text="Leave it empty to have one made. It signs from the moment you press Rotate. "
        + ON_CHANGE["secret"],
    )


class UtcSeconds(forms.DateTimeInput):
    """The browser's own picker of a day and a second."""

    input_type = "datetime-local"

    def __init__(self) -> None:
        attrs = {**UnfoldAdminTextInputWidget().attrs, "step": "1"}
        super().__init__(attrs=attrs, format=given_up.FORM)


class Moment(forms.DateTimeField):
    """One that UTC has, too: the first day of the year 1 in Fiji is none."""

    def to_python(self, value: Any) -> datetime | None:
        moment = super().to_python(value)
        try:
            return moment.astimezone(UTC) if moment else None
        except OverflowError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class RecoverForm(forms.Form):
    since = Moment(label="From (UTC)", widget=UtcSeconds())
    until = Moment(
        label="Until (UTC)", required=False, widget=UtcSeconds(), help_text="Empty means now."
    )

    @classmethod
    def of(cls, webhook: Webhook, data: Any = None, asked: Any = None) -> RecoverForm:
        """With the window that was asked for, such as by a link; else since the webhook fails, or
        the last day."""
        window = cls(asked)
        if asked and window.is_valid():
            return cls(data, initial=window.cleaned_data)
        since = webhook.failing_since or database_clock.now() - timedelta(days=1)
        return cls(data, initial={"since": since.replace(second=0, microsecond=0)})


class SimulateForm(forms.Form):
    """How a test shall misbehave, so that a receiver's author sees theirs cope with it."""

    badSignature = forms.BooleanField(
        label="Wrong signature",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Your receiver should refuse it.",
    )
    unknownEvent = forms.BooleanField(
        label="Unknown event",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="Your receiver should answer 2xx and ignore it.",
    )
    timestampSkewSeconds = forms.IntegerField(
        label="Timestamp off by (seconds)",
        required=False,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"placeholder": "0"}),
        help_text="-600 is ten minutes ago, as in a replayed request.",
    )
    copies = forms.IntegerField(
        label="Copies",
        required=False,
        min_value=1,
        max_value=MAX_COPIES,
        widget=UnfoldAdminIntegerFieldWidget(attrs={"placeholder": "1"}),
        help_text="The same event several times: your receiver should handle it once.",
    )

    def simulation(self) -> dict[str, Any]:
        """What was asked for, as webhooks.simulation takes it."""
        return {name: value for name, value in self.cleaned_data.items() if value}
