"""A clinic with every hand-off on, and notices of one request."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from booking.clinic import (
    CaldavHandOff,
    Clinic,
    EmailHandOff,
    HandOff,
    WebhookHandOff,
    read_clinic,
)
from booking.hand_off.notice import Event, Notice

ROOT = Path(__file__).parents[2]

NewNotice = Callable[..., Notice]


@pytest.fixture(scope="session")
def clinic() -> Clinic:
    """The shipped clinic, which hands off to e-mail, a webhook and a calendar."""
    shipped = read_clinic(ROOT / "clinic.yml")
    return shipped.model_copy(
        update={
            "hand_off": HandOff(
                email=EmailHandOff(
                    sender="desk@linden-skin.example",
                    notify=("team@linden-skin.example", "office@linden-skin.example"),
                    remind_hours=48,
                ),
                webhook=WebhookHandOff(url="https://receiver.example/hook"),
                caldav=CaldavHandOff(url="https://dav.example/clinic/", username="desk"),
            )
        }
    )


@pytest.fixture
def new_notice(clinic: Clinic) -> NewNotice:
    """Makes a notice of a request for Tuesday at three; what is named differs from that."""
    starts_at = datetime(2026, 11, 24, 15, 0, tzinfo=clinic.zone)

    def make(event: Event = Event.REQUESTED, **other: Any) -> Notice:
        facts: dict[str, Any] = {
            "key": f"key-of-{event}",
            "at": datetime(2026, 11, 20, 15, 0, tzinfo=UTC),
            "by": "visitor",
            "reference": "NP-7KQ4MX",
            "name": "Ana Lopez",
            "email": "ana@example.com",
            "phone": "+12025550164",
            "text": "acne scars",
            "starts_at": starts_at,
            "practitioner": "room-1",
            "manage_url": "https://linden-skin.example/manage/NP-7KQ4MX.c2lnbmVk",
        } | other
        if facts["starts_at"] is not None:
            facts.setdefault("ends_at", facts["starts_at"] + timedelta(minutes=30))
        return Notice(event=event, **facts)

    return make
