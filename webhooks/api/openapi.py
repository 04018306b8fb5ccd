"""GET /schema and /docs: the API described, and a page to try it. No file from another host."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from django.http import HttpResponse
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.views import APIView


class KeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # Its own gap.
    """Tells drf-spectacular what a key is."""

    target_class = "webhooks.api.authentication.KeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


@lru_cache(maxsize=1)
def schema() -> bytes:
    """The OpenAPI 3.1 document; made once, it depends on nothing but the code."""
    generator: Any = SchemaGenerator
    return msgspec.json.encode(generator().get_schema(request=None, public=True))


class SchemaView(APIView):
    """The OpenAPI document."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(schema(), content_type="application/json")


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI, from our own static files. Its script is a file too, so that none need stand in
    the page."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    url_name = "schema"
