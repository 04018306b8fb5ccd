from __future__ import annotations

from django.test import Client


def test_what_is_not_there_is_told_in_words(browser_of_member: Client) -> None:
    answer = browser_of_member.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_what_is_not_allowed_is_told_in_words(browser_of_member: Client) -> None:
    answer = browser_of_member.get("/auth/user/")
    assert answer.status_code == 403
    assert "you may not do this" in answer.content.decode()
