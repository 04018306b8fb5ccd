from __future__ import annotations

import pytest
from django.test import Client

LISTS = ["/webhooks/delivery/", "/webhooks/webhook/", "/chatbots/event/", "/chatbots/chatbot/"]


def test_what_is_not_there_is_told_in_words(browser_of_member: Client) -> None:
    answer = browser_of_member.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is nothing here" in answer.content.decode()


def test_what_is_not_allowed_is_told_in_words(browser_of_member: Client) -> None:
    answer = browser_of_member.get("/auth/user/")
    assert answer.status_code == 403
    assert "you may not do this" in answer.content.decode()


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", ["foo", "event__body__startswith", "_to_field"])
def test_a_filter_that_a_list_does_not_have_is_named_and_left_out(
    browser_of_member: Client, path: str, name: str
) -> None:
    answer = browser_of_member.get(f"{path}?{name}=bar&q=", follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain == [(f"{path}?q=", 302)]
    assert f"There is no filter &#x27;{name}&#x27;." in answer.content.decode()


@pytest.mark.parametrize("name", ["foo", "last_login__year", "password__startswith", "id__in"])
def test_the_people_list_names_a_filter_that_it_does_not_have(
    browser_of_operator: Client, name: str
) -> None:
    answer = browser_of_operator.get(f"/auth/user/?{name}=0&q=", follow=True)
    assert answer.redirect_chain == [("/auth/user/?q=", 302)]
    assert f"There is no filter &#x27;{name}&#x27;." in answer.content.decode()


@pytest.mark.parametrize("value", ["9" * 19, "9" * 30, "9" * 5000, f"1,{2**63}"])
@pytest.mark.parametrize("form", ["", "__exact", "__id__exact", "__in", "__isnull"])
def test_a_number_that_no_row_has_is_told_and_left_out(
    browser_of_operator: Client, form: str, value: str
) -> None:
    for path, name in (("/webhooks/delivery/", "webhook"), ("/chatbots/chatbot/", "account")):
        answer = browser_of_operator.get(f"{path}?{name}{form}={value}", follow=True)
        assert answer.status_code == 200
        said = f"The filter &#x27;{name}{form}&#x27; has a number that no row has."
        assert said in answer.content.decode()


def test_what_a_list_has_is_kept_beside_a_filter_it_does_not_have(
    browser_of_member: Client,
) -> None:
    path = "/webhooks/delivery/"
    answer = browser_of_member.get(f"{path}?status__exact=failed&foo=bar&o=1&p=1", follow=True)
    assert answer.redirect_chain == [(f"{path}?status__exact=failed&o=1&p=1", 302)]


def test_the_people_list_says_that_a_filter_does_not_fit(browser_of_operator: Client) -> None:
    answer = browser_of_operator.get("/auth/user/?is_active__exact=bar", follow=True)
    assert answer.redirect_chain == [("/auth/user/", 302)]
    assert "A filter in the address does not fit." in answer.content.decode()
