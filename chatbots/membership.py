"""Who may see what: operators (superusers) every account, members the accounts they belong to."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from chatbots.models import PLANS_WITH_WEBHOOKS, Account, Chatbot

Person = AbstractBaseUser | AnonymousUser


# Each is a notice of its own on a page.
NAMED = 3


@dataclass(frozen=True)
class BelowBasic:
    """Accounts whose plan has no webhooks: the first few, and how many more there are."""

    first: list[Account]
    more: int


def is_operator(user: Person) -> bool:
    return bool(user.is_active and getattr(user, "is_superuser", False))


def accounts_of(user: Person) -> QuerySet[Account]:
    """The accounts that `user` may see."""
    if is_operator(user):
        return Account.objects.all()
    if not user.is_authenticated or not user.is_active:
        return Account.objects.none()
    return Account.objects.filter(memberships__user=user.pk)


def chatbots_of(user: Person) -> QuerySet[Chatbot]:
    """The chatbots that `user` may see."""
    if is_operator(user):
        return Chatbot.objects.all()
    return Chatbot.objects.filter(account__in=accounts_of(user))


def below_basic(user: Person) -> BelowBasic:
    """The accounts of `user` for which nothing is sent."""
    short = accounts_of(user).exclude(plan__in=PLANS_WITH_WEBHOOKS)
    first = list(short[: NAMED + 1])
    if len(first) <= NAMED:
        return BelowBasic(first, 0)
    return BelowBasic(first[:NAMED], short.count() - NAMED)
