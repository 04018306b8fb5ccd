"""A URL is one URL, however it is typed; and what is sent to is what was typed."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from chatbots.models import Chatbot
from webhooks import destination, subscriptions
from webhooks.models import Webhook

EVENT = "USER_MESSAGE_SENT"
# As one host may be typed; the last is what all of them are.
HOSTS = st.sampled_from(
    [
        (["example.com", "EXAMPLE.com", "Example.Com"], "example.com"),
        (["bücher.example", "BÜCHER.example", "xn--bcher-kva.example"], "xn--bcher-kva.example"),
        (["ｅxample.com", "example.com"], "example.com"),
        (["[2001:db8::1]", "[2001:DB8:0:0:0:0:0:1]", "[2001:0db8::0001]"], "[2001:db8::1]"),
        (["203.0.113.7"], "203.0.113.7"),
    ]
)
TARGETS = st.text("abcXYZ0189-._~!$&'()*+,;=:@/%", max_size=30).map(
    lambda path: "/" + path
) | st.sampled_from(["/A?b=C&d", "/a%2Fb", "/?q=%c3%9C", "//x//", "/a/../b"])


@given(st.data(), HOSTS, TARGETS, st.sampled_from([("http", 80), ("https", 443)]))
def test_every_spelling_of_a_url_is_the_same_one(
    data: st.DataObject, hosts: tuple[list[str], str], target: str, kind: tuple[str, int]
) -> None:
    (spelt, host), (scheme, port) = hosts, kind
    typed = data.draw(st.sampled_from([scheme, scheme.upper(), scheme.title()])) + "://"
    typed += data.draw(st.sampled_from(spelt))
    typed += data.draw(st.sampled_from(["", f":{port}", f":0{port}"]))
    shown = target
    if target.startswith("/?") or target == "/":
        shown = data.draw(st.sampled_from([target, target[1:]]))
    assert destination.key(typed + shown) == destination.key(f"{scheme}://{host}{target}")
    # Path and query go out byte for byte.
    assert destination.parse(typed + shown).target == target


@given(st.lists(st.sampled_from(list("aA/%2Ff?=&.é{")), min_size=1, max_size=8).map("".join))
def test_one_key_means_one_request_line(rest: str) -> None:
    plain, other = "https://example.com/a", f"https://example.com/{rest}"
    same = destination.parse(plain).target == destination.parse(other).target
    assert (destination.key(plain) == destination.key(other)) == same


@pytest.mark.parametrize(
    "other",
    [
        "https://example.com/a",
        "https://example.com/A/",
        "https://example.com/A?",
        "http://example.com/A",
        "https://example.com:8443/A",
        "https://www.example.com/A",
        "https://example.com/%41",
        "https://example.com/b/../A",
    ],
)
def test_what_another_request_would_go_to_is_another_url(other: str) -> None:
    assert destination.key(other) != destination.key("https://example.com/A")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/~a", "/%7Ea"),
        ("/%c3", "/%C3"),
        ("/a", "/a/"),
        ("/a", "/A"),
        ("/a", "/b/../a"),
        ("/a?x=~", "/a?x=%7e"),
    ],
)
def test_path_and_query_are_compared_as_they_are_sent(one: str, other: str) -> None:
    urls = [f"https://example.com{rest}" for rest in (one, other)]
    assert [destination.parse(url).target for url in urls] == [one, other]
    assert len(set(map(destination.key, urls))) == 2


def add(chatbot: Chatbot, url: str, event: str = EVENT) -> Webhook:
    return subscriptions.create(chatbot, url=url, event=event)[0]


def test_the_same_url_typed_differently_is_not_added_twice(chatbot: Chatbot) -> None:
    webhook = add(chatbot, "HTTPS://EXAMPLE.com:443/A?b=C")
    with pytest.raises(ValidationError, match="already sends this event"):
        add(chatbot, "https://example.com/A?b=C")
    add(chatbot, "https://example.com/a?b=C")
    add(chatbot, "https://example.com/A?b=C", "HUMAN_HANDOVER")
    webhook.refresh_from_db()
    assert webhook.url == "HTTPS://EXAMPLE.com:443/A?b=C"  # As it was typed.


def test_nor_is_one_changed_into_another(chatbot: Chatbot) -> None:
    add(chatbot, "https://example.com/A")
    other = add(chatbot, "https://example.com/B")
    with pytest.raises(ValidationError, match="already sends this event"):
        subscriptions.update(other, url="https://EXAMPLE.com/A")


def test_one_that_is_deleted_leaves_its_url_free(chatbot: Chatbot) -> None:
    subscriptions.delete(add(chatbot, "https://example.com/A"))
    add(chatbot, "https://EXAMPLE.com/A")


def test_another_spelling_is_no_change(chatbot: Chatbot) -> None:
    webhook = add(chatbot, "https://example.com/A")
    before = webhook.generation
    subscriptions.update(webhook, url="https://EXAMPLE.com/A")
    webhook.refresh_from_db()
    assert (webhook.url, webhook.generation) == ("https://EXAMPLE.com/A", before)


def test_rows_made_without_the_rules_have_their_key_too(chatbot: Chatbot) -> None:
    webhook = add(chatbot, "https://example.com/A")
    copy = Webhook.objects.get(pk=webhook.pk)
    copy.pk, copy.url = None, "https://example.com/B"
    (made,) = Webhook.objects.bulk_create([copy])
    assert made.url_key == destination.key("https://example.com/B")
