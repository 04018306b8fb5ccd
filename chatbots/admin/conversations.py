"""Conversations, as they were said, and the agent's side of a live chat.

Nobody changes what was said.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from rest_framework import serializers
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.paginator import InfinitePaginator

from chatbots import conversation as chat
from chatbots.admin.column import column
from chatbots.admin.scope import ScopedAdmin, ScopedFilter
from chatbots.chat_state import LIVE_STATES
from chatbots.models import Conversation, ConversationState, Event
from chatbots.visitor_input import MAX_MESSAGE_LENGTH, Said

STATE_COLOUR = {
    ConversationState.BOT: "info",
    ConversationState.WAITING: "warning",
    ConversationState.LIVE: "success",
    ConversationState.HANDED_OVER: "primary",
}
SHOWN_MESSAGES = 500
SHOWN_EVENTS = 50


@admin.register(Conversation)
class ConversationAdmin(ScopedAdmin):
    account_path = "chatbot__account"
    may_add = False
    may_change = False
    list_display = ("visitor", "chatbot", "channel", "state_label", "created_at")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("chatbot", ScopedFilter),
    )
    list_select_related = ("chatbot",)
    search_fields = ("=id", "email", "name")
    search_help_text = "Search by chatlog id, e-mail or name"
    paginator = InfinitePaginator
    show_full_result_count = False

    @column("visitor", header=True)
    def visitor(self, conversation: Conversation) -> list[str]:
        return [conversation.name or conversation.email or "Visitor", conversation.pk]

    @column(
        "state",
        label={choice.label: colour for choice, colour in STATE_COLOUR.items()},
    )
    def state_label(self, conversation: Conversation) -> str:
        return conversation.get_state_display()

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<str:pk>/reply/",
                view(require_POST(self.reply)),
                name="chatbots_conversation_reply",
            ),
            path(
                "<str:pk>/close/",
                view(require_POST(self.close)),
                name="chatbots_conversation_close",
            ),
            *super().get_urls(),
        ]

    def _conversation(self, request: HttpRequest, pk: str) -> Conversation:
        conversation: Conversation | None = self.get_object(request, pk)
        if conversation is None:
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        return conversation

    def reply(self, request: HttpRequest, pk: str) -> HttpResponse:
        """An agent's message in a live chat. What cannot be sent is shown with its reason."""
        conversation = self._conversation(request, pk)
        page = redirect(reverse("admin:chatbots_conversation_change", args=[pk]))
        if conversation.state not in LIVE_STATES:
            messages.error(request, "The live chat has ended. Nothing was sent.")
            return page
        # A form sends its line breaks as CRLF; the visitor's page writes LF.
        draft = request.POST.get("text", "").replace("\r\n", "\n")
        try:
            text = Said().run_validation(draft)
        except serializers.ValidationError as error:
            why = "Write a reply first." if not draft.strip() else " ".join(map(str, error.detail))
            return self.change_view(request, pk, "", {"draft": draft, "reply_error": why})
        chat.agent_reply(conversation, text)
        self.log_change(request, conversation, "Replied")
        return page

    def close(self, request: HttpRequest, pk: str) -> HttpResponse:
        """End a live chat; the chatbot answers again. One that is over already stays as it is."""
        conversation = self._conversation(request, pk)
        if conversation.state in LIVE_STATES:
            chat.close(conversation)
            self.log_change(request, conversation, "Ended the live chat")
            messages.success(request, "The live chat has ended. The chatbot answers again.")
        return redirect(reverse("admin:chatbots_conversation_change", args=[pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The transcript, as bubbles, and what happened beside it."""
        conversation = self._conversation(request, object_id)
        newest = list(conversation.messages.order_by("-id")[: SHOWN_MESSAGES + 1])
        context = {
            **self.admin_site.each_context(request),
            "title": str(conversation),
            "opts": self.opts,
            "original": conversation,
            "conversation": conversation,
            "is_live": conversation.state in LIVE_STATES,
            "max_length": MAX_MESSAGE_LENGTH,
            "state_colour": STATE_COLOUR.get(ConversationState(conversation.state), "default"),
            "said": newest[SHOWN_MESSAGES - 1 :: -1],
            "shortened": len(newest) > SHOWN_MESSAGES,
            "events": Event.objects.filter(
                chatlog_id=conversation.pk, chatbot=conversation.chatbot_id
            ).order_by("id")[:SHOWN_EVENTS],
            **(extra_context or {}),
        }
        return render(request, "admin/conversation.html", context)
