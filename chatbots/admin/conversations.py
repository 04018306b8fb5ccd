"""Conversations, as they were said. Nobody changes that; agents answer in live_chat.py."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.paginator import InfinitePaginator

from chatbots import handover_mail, transcript
from chatbots.admin.column import column
from chatbots.admin.live_chat_list import who
from chatbots.admin.scope import ScopedAdmin, ScopedFilter
from chatbots.chat_state import LIVE_STATES
from chatbots.models import Conversation, ConversationState, Event
from chatbots.whole_number import whole_number

STATE_COLOUR = {
    ConversationState.BOT: "info",
    ConversationState.WAITING: "warning",
    ConversationState.LIVE: "success",
    ConversationState.HANDED_OVER: "primary",
}
SHOWN_EVENTS = 50
SHOWN_MAILS = 3


@admin.register(Conversation)
class ConversationAdmin(ScopedAdmin):
    account_path = "chatbot__account"
    may_add = False
    why_empty = "One begins when a visitor writes to a chatbot."
    may_change = False
    list_display = ("visitor", "chatbot", "channel", "state_label", "created_at")
    list_filter = (
        ("state", ChoicesDropdownFilter),
        ("channel", ChoicesDropdownFilter),
        ("chatbot", ScopedFilter),
    )
    list_select_related = ("chatbot",)
    search_fields = ("=id", "email", "name", "phone_number")
    search_help_text = "Search by chatlog id, e-mail, name or phone number"
    paginator = InfinitePaginator
    show_full_result_count = False

    @column("visitor", header=True)
    def visitor(self, conversation: Conversation) -> list[str]:
        return [who(conversation), conversation.pk]

    @column(
        "state",
        label={choice.label: colour for choice, colour in STATE_COLOUR.items()},
    )
    def state_label(self, conversation: Conversation) -> str:
        return conversation.get_state_display()

    def _conversation(self, request: HttpRequest, pk: str) -> Conversation:
        conversation: Conversation | None = self.get_object(request, pk)
        if conversation is None:
            raise Http404(f"There is no such {self.opts.verbose_name}.")
        return conversation

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The transcript, as bubbles, and what happened beside it."""
        conversation = self._conversation(request, object_id)
        mails = list(conversation.support_emails.all()[:SHOWN_MAILS])
        before = whole_number(request.GET.get("before", ""))
        said = transcript.latest(conversation, before=before)
        context = {
            **self.admin_site.each_context(request),
            "title": str(conversation),
            "opts": self.opts,
            "original": conversation,
            "conversation": conversation,
            "is_live": conversation.state in LIVE_STATES,
            "state_colour": STATE_COLOUR.get(ConversationState(conversation.state), "default"),
            "said": said.messages,
            "before": said.before,
            "is_part": bool(before),
            "judged": bool(conversation.person_asked_for_at or mails),
            "mails": [{"row": mail, "message": handover_mail.message_of(mail)} for mail in mails],
            "events": Event.objects.filter(
                chatlog_id=conversation.pk, chatbot=conversation.chatbot_id
            ).order_by("id")[:SHOWN_EVENTS],
            **(extra_context or {}),
        }
        return render(request, "admin/conversation.html", context)
