"""Guessing a password is stopped, and whose password it is gets in all the same."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db.models import F
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.utils import timezone

from chatbots import allowance
from chatbots.request_count import RequestCount
from emitter import logins
from emitter.tasks import forget_logins

pytestmark = [pytest.mark.django_db, pytest.mark.once, pytest.mark.thorough]
HERE = "203.0.113.7"
RIGHT = "password"


def log_in(name: str, password: str, address: str = HERE, **more: Any) -> HttpResponse:
    return Client(REMOTE_ADDR=address).post(
        "/login/", {"username": name, "password": password}, **more
    )  # type: ignore[return-value]


def guess(name: str, times: int, address: str = HERE) -> list[int]:
    return [log_in(name, f"wrong-{number}", address).status_code for number in range(times)]


def is_in(response: HttpResponse) -> bool:
    return response.status_code == 302


def later(wait: timedelta) -> None:
    """As if that long had passed since every attempt and login."""
    AccessAttempt.objects.update(attempt_time=F("attempt_time") - wait)
    AccessLog.objects.update(attempt_time=F("attempt_time") - wait)


def test_sixty_wrong_passwords_are_not_followed_by_the_right_one(member: User) -> None:
    statuses = guess("member", 60)
    assert statuses == [200] * 9 + [429] * 51
    stopped = log_in("member", RIGHT)
    assert stopped.status_code == 429
    assert stopped["Retry-After"] == "900"
    page = stopped.content.decode()
    assert "Too many wrong passwords. Try again in 15 minutes." in page
    # In the theme, ready for the next try.
    assert 'name="password"' in page
    assert "emitter/dashboard.css" in page
    assert "wrong-" not in page


def test_it_ends_by_itself_however_often_it_is_tried_meanwhile(member: User) -> None:
    guess("member", 10)
    later(timedelta(minutes=14))
    assert guess("member", 3) == [429] * 3
    later(timedelta(minutes=2))
    assert is_in(log_in("member", RIGHT))


def test_the_right_password_starts_the_count_anew(member: User) -> None:
    for _ in range(3):
        assert guess("member", 9) == [200] * 9
        assert is_in(log_in("member", RIGHT))


def test_a_stranger_cannot_keep_somebody_out(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not from any number of addresses: the member usually comes from another one."""
    monkeypatch.setattr(logins, "OF_NAME", 20)
    assert is_in(log_in("member", RIGHT, "198.51.100.1"))
    for number in range(3):
        guess("member", 10, f"203.0.113.{number}")
    assert log_in("member", RIGHT, "192.0.2.9").status_code == 429
    assert is_in(log_in("member", RIGHT, "198.51.100.1"))


def test_the_same_office_is_not_shut_out_by_one_of_it(
    member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logins, "OF_ADDRESS", 12)
    assert is_in(log_in("member", RIGHT))
    for number in range(3):
        guess(f"somebody-{number}", 6)
    assert log_in("another", "wrong").status_code == 429
    assert is_in(log_in("member", RIGHT))


def test_many_names_from_one_address_are_stopped(member: User) -> None:
    statuses = [log_in(f"name-{number}", "summer").status_code for number in range(60)]
    assert statuses == [200] * 49 + [429] * 11
    assert log_in("member", RIGHT).status_code == 429


def test_one_name_from_many_addresses_is_stopped(member: User) -> None:
    statuses = [
        log_in("member", "wrong", f"10.0.{n // 200}.{n % 200}").status_code for n in range(110)
    ]
    assert statuses == [200] * 99 + [429] * 11


def test_another_browser_is_no_other_attempt(member: User) -> None:
    statuses = [
        log_in("member", "wrong", HTTP_USER_AGENT=f"browser {number}").status_code
        for number in range(12)
    ]
    assert statuses == [200] * 9 + [429] * 3


def test_an_ipv6_network_is_one_address(member: User) -> None:
    for number in range(10):
        log_in("member", "wrong", f"2001:db8:1:2::{number:x}")
    assert log_in("member", RIGHT, "2001:db8:1:2:ffff::1").status_code == 429
    assert is_in(log_in("member", RIGHT, "2001:db8:1:3::1"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("9.9.9.9", None, "9.9.9.9"),
        # What a stranger says of himself counts only behind a proxy of ours, and only its own word.
        ("9.9.9.9", "198.51.100.1", "9.9.9.9"),
        ("10.0.0.2", "198.51.100.1", "198.51.100.1"),
        ("10.0.0.2", "192.0.2.1, 198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2::"),
        ("127.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"),
        ("127.0.0.1", "fe80::1%eth0", "fe80::"),
        ("127.0.0.1", "unknown", None),
        ("", None, None),
    ],
)
def test_whose_address_counts(
    rf: RequestFactory, peer: str, forwarded: str | None, counted: str | None
) -> None:
    request = rf.post("/login/", REMOTE_ADDR=peer)
    if forwarded is not None:
        request.META["HTTP_X_FORWARDED_FOR"] = forwarded
    assert logins.address_of(request) == counted


