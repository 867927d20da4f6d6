"""Conversations made to order, for tests of what is counted of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Engine

from web.chat_store import choices_table, messages_table

NEW_YORK = ZoneInfo("America/New_York")


@dataclass
class Talk:
    """Writes what was said straight into the chat's tables; moments are New York's."""

    engine: Engine
    zone: ZoneInfo = NEW_YORK
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def at(self, moment: str) -> float:
        """Such as "2026-11-20 14:30", in seconds since 1970; one with an offset is taken as is."""
        read = datetime.fromisoformat(moment)
        return (read if read.tzinfo else read.replace(tzinfo=self.zone)).timestamp()

    def greet(self, moment: str, conversation: str = "one") -> None:
        """What opens a conversation: said by nobody, asked by nobody."""
        with self.engine.begin() as connection:
            greeting = self._message(conversation, "assistant", "Hello.", self.at(moment))
            connection.execute(sa.insert(messages_table), [greeting])
            self._offer(connection, greeting["id"], "Book a consultation", "/request_consultation")

    def ask(
        self,
        moment: str,
        *outcomes: str | None,
        conversation: str = "one",
        faq: str | None = None,
        thumb: str | None = None,
        text: str = "how long is the downtime",
        offers: str | None = None,
        form: str | None = None,
        seconds: float = 0.0,
    ) -> None:
        """A visitor's message, and an answer to it for each of `outcomes`, `seconds` later."""
        asked_at = self.at(moment)
        asked = self._message(conversation, "visitor", text, asked_at)
        answers = [
            self._message(
                *(conversation, "assistant", "An answer.", asked_at + seconds),
                reply_to=asked["id"],
                faq=faq if at == 0 else None,
                outcome=outcome,
                form=form,
                feedback=thumb if at == 0 else None,
            )
            for at, outcome in enumerate(outcomes or (None,))
        ]
        with self.engine.begin() as connection:
            connection.execute(sa.insert(messages_table), [asked, *answers])
            if offers:
                self._offer(connection, answers[0]["id"], "Change something", offers)

    def _message(
        self, conversation: str, role: str, text: str, at: float, **more: object
    ) -> dict[str, object]:
        known = {"reply_to": None, "faq": None, "outcome": None, "form": None, "feedback": None}
        return {
            "id": f"m{next(self._numbers)}",
            "conversation_id": conversation,
            "role": role,
            "text": text,
            "created_at": at,
            **known,
            **more,
        }

    def _offer(
        self, connection: sa.Connection, message_id: object, title: str, payload: str
    ) -> None:
        choice = {
            "id": f"c{next(self._numbers)}",
            "message_id": message_id,
            "position": 0,
            "title": title,
            "payload": payload,
        }
        connection.execute(sa.insert(choices_table), [choice])


def moment_now(zone: ZoneInfo = NEW_YORK) -> datetime:
    return datetime.now(UTC).astimezone(zone)
