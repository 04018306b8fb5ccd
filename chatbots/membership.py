"""Who may see what: operators (superusers) every account, members the accounts they belong to."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import QuerySet

from chatbots.models import Account, Chatbot

Person = AbstractBaseUser | AnonymousUser


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
