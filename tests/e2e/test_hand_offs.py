"""Mail server, webhook and calendar that fail for a while; what is told of whom, and where."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack

import pytest

from needlepoint.settings import PROJECT_ROOT
from tests.e2e.booker import Booker, Person, people
from tests.e2e.proofs import (
    assert_all_was_handed_off,
    busy_times,
    undelivered,
    wait_until_delivered,
)
from tests.e2e.receivers import Receivers, Receiving, failing, hanging, refusing
from tests.e2e.stack import Stack
from tests.e2e.stored import locked_booking_database, locked_database, stored_messages
from tests.e2e.visitor import Visitor

# A reply takes well under that, even while another process waits ten seconds for a mail server.
NORMAL_SECONDS = 3.0
AT_ONCE = 3

NewPeople = Callable[[int], list[Person]]


@pytest.fixture(scope="module")
def new_people() -> NewPeople:
    """People who have not booked before."""
    everybody = iter(people(100))
    return lambda wanted: [next(everybody) for _ in range(wanted)]


def staff(stack: Stack, *command: str) -> str:
    """Runs `needlepoint` as staff do."""
    done = subprocess.run(
        [PROJECT_ROOT / ".venv/bin/needlepoint", *command],
        env=stack.environment,
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def book(stack: Stack, visitors: list[Person], wish: str = "any weekday afternoon") -> list[str]:
    """Has all of them book at once, and says their references."""
    bookers = [Booker(stack.url, person, wish) for person in visitors]
    with ThreadPoolExecutor(len(bookers)) as pool:
        references = list(pool.map(Booker.book, bookers))
    slowest = max(booker.slowest for booker in bookers)
    assert slowest < NORMAL_SECONDS, f"a reply took {slowest:.1f} s"
    return references


@pytest.mark.parametrize("misbehaving", [refusing, failing, hanging])
def test_bookings_go_on_and_all_is_handed_off_in_order_once_the_receivers_are_back(
    handing_off: Stack,
    receivers: Receivers,
    new_people: NewPeople,
    misbehaving: Callable[[Receiving], AbstractContextManager[None]],
) -> None:
    with ExitStack() as meanwhile:
        for receiver in (receivers.mail, receivers.hook, receivers.calendar):
            meanwhile.enter_context(misbehaving(receiver))
        confirmed, cancelled, new = book(handing_off, new_people(AT_ONCE))
        staff(handing_off, "requests", "confirm", confirmed)
        staff(handing_off, "requests", "confirm", cancelled)
        staff(handing_off, "requests", "cancel", cancelled)
        waiting = undelivered(handing_off)

    staff(handing_off, "outbox", "retry", "--all")
    wait_until_delivered(handing_off)

    # Four channels: three requests, of which two were confirmed and one of these called off; the
    # clinic is mailed what visitors do, and not what it did itself.
    assert len(waiting) == 4 * 3 + 3 * 2 + 3
    told = receivers.hook.told_of
    assert told(new) == ["consultation.requested"]
    assert told(confirmed) == ["consultation.requested", "consultation.confirmed"]
    assert told(cancelled) == [
        "consultation.requested", "consultation.confirmed", "consultation.cancelled",
    ]  # fmt: skip
    assert_all_was_handed_off(handing_off, receivers)


def test_busy_times_of_the_calendar_are_not_to_be_had(
    handing_off: Stack, receivers: Receivers, new_people: NewPeople
) -> None:
    receivers.calendar.put(
        "meeting", "DTSTART:20261209T150000Z\nDTEND:20261209T170000Z\nSUMMARY:Meeting"
    )
    # It reads the calendar when it starts, and every few minutes from then on.
    handing_off.stop("worker")
    handing_off.start("worker")
    [person] = new_people(1)
    visitor = Booker(handing_off.url, person, "december 9 at 11")
    visitor.begin()

    handing_off.wait_for(lambda: busy_times(handing_off), seconds=30)
    heard = visitor.say_all_at_once()

    # 15:00 to 17:00 in UTC is ten to noon in New York.
    assert "ask_consultation_form_preferred_time[taken]" in heard.names
    assert not [one for one in heard.choices if one["title"].startswith("Wed 9 Dec, 11")]


# --- logs ---


@pytest.fixture(scope="module")
def well_logged(
    handing_off: Stack, receivers: Receivers, new_people: NewPeople
) -> tuple[Stack, list[Person]]:
    """Everything went wrong for these people that makes processes write to their logs."""
    locked, refused, killed, unlucky, mistaken = new_people(5)
    book_with_the_databases_locked(handing_off, locked)
    leave_a_message_with_mistakes(handing_off, mistaken)
    book_with_an_address_that_is_refused(handing_off, receivers, refused)
    book_with_rasa_killed(handing_off, killed)
    with failing(receivers.mail), failing(receivers.hook), failing(receivers.calendar):
        book(handing_off, [unlucky])
        handing_off.wait_for(lambda: "answered 500" in handing_off.whole_log("worker"))
    return handing_off, [locked, refused, killed, unlucky, mistaken]


def book_with_the_databases_locked(stack: Stack, person: Person) -> None:
    visitor = Booker(stack.url, person, "any weekday afternoon")
    visitor.begin()
    settings = stack.settings
    with (
        locked_database(settings.chat_database_url),
        locked_database(settings.tracker_database_url),
    ):
        visitor.say(f"book me in, {person.name}, {person.email}, {person.phone}, acne scars")
    while visitor.heard[-1].asks != "confirmed":
        visitor.answer(visitor.heard[-1])
    with locked_booking_database(stack):
        visitor.answer(visitor.heard[-1])
    assert "request_failed" in visitor.heard[-1].names
    visitor.finish()


def leave_a_message_with_mistakes(stack: Stack, person: Person) -> None:
    visitor = Visitor(stack.url)
    visitor.say("can i leave a message")
    visitor.say(f"Please call {person.name} about the scars, {person.phone[2:]}9999")
    visitor.say(person.email.replace("@", "@@"))
    with locked_booking_database(stack):
        failed = visitor.say(f"{person.email} or {person.phone}")
    visitor.choose("Try again")
    visitor.close()
    assert "couldn't" in failed[0]
    assert stored_messages(stack)[0]["email"] == person.email


def book_with_an_address_that_is_refused(
    stack: Stack, receivers: Receivers, person: Person
) -> None:
    receivers.mail.unknown.add(person.email)
    [reference] = book(stack, [person])
    stack.wait_for(lambda: any("dead" in entry for entry in undelivered(stack)), seconds=15)

    listed = staff(stack, "outbox", "list", "--state", "dead")

    assert reference in listed
    assert person.email not in listed
    receivers.mail.unknown.clear()


def book_with_rasa_killed(stack: Stack, person: Person) -> None:
    visitor = Booker(stack.url, person, "any weekday afternoon", patience=60)
    visitor.begin()
    visitor.say_all_at_once()
    stack.stop("rasa", hard=True)
    stack.start("rasa")
    visitor.finish()


def test_a_refused_address_is_a_dead_letter_that_staff_can_retry(
    well_logged: tuple[Stack, list[Person]], receivers: Receivers
) -> None:
    stack, _ = well_logged

    staff(stack, "outbox", "retry", "--all")

    wait_until_delivered(stack)
    assert_all_was_handed_off(stack, receivers)


@pytest.mark.parametrize(
    ("process", "failure"),
    [
        ("web", "the chat database failed"),
        ("actions", "a consultation request could not be stored"),
        ("rasa", "The tracker store's database fails"),
        ("worker", "given up"),
    ],
)
def test_no_log_says_who_visitors_are(
    well_logged: tuple[Stack, list[Person]], process: str, failure: str
) -> None:
    stack, persons = well_logged

    log = stack.whole_log(process)

    assert failure in log
    for person in persons:
        for word in (*person.name.split(), person.email, person.phone, person.phone[2:]):
            assert word.casefold() not in log.casefold()
