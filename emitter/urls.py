"""Every path of the project. The dashboard is at the root, so it comes last."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path

from webhooks.api import problem

handler400 = "emitter.errors.bad_request"
handler500 = "emitter.errors.server_error"

# Here, not at start: a worker has no pages, and is a tenth smaller without them.
admin.autodiscover()

urlpatterns = [
    path("api/v1/", include("chatbots.api.urls")),
    path("api/v1/", include("webhooks.api.urls")),
    re_path(r"^api(?:/|$)", problem.not_found),
    path("", include("chatbots.urls")),
    path("", include("inbox.urls")),
    path("", admin.site.urls),
]
