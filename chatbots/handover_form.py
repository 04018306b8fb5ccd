"""What a visitor filled into the chatbot's handover form: checked, and put where it belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatbots.conversation import NOBODY, Contact
from chatbots.form_field import LONGEST_VALUE, FieldKind, FormField
from chatbots.visitor_input import is_address

FEWEST_DIGITS = 5
# What the payload's own fields may hold.
LONGEST: dict[str, int] = {FieldKind.NAME: 200, FieldKind.EMAIL: 254, FieldKind.PHONE: 40}


class Invalid(ValueError):
    """`sentences` says of each field that is wrong, by its label, what to do."""

    def __init__(self, sentences: Mapping[str, str]) -> None:
        super().__init__(" ".join(f"{label}: {what}" for label, what in sentences.items()))
        self.sentences = dict(sentences)


@dataclass(frozen=True)
class Filled:
    """A form that was filled in as it asks.

    `values` are all of them by label, in the form's order, for the support e-mail; `contact` and
    `message` are those with a place in the payload, empty where the form has none.
    """

    values: dict[str, str]
    contact: Contact
    message: str

    @property
    def text(self) -> str:
        """The userMessage of this form: its message, or else what was filled in."""
        lines = (f"{label}: {value}" for label, value in self.values.items() if value)
        return self.message or "\n".join(lines)


def read(
    fields: Sequence[FormField],
    given: Mapping[str, str],
    *,
    known: Contact = NOBODY,
    message: str = "",
) -> Filled:
    """The values `given` by label, as `fields` ask for them.

    `known` and `message` are what a caller said beside the form: they satisfy a required field of
    their kind, and go before what the form says. Values without a field follow after the form's
    own. Raises Invalid.
    """
    wrong: dict[str, str] = {}
    values: dict[str, str] = {}
    placed: dict[str, str] = {
        FieldKind.NAME: known.name,
        FieldKind.EMAIL: known.email,
        FieldKind.PHONE: known.phone_number,
        FieldKind.MESSAGE: message,
    }
    for field in fields:
        value = given.get(field.label, "")
        value = value if field.kind == FieldKind.MESSAGE else value.strip()
        if value.strip():
            if why := _trouble(field, value):
                wrong[field.label] = why
        else:
            value = placed.get(field.kind, "")
            if field.required and not value:
                wrong[field.label] = "Please fill this in."
        values[field.label] = value
        if field.kind in placed:
            placed[field.kind] = placed[field.kind] or value
    if wrong:
        raise Invalid(wrong)
    labels = {field.label for field in fields}
    values |= {name: value for name, value in given.items() if name not in labels}
    contact = Contact(
        email=placed[FieldKind.EMAIL],
        name=placed[FieldKind.NAME],
        phone_number=placed[FieldKind.PHONE],
    )
    return Filled(values, contact, placed[FieldKind.MESSAGE])


def _trouble(field: FormField, value: str) -> str:
    """Why `field` does not take `value`; empty if it does."""
    kind = FieldKind(field.kind)
    longest = LONGEST.get(field.kind, LONGEST_VALUE)
    if len(value) > longest:
        return f"At most {longest} characters, please."
    if kind is FieldKind.EMAIL and not is_address(value):
        return "Enter an e-mail address, such as name@example.com."
    if kind is FieldKind.PHONE and sum(map(str.isdigit, value)) < FEWEST_DIGITS:
        return "Enter a phone number, such as +1 202 555 0100."
    if kind is FieldKind.CHOICE and value not in field.options:
        return f"Choose one of: {', '.join(field.options)}."
    return ""
