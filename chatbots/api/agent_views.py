"""The agent's side over the REST API: POST /live-chat/{chatlogId}/reply, /hand-back and /close."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from chatbots import agents
from chatbots.api import answers
from chatbots.api.views import ChatView, checked
from chatbots.models import AGENT_NAME_LENGTH, Conversation, ConversationState
from chatbots.visitor_input import Said, Text, optional

CLIENT_ID_LENGTH = 64


class AgentReplyShape(serializers.Serializer[Any]):
    """What an agent says to the visitor."""

    agentMessage = Said()
    agentName = optional(max_length=AGENT_NAME_LENGTH, help_text="Who says it.")
    clientId = optional(
        max_length=CLIENT_ID_LENGTH,
        help_text="Your own id of the message: sent twice, it is said once.",
    )


class AgentAnswer(serializers.Serializer[Any]):
    """The conversation after what the agent did."""

    chatlogId = Text()
    state = serializers.ChoiceField(choices=ConversationState.values)


class AgentReplyAnswer(AgentAnswer):
    """The conversation, and the message as it was kept."""

    message = answers.MessageAnswer()


class AgentView(ChatView):
    """What the three calls share."""

    def conversation(self, chatlog_id: str) -> Conversation:
        return Conversation.objects.get(pk=chatlog_id, chatbot__account=self.account)


def standing(conversation: Conversation) -> dict[str, Any]:
    conversation.refresh_from_db(fields=["state"])
    return {"chatlogId": conversation.pk, "state": conversation.state}


class AgentReplyView(AgentView):
    """Answer a visitor as an agent."""

    @extend_schema(
        operation_id="liveChatReply",
        tags=["Chat"],
        summary="Reply to a visitor as an agent",
        description="409 when no live chat is on. No event is fired.",
        request=AgentReplyShape,
        responses={200: AgentReplyAnswer},
        examples=[
            OpenApiExample(
                "Example",
                value={"agentMessage": "Hello, how can I help?", "agentName": "Ann"},
                request_only=True,
            )
        ],
    )
    def post(self, request: Request, chatlog_id: str) -> Response:
        conversation = self.conversation(chatlog_id)
        given = checked(AgentReplyShape, request).validated_data
        message = agents.reply(
            conversation,
            given["agentMessage"],
            name=given.get("agentName") or "",
            client_id=given.get("clientId") or "",
        )
        return Response(standing(conversation) | {"message": answers.of_message(message)})


class HandBackView(AgentView):
    """Give a visitor back to the chatbot."""

    @extend_schema(
        operation_id="liveChatHandBack",
        tags=["Chat"],
        summary="Hand a live chat back to the chatbot",
        description="409 when no live chat is on. No event is fired.",
        request=None,
        responses={200: AgentAnswer},
    )
    def post(self, request: Request, chatlog_id: str) -> Response:
        conversation = self.conversation(chatlog_id)
        agents.hand_back(conversation)
        return Response(standing(conversation))


class CloseView(AgentView):
    """End a live chat."""

    @extend_schema(
        operation_id="liveChatClose",
        tags=["Chat"],
        summary="Close a live chat",
        description="409 when no live chat is on. No event is fired.",
        request=None,
        responses={200: AgentAnswer},
    )
    def post(self, request: Request, chatlog_id: str) -> Response:
        conversation = self.conversation(chatlog_id)
        agents.close(conversation)
        return Response(standing(conversation))
