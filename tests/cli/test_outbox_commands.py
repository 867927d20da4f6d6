"""What staff see of the hand-offs, and do about those that failed."""

from datetime import UTC, datetime

import pytest

from booking.delivering import deliver_due
from booking.hand_off.notice import Channel, Notice, Undelivered
from booking.links import ManageLinks
from tests.cli.running import Installation

LINKS = ManageLinks("secret", "https://book.example")


class Refusing:
    """A receiver that wants nothing, now or for good."""

    def __init__(self, permanent: bool = True) -> None:
        self._permanent = permanent

    def deliver(self, notice: Notice) -> None:
        raise Undelivered("answers with 410", permanent=self._permanent)


@pytest.fixture
def clinic(needlepoint: Installation) -> Installation:
    """A clinic with a webhook that refused what it was told of two requests."""
    needlepoint.set_up_clinic(hand_off="webhook: {url: 'https://practice.example/hook'}")
    needlepoint.book("2026-11-24 15:00", conversation="1")
    needlepoint.book("2026-11-25 15:00", conversation="2")
    with needlepoint.database() as engine:
        deliver_due(engine, LINKS, Channel.WEBHOOK, Refusing(), clock=lambda: datetime.now(UTC))
    return needlepoint


def test_what_failed_is_listed_with_the_reason(clinic: Installation) -> None:
    dead = clinic.run("outbox", "list", "--state", "dead", "--json").json
    waiting = clinic.run("outbox", "list", "--state", "pending", "--json").json
    told = clinic.run("outbox", "list").out

    assert [(one["event"], one["channel"], one["error"], one["attempts"]) for one in dead] == [
        ("requested", "webhook", "answers with 410", 1)
    ] * 2
    assert waiting == []
    assert told.count("answers with 410") == 2
    assert "ana@" not in told


def test_one_is_tried_again(clinic: Installation) -> None:
    key = clinic.run("outbox", "list", "--json").json[0]["key"]

    tried = clinic.run("outbox", "retry", key, "--json").json
    again = clinic.run("outbox", "retry", key)

    assert [(one["key"], one["state"], one["attempts"]) for one in tried] == [(key, "pending", 0)]
    assert (again.code, again.err) == (1, f"no failed hand-off {key}\n")


def test_all_are_tried_again(clinic: Installation) -> None:
    tried = clinic.start("outbox", "retry", "--all", "--json").json
    again = clinic.run("outbox", "retry", "--all")

    assert [one["state"] for one in tried] == ["pending", "pending"]
    assert again.out == "Nothing has failed.\n"


def test_what_waits_for_its_next_attempt_need_not_wait(clinic: Installation) -> None:
    clinic.run("outbox", "retry", "--all")
    with clinic.database() as engine:
        receiver = Refusing(permanent=False)
        deliver_due(engine, LINKS, Channel.WEBHOOK, receiver, clock=lambda: datetime.now(UTC))
    waiting = clinic.run("outbox", "list", "--json").json
    tried_at = datetime.now(UTC)

    tried = clinic.run("outbox", "retry", "--all", "--json").json

    assert [(one["state"], one["attempts"]) for one in waiting] == [("pending", 1)] * 2
    assert all(datetime.fromisoformat(one["due_at"]) > tried_at for one in waiting)
    assert {one["key"] for one in tried} == {one["key"] for one in waiting}
    assert all(datetime.fromisoformat(one["due_at"]) <= datetime.now(UTC) for one in tried)


def test_one_is_given_up(clinic: Installation) -> None:
    first, second = (one["key"] for one in clinic.run("outbox", "list", "--json").json)

    dropped = clinic.run("outbox", "drop", first, "--json").json
    again = clinic.run("outbox", "drop", first)

    assert dropped == {"dropped": first}
    assert (again.code, again.err) == (1, f"no failed hand-off {first}\n")
    assert [one["key"] for one in clinic.run("outbox", "list", "--json").json] == [second]


def test_what_still_waits_cannot_be_given_up(clinic: Installation) -> None:
    key = clinic.run("outbox", "list", "--json").json[0]["key"]
    clinic.run("outbox", "retry", key)

    refused = clinic.run("outbox", "drop", key)

    assert (refused.code, refused.err) == (1, f"no failed hand-off {key}\n")
