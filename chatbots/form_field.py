"""One field of a chatbot's own handover form, as its owner designs it in the dashboard."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models

MOST_FIELDS = 30
MOST_CHOICES = 50
LONGEST_LABEL = 100
LONGEST_VALUE = 2000
# Where a new field is until its owner drags it: behind the others.
LAST = 9999


class FieldKind(models.TextChoices):
    """What a field takes. The first four have a place of their own in HUMAN_HANDOVER."""

    NAME = "name", "Name"
    EMAIL = "email", "E-mail"
    PHONE = "phone", "Phone"
    MESSAGE = "message", "Message"
    TEXT = "text", "Text"
    CHOICE = "choice", "Choice"


# Of several e-mails or phone numbers the payload has the first; of these there is one.
ONCE = (FieldKind.NAME, FieldKind.MESSAGE)


class FormField(models.Model):
    """A visitor fills it in on the chat page, a program with `formFields` of POST /handover."""

    chatbot = models.ForeignKey(
        "chatbots.Chatbot", on_delete=models.CASCADE, related_name="form_fields"
    )
    position = models.PositiveSmallIntegerField(default=LAST)
    label = models.CharField(max_length=LONGEST_LABEL)
    kind = models.CharField(max_length=7, choices=FieldKind, default=FieldKind.TEXT)
    required = models.BooleanField(default=False)
    choices = models.TextField(
        max_length=4000, blank=True, help_text="What a choice offers, one a line."
    )

    class Meta:
        verbose_name = "field of the handover form"
        verbose_name_plural = "handover form"
        ordering: ClassVar = ["position", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["chatbot", "label"],
                name="form_label_once",
                violation_error_message="The form has a field with this label already.",
            ),
            models.UniqueConstraint(
                fields=["chatbot", "kind"],
                condition=models.Q(kind__in=["name", "message"]),
                name="form_name_and_message_once",
                violation_error_message="A form has one name and one message.",
            ),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def options(self) -> list[str]:
        """What a choice offers, each once."""
        lines = (line.strip() for line in self.choices.splitlines())
        return list(dict.fromkeys(line for line in lines if line))

    def clean(self) -> None:
        self.label = " ".join(self.label.split())
        if self.kind == FieldKind.CHOICE and not self.options:
            raise ValidationError({"choices": "Write what the visitor may choose, one a line."})
        if len(self.options) > MOST_CHOICES:
            raise ValidationError({"choices": f"At most {MOST_CHOICES} choices."})
