"""The REST API under /api/v1: its ways of asking and answering, and the views of webhooks."""
