"""What a visitor or the API's caller may send to a chat: the shape of each request, checked.

Texts are kept exactly as they were written: the payload of an event shows them. What no database
or UTF-8 can hold (NUL, half of a surrogate pair) is refused with the field's name.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from rest_framework import serializers

from chatbots.conversation import Contact
from chatbots.form_field import LONGEST_LABEL, LONGEST_VALUE, MOST_FIELDS
from chatbots.models import Channel
from chatbots.transcript import MOST_MESSAGES
from chatbots.whole_number import whole_number

MAX_MESSAGE_LENGTH = 4000

# One address a mail could be sent to: more than ASCII, no spaces, one @, and nothing that a header
# takes for a list, a name or a comment.
_address = re.compile(r"[^\s@,;:<>()\[\]\"\\]+@[^\s@,;:<>()\[\]\"\\]+")
_TEXT = "This must be a string."


def is_address(text: str) -> bool:
    """Whether a mail could be sent to `text`, and to nobody else."""
    return bool(_address.fullmatch(text)) and text.isprintable()


class Text(serializers.CharField):
    """A string, and nothing that could be turned into one; kept as it is."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"trim_whitespace": False} | options))

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_TEXT)
        return super().to_internal_value(data)


class Said(Text):
    """What a visitor says: not empty, not endless."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**({"max_length": MAX_MESSAGE_LENGTH} | options))

    def to_internal_value(self, data: object) -> str:
        text = super().to_internal_value(data)
        if not text.strip():
            self.fail("blank")
        return text


def optional(**options: Any) -> Text:
    return Text(required=False, allow_null=True, allow_blank=True, **options)


class ContactShape(serializers.Serializer[Any]):
    """Who the visitor is, as far as they told. Empty and null mean: not known."""

    email = optional(max_length=254)
    name = optional(max_length=200)
    phoneNumber = optional(max_length=40)

    def validate_email(self, value: str | None) -> str | None:
        if value and not is_address(value.strip()):
            raise serializers.ValidationError("Enter an e-mail address, such as name@example.com.")
        return value

    @property
    def contact(self) -> Contact:
        """Call after `is_valid`."""
        given = self.validated_data
        return Contact(
            email=(given.get("email") or "").strip(),
            name=(given.get("name") or "").strip(),
            phone_number=(given.get("phoneNumber") or "").strip(),
        )


class FormFields(serializers.DictField):
    """The values of a handover form: texts, numbers, yes or no, or a list of texts each."""

    default_error_messages: ClassVar = {
        "value": "The value of {name} must be a string, a number, a boolean or a list of strings.",
        "many": f"A form may have at most {MOST_FIELDS} fields.",
        "long": (f"Names may be {LONGEST_LABEL} characters long, values {LONGEST_VALUE}."),
    }

    def to_internal_value(self, data: object) -> dict[str, str]:
        if not isinstance(data, dict):
            self.fail("not_a_dict", input_type=type(data).__name__)
        if len(data) > MOST_FIELDS:
            self.fail("many")
        text, label = Text(allow_blank=True), Text()
        made: dict[str, str] = {}
        for name, value in data.items():
            label.run_validation(name)
            shown = text.run_validation(self._shown(name, value))
            if len(name) > LONGEST_LABEL or len(shown) > LONGEST_VALUE:
                self.fail("long")
            made[name] = shown
        return made

    def _shown(self, name: str, value: object) -> str:
        """A value as the support e-mail shows it."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "Yes" if value else "No"
        if isinstance(value, str | int | float):
            return str(value)
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return ", ".join(value)
        return self.fail("value", name=ascii(name[:LONGEST_LABEL]))


class AskShape(serializers.Serializer[Any]):
    """A question to a chatbot."""

    chatbotId = Text()
    question = Said(help_text=f"What the user says; up to {MAX_MESSAGE_LENGTH} characters.")
    chatlogId = optional(help_text="The conversation to go on with; without it, a new one.")


class MessagesShape(serializers.Serializer[Any]):
    """Which conversation to read, and which part of it."""

    chatlogId = Text()
    cursor = optional(help_text="The `next` of an answer: what was said before that.")
    limit = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=MOST_MESSAGES
    )

    def validate_cursor(self, value: str | None) -> str | None:
        if value and not whole_number(value):
            raise serializers.ValidationError("Take it from the `next` of an answer.")
        return value


class LiveChatShape(ContactShape):
    """A message that starts a live chat, or the next one in it."""

    chatbotId = Text()
    userMessage = Said()
    chatlogId = optional()
    channel = serializers.ChoiceField(
        choices=[Channel.WEB.value, Channel.WHATSAPP.value], default=Channel.WEB.value
    )


class HandoverShape(ContactShape):
    """A message that hands the conversation over to the support e-mail."""

    chatbotId = Text()
    userMessage = Said()
    via = serializers.ChoiceField(
        choices=["email", "leave_email", "form"],
        help_text="The e-mail handover feature, Leave Email, or a custom handover form.",
    )
    chatlogId = optional()
    formFields = FormFields(required=False, allow_null=True)
