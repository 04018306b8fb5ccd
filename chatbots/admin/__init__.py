"""The dashboard's pages of accounts, chatbots and conversations."""

from chatbots.admin import accounts, chatbots, conversations, people

__all__ = ["accounts", "chatbots", "conversations", "people"]