def test_an_address_that_is_none_is_counted_too(member: User) -> None:
    statuses = [
        log_in("member", "wrong", "127.0.0.1", HTTP_X_FORWARDED_FOR="unknown").status_code
        for _ in range(11)
    ]
    assert statuses == [200] * 9 + [429] * 2


def test_the_sandbox_has_the_brake_too(member: User, settings: Any) -> None:
    settings.SANDBOX = True
    assert guess("member", 11)[-1] == 429


def test_one_line_in_the_log_says_it(member: User, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        guess("member", 20)
    said = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    said = [line for line in said if "/login/" not in line and "AXES" not in line]
    assert said == [
        f'Logins of "member" from {HERE} are stopped for 15 minutes: too many wrong passwords.'
    ]


def test_a_password_typed_as_a_name_is_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    guess("correct horse\x1b[31m", 11)
    assert "a name that nobody has" in caplog.text
    assert "horse" not in caplog.text


@pytest.mark.parametrize(
    "name", ["", "\0", "x" * 151, "x" * 100_000, "\ud800", "ﷺ" * 150, "member\n", "%s", "'"]
)
def test_no_name_breaks_the_page(member: User, name: str) -> None:
    assert guess(name.encode("utf-8", "replace").decode(), 12)[-1] in {200, 413, 429}


def test_what_is_kept_of_an_attempt_is_small_and_has_no_password(member: User) -> None:
    for _ in range(10):
        Client(REMOTE_ADDR=HERE).post(
            "/login/?next=/" + "a" * 3000,
            {"username": "member", "password": "my-secret", "more": "b" * 5_000},
        )
    [kept] = AccessAttempt.objects.all()
    everything = "".join(str(value) for value in vars(kept).values())
    assert "my-secret" not in everything
    assert len(everything) < 50_000


def test_old_attempts_logins_and_sessions_are_removed(member: User) -> None:
    guess("member", 3)
    browser = Client(REMOTE_ADDR=HERE)
    browser.post("/login/", {"username": "member", "password": RIGHT})
    guess("another", 3)
    later(timedelta(days=31))
    log_in("member", "wrong", "192.0.2.9")
    Session.objects.create(
        session_key="old", session_data="", expire_date=timezone.now() - timedelta(1)
    )
    forget_logins()
    assert AccessAttempt.objects.count() == 1
    assert not AccessLog.objects.exists()
    assert not Session.objects.filter(session_key="old").exists()
    assert browser.get("/").status_code == 200


def test_a_changed_password_ends_the_sessions_elsewhere(member: User) -> None:
    here, elsewhere = Client(), Client()
    for browser in (here, elsewhere):
        browser.post("/login/", {"username": "member", "password": RIGHT})
    new = {"old_password": RIGHT, "new_password1": "n3w-and-l0ng", "new_password2": "n3w-and-l0ng"}
    assert here.post("/password_change/", new).status_code == 302
    assert here.get("/").status_code == 200
    assert elsewhere.get("/").status_code == 302


def change(browser: Client, old: str, address: str = HERE) -> HttpResponse:
    new = {"new_password1": "n3w-and-l0ng", "new_password2": "n3w-and-l0ng"}
    return browser.post("/password_change/", new | {"old_password": old}, REMOTE_ADDR=address)  # type: ignore[return-value]


def of_member(member: User) -> Client:
    browser = Client()
    browser.force_login(member)
    return browser


@pytest.mark.parametrize("sandbox", [True, False])
def test_an_old_password_cannot_be_guessed(member: User, settings: Any, sandbox: bool) -> None:
    settings.SANDBOX = sandbox
    browser = of_member(member)
    assert [change(browser, f"wrong-{n}").status_code for n in range(70)] == [200] * 10 + [429] * 60
    stopped = change(browser, RIGHT)
    assert stopped.status_code == 429
    assert 890 <= int(stopped["Retry-After"]) <= 900
    page = stopped.content.decode()
    assert "Try again in 15 minutes." in page
    assert "entered incorrectly" not in page
    assert 'name="old_password"' in page
    member.refresh_from_db()
    assert member.check_password(RIGHT)


def test_it_is_the_person_whose_tries_count(member: User) -> None:
    """Not the session, nor the address; and nobody else is kept out."""
    for number in range(10):
        change(of_member(member), "wrong", f"203.0.113.{number}")
    assert change(of_member(member), RIGHT, "198.51.100.1").status_code == 429
    other = User.objects.create_user("other", password=RIGHT, is_staff=True)
    assert change(of_member(other), RIGHT).status_code == 302
    # Whoever is kept from changing it may log in all the same.
    assert is_in(log_in("member", RIGHT))


def test_a_password_can_be_changed_again_after_the_pause(member: User) -> None:
    browser = of_member(member)
    for number in range(11):
        change(browser, f"wrong-{number}")
    RequestCount.objects.update(ends_at=F("ends_at") - 900)
    allowance.forget()
    assert change(browser, RIGHT).status_code == 302


def test_the_attempts_are_no_page_of_the_dashboard(admin_client: Client) -> None:
    assert admin_client.get("/axes/accessattempt/").status_code == 404
    assert "axes" not in admin_client.get("/").content.decode()
