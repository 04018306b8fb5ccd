"""The addresses of /api/v1 that concern webhooks, and those of its documentation."""

from __future__ import annotations

from django.urls import path

from webhooks.api import deliveries, events, openapi, recoveries, signatures, subscriptions

urlpatterns = [
    path("events", events.EventsView.as_view(), name="events"),
    path("events/batch", events.EventBatchView.as_view(), name="event-batch"),
    path("events/<str:event_id>", events.EventView.as_view(), name="event"),
    path("webhooks", subscriptions.WebhooksView.as_view(), name="webhooks"),
    path("webhooks/<str:webhook_id>", subscriptions.WebhookView.as_view(), name="webhook"),
    path("webhooks/<str:webhook_id>/test", subscriptions.WebhookTestView.as_view()),
    path("webhooks/<str:webhook_id>/enable", subscriptions.WebhookEnableView.as_view()),
    path("webhooks/<str:webhook_id>/disable", subscriptions.WebhookDisableView.as_view()),
    path("webhooks/<str:webhook_id>/rotate-secret", subscriptions.WebhookRotateView.as_view()),
    path("webhooks/<str:webhook_id>/recover", recoveries.RecoverView.as_view()),
    path("webhooks/<str:webhook_id>/recoveries", recoveries.RecoveriesView.as_view()),
    path(
        "webhooks/<str:webhook_id>/recoveries/<str:recovery_id>",
        recoveries.RecoveryView.as_view(),
    ),
    path("deliveries", deliveries.DeliveriesView.as_view(), name="deliveries"),
    path("deliveries/<str:delivery_id>", deliveries.DeliveryView.as_view(), name="delivery"),
    path("deliveries/<str:delivery_id>/resend", deliveries.DeliveryResendView.as_view()),
    path("signatures/diagnose", signatures.DiagnoseView.as_view(), name="diagnose"),
    path("schema", openapi.SchemaView.as_view(), name="schema"),
    path("docs", openapi.DocsView.as_view(), name="docs"),
]
