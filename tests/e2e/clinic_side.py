"""What happens in a story outside its conversation: requests sent before, the clinic, others."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from booking.clinic import Clinic, read_clinic
from booking.database import open_database
from booking.details import Details, PreferredTime
from booking.holds import hold_slot
from booking.requests import (
    STAFF,
    cancel_request,
    confirm_request,
    decline_request,
    list_requests,
    move_request,
    request_consultation,
)
from tests.e2e.stack import Stack

DECISIONS = {"confirm": confirm_request, "cancel": cancel_request, "decline": decline_request}


class ClinicSide:
    """Knows the newest request, which `{reference}` stands for in what a visitor says.

    `sent` is one that was made in another conversation: its name, email, phone, and start `at`.
    """

    def __init__(self, stack: Stack, sent: dict[str, str] | None) -> None:
        self._engine = open_database(stack.settings.booking_database_url)
        self._clinic: Clinic = read_clinic(stack.settings.clinic)
        self._now = stack.settings.clock(self._clinic.zone)()
        if sent:
            self._send(sent)

    def happens(self, step: dict[str, Any]) -> bool:
        """Does what a step says of the clinic (`clinic: confirm`, `clinic: move <start>`) or of
        others (`taken: <start>`); False when it says nothing of them.
        """
        if "clinic" in step:
            self._decide(*step["clinic"].split())
        elif "taken" in step:
            self._take(self._moment(step["taken"]))
        else:
            return False
        return True

    def filled(self, text: str) -> str:
        return text.replace("{reference}", self._reference()) if "{reference}" in text else text

    def close(self) -> None:
        self._engine.dispose()

    def _reference(self) -> str:
        return list_requests(self._engine)[0].reference

    def _moment(self, written: str) -> datetime:
        return datetime.fromisoformat(written).replace(tzinfo=self._clinic.zone)

    def _send(self, sent: dict[str, str]) -> None:
        request_consultation(
            self._engine,
            self._clinic,
            details=Details(
                name=sent["name"],
                email=sent.get("email"),
                phone=sent.get("phone"),
                concern="large pores",
                time=PreferredTime(self._moment(sent["at"]), sent["at"]),
            ),
            conversation_id="another-conversation",
            idempotency_key=f"{sent['name']} {sent['at']}",
            now=self._now,
            real_now=datetime.now(UTC),
        )

    def _decide(self, what: str, start: str | None = None) -> None:
        moves = {"real_now": datetime.now(UTC), "starts_at": self._moment(start)} if start else {}
        decide: Any = move_request if start else DECISIONS[what]
        decide(self._engine, self._clinic, self._reference(), actor=STAFF, now=self._now, **moves)

    def _take(self, start: datetime) -> None:
        """Leave nobody free then, as if others were about to book."""
        for practitioner in self._clinic.practitioners:
            hold_slot(
                self._engine,
                self._clinic,
                start,
                owner=f"others with {practitioner.id} at {start}",
                now=self._now,
                real_now=datetime.now(UTC),
            )
