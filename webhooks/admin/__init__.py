"""The dashboard's pages of webhooks, events and deliveries."""

from webhooks.admin import deliveries, events, webhooks

__all__ = ["deliveries", "events", "webhooks"]
