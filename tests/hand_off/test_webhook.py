"""Webhooks to a real receiver, which checks signatures as Standard Webhooks' own library does."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import standardwebhooks

from booking.hand_off.notice import Event, Notice, Undelivered
from booking.hand_off.webhook import Webhook

from .receivers import (
    Received,
    Receiver,
    dripping,
    free_port,
    hang_up,
    receiving,
    say_nothing,
    talking,
)

SECRET = "whsec_bmVlZGxlcG9pbnQgdGVzdHMgc2lnbiB3aXRoIHRoaXM="
SOON = 0.5


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


def verified(received: Received) -> Any:
    """The body, once its signature was found right."""
    return standardwebhooks.Webhook(SECRET).verify(received.body, received.headers)


def refusal(webhook: Webhook, notice: Notice) -> Undelivered:
    with pytest.raises(Undelivered) as refused:
        webhook.deliver(notice)
    return refused.value


def test_a_receiver_can_verify_and_read_a_request(receiver, new_notice, clinic):
    notice = new_notice(status="new", sequence=2, visitor_zone="Europe/Berlin", notes="by train")

    Webhook(f"{receiver.url}/hook?of=clinic", SECRET, zone=clinic.zone).deliver(notice)

    [received] = receiver.received
    assert (received.method, received.path) == ("POST", "/hook?of=clinic")
    assert received.headers["content-type"] == "application/json"
    assert verified(received) == {
        "type": "consultation.requested",
        "timestamp": "2026-11-20T10:00:00-05:00",
        "data": {
            "reference": "NP-7KQ4MX",
            "status": "new",
            "sequence": 2,
            "by": "visitor",
            "name": "Ana Lopez",
            "email": "ana@example.com",
            "phone": "+12025550164",
            "concern": "acne scars",
            "notes": "by train",
            "starts_at": "2026-11-24T15:00:00-05:00",
            "ends_at": "2026-11-24T15:30:00-05:00",
            "moved_from": None,
            "practitioner": "room-1",
            "visitor_time_zone": "Europe/Berlin",
            "manage_url": "https://linden-skin.example/manage/NP-7KQ4MX.c2lnbmVk",
        },
    }


def test_what_is_not_known_is_null(receiver, new_notice):
    notice = new_notice(email=None, phone=None, notes=None, manage_url=None, practitioner=None)

    Webhook(receiver.url, SECRET).deliver(notice)

    data = verified(receiver.received[0])["data"]
    unknown = {name for name, value in data.items() if value is None}
    assert {"email", "phone", "notes", "manage_url", "practitioner", "status"} <= unknown


def test_a_message_is_told_as_one(receiver, new_notice):
    notice = new_notice(Event.MESSAGE, starts_at=None, text="Do you open on Sundays?", phone=None)

    Webhook(receiver.url, SECRET).deliver(notice)

    told = verified(receiver.received[0])
    assert told["type"] == "message.left"
    assert told["data"] == {
        "reference": "NP-7KQ4MX",
        "name": "Ana Lopez",
        "email": "ana@example.com",
        "phone": None,
        "text": "Do you open on Sundays?",
    }


def test_a_move_tells_the_time_before(receiver, new_notice, clinic):
    before = datetime(2026, 10, 30, 9, 0, tzinfo=clinic.zone)

    Webhook(receiver.url, SECRET, zone=clinic.zone).deliver(
        new_notice(Event.RESCHEDULED, before=before)
    )

    told = verified(receiver.received[0])
    assert told["type"] == "consultation.rescheduled"
    # Still summer time.
    assert told["data"]["moved_from"] == "2026-10-30T09:00:00-04:00"


def test_a_repeated_delivery_has_the_same_id_and_the_same_body(receiver, new_notice):
    webhook, notice = Webhook(receiver.url, SECRET), new_notice(key="0b0e3c1e")
    receiver.answer(500)

    refusal(webhook, notice)
    webhook.deliver(notice)

    first, second = receiver.received
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "0b0e3c1e"
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == "0b0e3c1e"
    assert first.body == second.body
    assert verified(first) == verified(second)


def test_a_changed_body_does_not_pass_as_ours(receiver, new_notice):
    Webhook(receiver.url, SECRET).deliver(new_notice())
    [received] = receiver.received

    received.body = received.body.replace(b"Ana", b"Eve")

    with pytest.raises(standardwebhooks.WebhookVerificationError):
        verified(received)


@pytest.mark.parametrize(
    "name",
    ["علي", "李小龍", "Zoë 🧖🏽‍♀️", 'O"Neil\\', "a\r\nX-Evil: 1", "\x00", "half \ud83e", "a" * 9000],
)
def test_any_name_arrives_as_it_is(name, receiver, new_notice):
    Webhook(receiver.url, SECRET).deliver(new_notice(name=name))

    [received] = receiver.received
    assert verified(received)["data"]["name"] == name
    assert "x-evil" not in received.headers


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_is_a_delivery(status, receiver, new_notice):
    receiver.answer(status)

    Webhook(receiver.url, SECRET).deliver(new_notice())

    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 451])
def test_a_receiver_that_never_will_take_it_is_not_asked_again(status, receiver, new_notice):
    receiver.answer(status)

    refused = refusal(Webhook(receiver.url, SECRET), new_notice())

    assert refused.permanent
    assert str(refused) == f"answered {status}"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 599])
def test_a_receiver_that_is_in_trouble_is_asked_again(status, receiver, new_notice):
    receiver.answer(status)

    refused = refusal(Webhook(receiver.url, SECRET), new_notice())

    assert not refused.permanent
    assert refused.retry_after is None
    assert str(refused) == f"answered {status}"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status, receiver, new_notice):
    with receiving() as elsewhere:
        receiver.answer(status, Location=elsewhere.url)

        refused = refusal(Webhook(receiver.url, SECRET), new_notice())

        assert not refused.permanent
        assert elsewhere.received == []


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("120", 120.0),
        (" 7 ", 7.0),
        ("0", 0.0),
        ("-5", None),
        ("99999999", 86_400.0),
        ("9" * 400, None),
        ("soon", None),
        ("", None),
        ("1.5", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Thu, 99 Jan 2026 00:00:00 GMT", None),
    ],
)
def test_a_receiver_may_say_when_to_come_back(written, seconds, receiver, new_notice):
    receiver.answer(429, Retry_After=written)

    assert refusal(Webhook(receiver.url, SECRET), new_notice()).retry_after == seconds


def test_a_receiver_may_name_the_moment_to_come_back(receiver, new_notice):
    moment = datetime.now(UTC) + timedelta(seconds=300)
    receiver.answer(503, Retry_After=format_datetime(moment, usegmt=True))

    waiting = refusal(Webhook(receiver.url, SECRET), new_notice()).retry_after

    assert waiting == pytest.approx(300, abs=5)


@pytest.mark.parametrize(
    "talk",
    [say_nothing, dripping(b"HTTP/1.1 200 OK\r\nX-Long: "), dripping(b"")],
    ids=["silent", "headers without end", "no status line"],
)
def test_a_receiver_that_hangs_is_given_up_in_time(talk, new_notice):
    with talking(talk) as port:
        webhook = Webhook(f"http://127.0.0.1:{port}/", SECRET, timeout=SOON)
        began = time.monotonic()

        refused = refusal(webhook, new_notice())

    assert time.monotonic() - began < SOON + 1
    assert not refused.permanent


def test_a_success_counts_even_when_its_body_never_ends(new_notice):
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
    with talking(dripping(answer)) as port:
        began = time.monotonic()

        Webhook(f"http://127.0.0.1:{port}/", SECRET, timeout=5).deliver(new_notice())

    assert time.monotonic() - began < 2


def test_a_receiver_that_hangs_up_is_asked_again(new_notice):
    with talking(hang_up) as port:
        refused = refusal(Webhook(f"http://127.0.0.1:{port}/", SECRET), new_notice())

    assert not refused.permanent


def test_a_receiver_that_is_down_is_asked_again(new_notice):
    refused = refusal(Webhook(f"http://127.0.0.1:{free_port()}/", SECRET), new_notice())

    assert not refused.permanent
    assert "cannot be reached" in str(refused)


def test_a_receiver_whose_name_nobody_knows_is_asked_again(new_notice):
    refused = refusal(Webhook("http://receiver.invalid/", SECRET, timeout=5), new_notice())

    assert not refused.permanent


def test_a_receiver_that_speaks_no_tls_is_asked_again(receiver, new_notice):
    address = receiver.url.replace("http:", "https:")

    refused = refusal(Webhook(address, SECRET, timeout=5), new_notice())

    assert not refused.permanent
    assert receiver.received == []


def test_the_receivers_address_is_not_logged(receiver, new_notice, caplog):
    webhook = Webhook(f"{receiver.url}/secret-path", SECRET)

    with caplog.at_level(logging.INFO):
        webhook.deliver(new_notice())
        receiver.answer(500)
        refusal(webhook, new_notice())

    assert len(receiver.received) == 2
    assert "secret-path" not in caplog.text


def test_what_went_wrong_is_told_without_the_visitors_details(receiver, new_notice):
    receiver.answer(500)
    receiver.body = b"cannot store ana@example.com"

    refused = refusal(Webhook(receiver.url, SECRET), new_notice())

    assert "ana" not in str(refused).lower()
    assert refused.__cause__ is None
