"""What the API's views share: the caller's account, and the fields of what they sent."""

from __future__ import annotations

from typing import cast

from rest_framework.views import APIView

from chatbots.models import Account, ApiKey
from webhooks.api.reading import Fields, object_of


class ApiView(APIView):
    """A view of the REST API."""

    @property
    def account(self) -> Account:
        """The account whose key asks."""
        return cast(ApiKey, self.request.auth).account

    def fields(self) -> Fields:
        """The fields of the request's JSON object."""
        return Fields(object_of(self.request.data))
