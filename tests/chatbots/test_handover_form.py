"""A chatbot's own handover form: what it takes, and where its values go."""

from __future__ import annotations

import pytest
from django.test import Client

from chatbots.conversation import Contact
from chatbots.form_field import FieldKind, FormField
from chatbots.handover_form import Invalid, read
from chatbots.models import Chatbot

EMAIL = FormField(label="Mail", kind=FieldKind.EMAIL, required=True)
SECOND_EMAIL = FormField(label="Boss's mail", kind=FieldKind.EMAIL)
NAME = FormField(label="Name", kind=FieldKind.NAME)
PHONE = FormField(label="Phone", kind=FieldKind.PHONE)
ORDER = FormField(label="Order", kind=FieldKind.TEXT, required=True)
TOPIC = FormField(label="Topic", kind=FieldKind.CHOICE, choices="Return\r\n\r\n Delivery \nReturn")
MESSAGE = FormField(label="Message", kind=FieldKind.MESSAGE)


def test_values_go_where_the_payload_has_a_place_and_all_are_kept_in_the_forms_order() -> None:
    given = {
        "Message": " Help!\n",
        "0": "extra",
        "Boss's mail": "boss@x.example",
        "Mail": " ann@x.example ",
        "Name": "Ann",
        "Phone": "12345",
    }
    filled = read([NAME, EMAIL, SECOND_EMAIL, PHONE, TOPIC, MESSAGE], given)
    assert filled.contact == Contact(email="ann@x.example", name="Ann", phone_number="12345")
    assert filled.text == filled.message == " Help!\n"
    assert list(filled.values.items()) == [
        ("Name", "Ann"),
        ("Mail", "ann@x.example"),
        ("Boss's mail", "boss@x.example"),
        ("Phone", "12345"),
        ("Topic", ""),
        ("Message", " Help!\n"),
        ("0", "extra"),
    ]


def test_a_form_without_a_message_says_what_was_filled_in() -> None:
    filled = read([ORDER, TOPIC, NAME], {"Topic": "Return", "Order": "7"})
    assert filled.message == ""
    assert filled.text == "Order: 7\nTopic: Return"


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        (ORDER, None, "Please fill this in."),
        (ORDER, " \n", "Please fill this in."),
        (ORDER, "x" * 2001, "At most 2000"),
        (EMAIL, "ann", "e-mail address"),
        (EMAIL, "a@b\r\nBcc: c@d", "e-mail address"),
        (NAME, "x" * 201, "At most 200"),
        (PHONE, "call me", "phone number"),
        (PHONE, "1" * 41, "At most 40"),
        (TOPIC, "return", "Choose one of: Return, Delivery."),
    ],
)
def test_what_a_field_does_not_take_is_named(field: FormField, value: str | None, why: str) -> None:
    with pytest.raises(Invalid) as raised:
        read([field], {} if value is None else {field.label: value})
    assert list(raised.value.sentences) == [field.label]
    assert why in raised.value.sentences[field.label]


def test_what_a_caller_says_beside_the_form_satisfies_it_and_goes_first() -> None:
    known = Contact(email="body@x.example")
    filled = read([EMAIL, MESSAGE], {}, known=known, message="From the body")
    assert filled.contact.email == "body@x.example"
    assert filled.values == {"Mail": "body@x.example", "Message": "From the body"}
    both = read([EMAIL], {"Mail": "form@x.example"}, known=known)
    assert (both.contact.email, both.values["Mail"]) == ("body@x.example", "form@x.example")


def test_no_form_takes_anything() -> None:
    assert read([], {"a": "b"}).values == {"a": "b"}


def test_no_form_is_offered_where_nobody_would_get_it(chatbot: Chatbot) -> None:
    FormField.objects.create(chatbot=chatbot, label="Order", kind=FieldKind.TEXT)
    assert 'id="form"' in Client().get(f"/chatbot/{chatbot.pk}").content.decode()
    chatbot.email_handover_enabled = False
    chatbot.save()
    assert 'id="form"' not in Client().get(f"/chatbot/{chatbot.pk}").content.decode()
