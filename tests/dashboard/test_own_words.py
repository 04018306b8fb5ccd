"""No text of Django's or of the theme's where this dashboard has its own."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from tests.dashboard.conftest import Everything
from tests.dashboard.pages import LISTS, lists, of

# "Nov. 26, 2026, 7:37 p.m.": whose evening?
WITHOUT_ZONE = re.compile(r"\d [ap]\.m\.")


def test_logging_out_says_so(browser_of_member: Client) -> None:
    text = browser_of_member.post(reverse("admin:logout")).content.decode()
    assert "You are logged out" in text
    assert "quality time" not in text
    assert f'href="{reverse("admin:index")}"' in text


def test_a_wrong_password_is_told_once(client: Client, db: None) -> None:
    answer = client.post(reverse("admin:login"), {"username": "nobody", "password": "wrong"})
    text = answer.content.decode()
    assert text.count("errornote") == 1
    assert "Please correct" not in text


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("search", ["", "q=4711"])
def test_an_empty_list_says_so_in_our_words(name: str, search: str, db: None) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("operator"))
    text = client.get(f"{reverse(f'admin:{name}_changelist')}?{search}").content.decode()
    assert "yielded" not in text
    if 'id="toolbar"' in text and search:
        assert " match</h3>" in text
    elif not search:
        assert " yet</h3>" in text


@pytest.mark.parametrize(
    ("with_cookie", "origin", "says"),
    [
        (True, "", "older than your login"),
        (False, "", "Allow cookies"),
        (True, "https://elsewhere.example", "CSRF_TRUSTED_ORIGINS"),
    ],
)
def test_a_form_that_is_not_accepted_says_what_to_do(
    with_cookie: bool, origin: str, says: str, db: None
) -> None:
    client = Client(enforce_csrf_checks=True)
    if with_cookie:
        client.get(reverse("admin:login"))
    sent = {"csrfmiddlewaretoken": "a" * 64, "username": "x", "password": "y"}
    head = {"origin": origin} if origin else {}
    answer = client.post(reverse("admin:login"), sent, headers=head)
    assert answer.status_code == 403
    assert says in answer.content.decode()
    assert "emitter/error.css" in answer.content.decode()


def test_every_moment_is_written_with_its_zone(browser_of_member: Client, own: Everything) -> None:
    for address in [*lists(), *of(own)]:
        text = browser_of_member.get(address).content.decode()
        assert not WITHOUT_ZONE.search(text), address
    listed = browser_of_member.get(reverse("admin:chatbots_apikey_changelist")).content.decode()
    assert re.search(r"\d{4}, \d\d:\d\d:\d\d UTC", listed)
    assert settings.TIME_ZONE == "UTC"
