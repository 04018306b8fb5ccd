"""The chat part of the REST API: POST /chat, /messages, /live-chat, /handover.

`request.auth` is the caller's ApiKey; a chatbot or a chatlog of another account is not there.
"""

from __future__ import annotations

from typing import Any, TypeVar, cast

from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from chatbots import conversation as chat
from chatbots import handover_form, transcript, visitor_input
from chatbots.api import answers
from chatbots.conversation import Contact
from chatbots.models import Account, ApiKey, Channel, Chatbot, Conversation
from chatbots.whole_number import whole_number

NO_CHATBOT = "There is no chatbot with this chatbotId in your account."
NO_CHATLOG = "There is no conversation with this chatlogId here."
NO_OBJECT = "The body must be a JSON object: {…}."
EXAMPLE_CHATBOT = "clm0987654321fedcba"
EXAMPLE_CHATLOG = "clm1234567890abcdef"

Shape = TypeVar("Shape", bound=Serializer[Any])


class ChatView(APIView):
    """What the four calls share."""

    @property
    def account(self) -> Account:
        return cast(ApiKey, self.request.auth).account

    def chatbot(self, chatbot_id: str) -> Chatbot:
        try:
            return Chatbot.objects.select_related("account").get(
                pk=chatbot_id, account=self.account
            )
        except Chatbot.DoesNotExist:
            raise Http404(NO_CHATBOT) from None

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Conversation.DoesNotExist):
            exc = Http404(NO_CHATLOG)
        return super().handle_exception(exc)


def checked(shape: type[Shape], request: Request) -> Shape:
    """The request's body in `shape`. Raises ValidationError with every field to blame."""
    if not isinstance(request.data, dict):
        raise ValidationError(NO_OBJECT)
    given = shape(data=request.data)
    given.is_valid(raise_exception=True)
    return given


def example(**body: Any) -> list[OpenApiExample]:
    return [OpenApiExample("Example", value=body, request_only=True)]


class AskView(ChatView):
    """Ask a chatbot."""

    @extend_schema(
        operation_id="chat",
        tags=["Chat"],
        summary="Ask a chatbot a question",
        description=(
            "Fires USER_MESSAGE_SENT, and LIVE_CHAT_INITIATED or HUMAN_HANDOVER where the question "
            "asks for a person."
        ),
        request=visitor_input.AskShape,
        responses={200: answers.ChatAnswer},
        examples=example(chatbotId=EXAMPLE_CHATBOT, question="What are your business hours?"),
    )
    def post(self, request: Request) -> Response:
        given = checked(visitor_input.AskShape, request).validated_data
        reply = chat.ask(
            self.chatbot(given["chatbotId"]),
            given["question"],
            chatlog_id=given.get("chatlogId") or None,
            channel=Channel.API,
            through_api=True,
        )
        return Response(answers.of_chat(reply))


class MessagesView(ChatView):
    """Read a conversation."""

    @extend_schema(
        operation_id="messages",
        tags=["Chat"],
        summary="Read a conversation",
        description=(
            f"Its latest messages, at most {transcript.MOST_MESSAGES} and fewer where they are "
            "long, oldest first. `next` is there while others came before: send it as `cursor`."
        ),
        request=visitor_input.MessagesShape,
        responses={200: answers.MessagesAnswer},
        examples=example(chatlogId=EXAMPLE_CHATLOG),
    )
    def post(self, request: Request) -> Response:
        given = checked(visitor_input.MessagesShape, request).validated_data
        conversation = Conversation.objects.get(
            pk=given["chatlogId"], chatbot__account=self.account
        )
        before = given.get("cursor") or ""
        stretch = transcript.latest(
            conversation,
            before=whole_number(before),
            most=given.get("limit") or transcript.MOST_MESSAGES,
        )
        return Response(answers.of_messages(stretch))


class LiveChatView(ChatView):
    """Start a live chat, or go on with it."""

    @extend_schema(
        operation_id="liveChat",
        tags=["Chat"],
        summary="Start a live chat, or send its next message",
        description=(
            "LIVE_CHAT_INITIATED is fired by the start and by the first message after it. "
            "`reason` says why where no event was fired."
        ),
        request=visitor_input.LiveChatShape,
        responses={200: answers.PersonAnswer},
        examples=example(
            chatbotId=EXAMPLE_CHATBOT,
            userMessage="I need help with my order",
            email="john.doe@example.com",
            name="John Doe",
            phoneNumber="+1234567890",
        ),
    )
    def post(self, request: Request) -> Response:
        shape = checked(visitor_input.LiveChatShape, request)
        given = shape.validated_data
        reply = chat.live_message(
            self.chatbot(given["chatbotId"]),
            given["userMessage"],
            chatlog_id=given.get("chatlogId") or None,
            channel=given["channel"],
            contact=shape.contact,
        )
        return Response(answers.of_person(reply))


class HandoverView(ChatView):
    """Hand a conversation over by e-mail."""

    @extend_schema(
        operation_id="handover",
        tags=["Chat"],
        summary="Hand a conversation over to the support e-mail",
        description=(
            "Sends the support e-mail and fires HUMAN_HANDOVER. With `via` `form`, `formFields` "
            "are checked against the chatbot's handover form, by label; its name, e-mail and phone "
            "number go into the payload where the body has none. Further fields are kept."
        ),
        request=visitor_input.HandoverShape,
        responses={200: answers.PersonAnswer},
        examples=example(
            chatbotId=EXAMPLE_CHATBOT,
            userMessage="I need to speak with a human about my complex issue",
            via="form",
            email="john.doe@example.com",
            formFields={"Order number": "1234"},
        ),
    )
    def post(self, request: Request) -> Response:
        shape = checked(visitor_input.HandoverShape, request)
        given = shape.validated_data
        chatbot = self.chatbot(given["chatbotId"])
        contact = shape.contact
        values = given.get("formFields") or {}
        if given["via"] == "form":
            filled = form_of(chatbot, values, contact, given["userMessage"])
            contact, values = filled.contact, filled.values
        reply = chat.hand_over(
            chatbot,
            given["userMessage"],
            chatlog_id=given.get("chatlogId") or None,
            channel=Channel.API,
            contact=contact,
            form_fields=values,
        )
        return Response(answers.of_person(reply))


def form_of(
    chatbot: Chatbot, values: dict[str, str], contact: Contact, message: str
) -> handover_form.Filled:
    """The chatbot's handover form with `values`. Raises ValidationError for those it refuses."""
    fields = list(chatbot.form_fields.all())
    try:
        return handover_form.read(fields, values, known=contact, message=message)
    except handover_form.Invalid as error:
        sentences = [f"{label}: {sentence}" for label, sentence in error.sentences.items()]
        raise ValidationError({"formFields": sentences}) from None
