"""The demo chatbot: what a small shop's customers ask, with sources, and a form."""

from __future__ import annotations

from django.db import transaction

from chatbots.form_field import FieldKind, FormField
from chatbots.models import Account, Answer, Chatbot

NAME = "Customer Support Bot"
SUPPORT_EMAIL = "support@example.com"
GREETING = "Hi! I'm the assistant of Northwind Outfitters. What can I do for you?"
SITE = "https://example.com"

# Question, answer, title of the source, its path on SITE.
KNOWLEDGE: tuple[tuple[str, str, str, str], ...] = (
    (
        "What are your business hours?",
        "We're open Monday to Friday, 9 AM to 6 PM EST.",
        "Contact and opening hours",
        "/contact",
    ),
    (
        "How long does shipping take?",
        (
            "Orders leave our warehouse within one working day. Standard delivery takes 3 to 5 "
            "working days, express delivery 1 to 2."
        ),
        "Shipping times",
        "/shipping#times",
    ),
    (
        "How much does shipping cost?",
        "Standard shipping is $4.90, express is $12.90. Orders over $60 ship free.",
        "Shipping costs",
        "/shipping#costs",
    ),
    (
        "Do you ship internationally?",
        (
            "Yes, we ship to more than 40 countries, among them Canada, the UK and the whole of "
            "the EU. Customs duties, where there are any, are shown at checkout."
        ),
        "International shipping",
        "/shipping#international",
    ),
    (
        "How can I track my order?",
        (
            "As soon as your parcel leaves us you get an e-mail with a tracking link. You also "
            "find it in your account under Orders."
        ),
        "Track an order",
        "/orders/track",
    ),
    (
        "What is your return policy?",
        (
            "You can send anything back within 30 days, unworn and with its tags. Returns are "
            "free: print the label from your account and drop the parcel at any post office."
        ),
        "Returns",
        "/returns",
    ),
    (
        "When will I get my refund?",
        (
            "We refund within 5 working days after your return reaches us, to the payment "
            "method you used."
        ),
        "Refunds",
        "/returns#refunds",
    ),
    (
        "Can I cancel or change my order?",
        (
            "Yes, until it is packed, which is usually within two hours. Open the order in your "
            "account and choose Change or Cancel."
        ),
        "Change an order",
        "/orders/change",
    ),
    (
        "My item arrived damaged. What should I do?",
        (
            "We're sorry! Send us a photo within 14 days of delivery and we'll send a "
            "replacement at once; you need not return the damaged one."
        ),
        "Damaged items",
        "/returns#damaged",
    ),
    (
        "Which payment methods do you accept?",
        "Visa, Mastercard, American Express, PayPal, Apple Pay and Google Pay.",
        "Payment",
        "/payment",
    ),
    (
        "Do you have a discount code?",
        ("Newsletter subscribers get 10% off their first order, and students 15% all year round."),
        "Offers",
        "/offers",
    ),
    (
        "Do you sell gift cards?",
        "Yes, from $10 to $500, sent by e-mail at once and valid for five years.",
        "Gift cards",
        "/gift-cards",
    ),
    (
        "I forgot my password. How do I reset it?",
        ("Choose “Forgot password?” on the login page. The link in the e-mail works for one hour."),
        "Your account",
        "/account#password",
    ),
    (
        "How do I delete my account and my data?",
        (
            "Under Account → Privacy → Delete account. Everything we need not keep by law is "
            "erased within 30 days."
        ),
        "Privacy",
        "/privacy#delete",
    ),
    (
        "How do I find the right size?",
        (
            "Every product page has a size chart with measurements. Between two sizes, take the "
            "larger: exchanges are free."
        ),
        "Size guide",
        "/size-guide",
    ),
    (
        "Is there a warranty on your products?",
        "Two years on everything, five on backpacks and tents. We repair before we replace.",
        "Warranty",
        "/warranty",
    ),
)

FORM_TITLE = "Ask about an order"
FORM_INTRO = "Our order desk answers within one working day."
# Label, kind, required, what a choice offers.
FORM: tuple[tuple[str, FieldKind, bool, str], ...] = (
    ("Name", FieldKind.NAME, False, ""),
    ("E-mail", FieldKind.EMAIL, False, ""),
    ("Phone", FieldKind.PHONE, False, ""),
    ("Order number", FieldKind.TEXT, False, ""),
    (
        "Topic",
        FieldKind.CHOICE,
        False,
        "Delivery\nReturn\nDamaged item\nSomething else",
    ),
    ("What happened?", FieldKind.MESSAGE, True, ""),
)


def install(chatbot: Chatbot) -> None:
    """Give `chatbot` the demo's questions and answers and its form, in place of any it has."""
    with transaction.atomic():
        chatbot.answers.all().delete()
        chatbot.form_fields.all().delete()
        FormField.objects.bulk_create(
            FormField(
                chatbot=chatbot,
                position=position,
                label=label,
                kind=kind,
                required=required,
                choices=choices,
            )
            for position, (label, kind, required, choices) in enumerate(FORM)
        )
        Answer.objects.bulk_create(
            Answer(
                chatbot=chatbot,
                question=question,
                answer=answer,
                source_title=title,
                source_url=SITE + path,
            )
            for question, answer, title, path in KNOWLEDGE
        )


def demo_chatbot(account: Account) -> Chatbot:
    """A chatbot for `account` that can answer a dozen questions and more."""
    with transaction.atomic():
        chatbot = Chatbot.objects.create(
            account=account,
            name=NAME,
            support_email=SUPPORT_EMAIL,
            greeting=GREETING,
            form_title=FORM_TITLE,
            form_intro=FORM_INTRO,
        )
        install(chatbot)
    return chatbot
