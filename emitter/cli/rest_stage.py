"""A stage for scenarios that is an emitter somewhere else: each step is a call of its REST API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbots.scenarios.player import Outcome, Visitor
from emitter.cli.rest import Refused, Rest


class RestStage:
    """Plays steps with one chatbot (chatbots.scenarios.player.Stage)."""

    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._chatbot_id = rest.access.chatbot_id
        # The newest event of each conversation that was seen.
        self._seen: dict[str, set[str]] = {}

    def look(self, chatlog_id: str) -> None:
        """Take the events a conversation has by now for seen."""
        self._new_events(chatlog_id)

    def ask(self, visitor: Visitor, text: str) -> Outcome:
        answer = self._rest.post(
            "/chat",
            {
                "chatbotId": self._chatbot_id,
                "question": text,
                "chatlogId": visitor.chatlog_id or None,
            },
        )
        visitor.chatlog_id = str(answer["chatlogId"])
        return Outcome(said=str(answer["response"]), events=self._new_events(visitor.chatlog_id))

    def person(self, visitor: Visitor, text: str) -> Outcome:
        return self._contacted("/live-chat", visitor, text, {"channel": visitor.channel})

    def handover(self, visitor: Visitor, text: str, via: str, fields: Mapping[str, str]) -> Outcome:
        more = {"via": via, "formFields": dict(fields) or None}
        return self._contacted("/handover", visitor, text, more)

    def agent(self, visitor: Visitor, text: str, name: str) -> Outcome:
        body = {"agentMessage": text, "agentName": name or None}
        return self._by_agent(visitor, "reply", body)

    def hand_back(self, visitor: Visitor) -> Outcome:
        return self._by_agent(visitor, "hand-back", {})

    def close(self, visitor: Visitor) -> Outcome:
        return self._by_agent(visitor, "close", {})

    def _contacted(
        self, path: str, visitor: Visitor, text: str, more: Mapping[str, Any]
    ) -> Outcome:
        answer = self._rest.post(
            path,
            {
                "chatbotId": self._chatbot_id,
                "userMessage": text,
                "chatlogId": visitor.chatlog_id or None,
                "name": visitor.name or None,
                "email": visitor.email or None,
                "phoneNumber": visitor.phone_number or None,
                **more,
            },
        )
        visitor.chatlog_id = str(answer["chatlogId"])
        event = answer["event"]
        if event:
            self._seen.setdefault(visitor.chatlog_id, set()).add(event["id"])
        return Outcome(events=(str(event["event"]),) if event else (), reason=str(answer["reason"]))

    def _by_agent(self, visitor: Visitor, call: str, body: Mapping[str, Any]) -> Outcome:
        try:
            self._rest.post(f"/live-chat/{visitor.chatlog_id}/{call}", body)
        except Refused as refused:
            return Outcome(reason=refused.sentence)
        return Outcome()

    def _new_events(self, chatlog_id: str) -> tuple[str, ...]:
        """The events of the conversation since the last look, oldest first."""
        rows = self._rest.get("/events", chatlogId=chatlog_id)["results"]
        seen = self._seen.setdefault(chatlog_id, set())
        new = [row for row in reversed(rows) if row["id"] not in seen]
        seen.update(row["id"] for row in new)
        return tuple(str(row["event"]) for row in new)
