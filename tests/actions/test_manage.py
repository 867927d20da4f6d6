"""The form for a request that was sent, turn by turn, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from rasa_sdk import Tracker
from rasa_sdk.executor import CollectingDispatcher

from actions.desk import Desk
from actions.manage import NothingToStop, ValidateManageForm
from actions.manage_turn import FORM, MOST_LOOK_UPS
from booking import requests
from booking.clinic import Clinic, read_clinic
from booking.database import migrate, open_database
from booking.details import Details, PreferredTime
from booking.errors import BookingUnavailable
from booking.holds import hold_slot
from booking.links import ManageLinks
from booking.models import ConsultationRequest, Status

CONVERSATION = "conversation-1"
OURS, THEIRS = "ana@example.com", "somebody.else@example.com"


@pytest.fixture
def clinic() -> Clinic:
    return read_clinic(Path(__file__).parents[2] / "clinic.yml")


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "booking.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def desk(clinic: Clinic, empty_database: Path, tmp_path: Path) -> Iterator[Desk]:
    engine = open_database(f"sqlite:///{copy(empty_database, tmp_path)}")
    now = datetime(2026, 11, 20, 10, 0, tzinfo=clinic.zone)
    links = ManageLinks("a secret", "https://clinic.example")
    yield Desk(engine, clinic, "US", lambda: now, links)
    engine.dispose()


@pytest.fixture
def sent(desk: Desk) -> ConsultationRequest:
    return send(desk, datetime(2026, 11, 24, 15, 0, tzinfo=desk.clinic.zone))


def send(desk: Desk, start: datetime) -> ConsultationRequest:
    return requests.request_consultation(
        desk.engine,
        desk.clinic,
        details=Details(
            name="Ana Lopez",
            email=OURS,
            phone="+12025550164",
            concern="acne scars",
            time=PreferredTime(start, "then"),
        ),
        conversation_id="another conversation",
        idempotency_key=f"{start}",
        now=desk.now(),
        real_now=datetime.now(UTC),
    )


def stored(desk: Desk, sent: ConsultationRequest) -> ConsultationRequest:
    return requests.show_request(desk.engine, sent.reference)


class Conversation:
    """Plays the form as Rasa does: what an action sets is there at the next message."""

    def __init__(self, desk: Desk, **slots: Any) -> None:
        self.desk, self.slots, self.open = desk, slots, False
        self.told: dict[str, Any] = {}

    def say(self, text: str, intent: str = "inform") -> list[str]:
        return self._turn(text, intent, [], None)

    def press(self, intent: str, title: str = "A button", **entities: str) -> list[str]:
        found = [{"entity": name, "value": value} for name, value in entities.items()]
        return self._turn(title, intent, found, {"choice": {"intent": intent}})

    def _turn(self, text: str, intent: str, entities: list[Any], choice: Any) -> list[str]:
        said = {"event": "user", "text": text, "metadata": choice or {}}
        dispatcher = CollectingDispatcher()
        tracker = self.tracker(text, intent, entities, [said])
        events = asyncio.run(ValidateManageForm(self.desk).run(dispatcher, tracker, {}))
        self.slots |= {event["name"]: event["value"] for event in events}
        asks = self.slots["requested_slot"]
        self.open = asks is not None
        self.told = {key: value for one in dispatcher.messages for key, value in one.items()}
        responses = [str(one["response"]).removeprefix("utter_") for one in dispatcher.messages]
        return [*responses, *([self._question(asks)] if asks else [])]

    def _question(self, asks: str) -> str:
        problem = self.slots["manage_problem"]
        return f"{asks}[{problem}]" if problem else asks

    def tracker(self, text: str, intent: str, entities: list[Any], events: list[Any]) -> Tracker:
        message = {"text": text, "intent": {"name": intent}, "entities": entities}
        loop = {"name": FORM} if self.open else {}
        return Tracker(
            CONVERSATION, self.slots, message, events, False, None, loop, "action_listen"
        )


def own(desk: Desk, sent: ConsultationRequest) -> Conversation:
    """The conversation that the request was made in."""
    return Conversation(desk, reference=sent.reference)


def proven(desk: Desk, sent: ConsultationRequest, wish: str) -> Conversation:
    """Another one, in which its visitor has named reference and e-mail."""
    talk = Conversation(desk)
    talk.say(f"{wish} {sent.reference}, {OURS}", "manage_request")
    return talk


def at(desk: Desk, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=desk.clinic.zone)


def take(desk: Desk, start: datetime) -> None:
    """Everybody who works then is taken by others."""
    for one in desk.clinic.practitioners:
        hold_slot(
            desk.engine,
            desk.clinic,
            start,
            owner=f"{one.id} {start}",
            now=desk.now(),
            real_now=datetime.now(UTC),
        )


# --- which request ---


def test_the_conversation_that_made_it_is_asked_for_nothing(
    desk: Desk, sent: ConsultationRequest
) -> None:
    said = own(desk, sent).say("was that confirmed?", "manage_request")

    assert said == ["manage_status_new", "manage_can_change"]


def test_any_other_is_asked_for_reference_and_contact(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = Conversation(desk)

    assert talk.say("when is my appointment", "manage_request") == ["manage_reference"]
    assert talk.say(sent.reference) == ["manage_contact"]
    assert talk.say("202-555-0164") == ["manage_status_new", "manage_can_change"]
    assert talk.told["time"] == "Tuesday 24 November 2026 at 3:00 pm"
    assert talk.told["url"].startswith("https://clinic.example/manage/")


@pytest.mark.parametrize(
    "text",
    ["{0} {1}", "my reference is {0} and my mail {1}", "{1}; np {2}", "{2} {1}", "{1} np-{2}"],
)
def test_both_may_come_at_once(desk: Desk, sent: ConsultationRequest, text: str) -> None:
    talk = Conversation(desk)
    talk.say("is my booking confirmed?", "manage_request")

    code = sent.reference.removeprefix("NP-")

    assert talk.say(text.format(sent.reference, OURS, code))[0] == "manage_status_new"


def test_what_was_proven_once_is_not_asked_again(desk: Desk, sent: ConsultationRequest) -> None:
    talk = proven(desk, sent, "show my booking")

    said = talk.press("manage_request", change="cancel")

    assert said == ["manage_confirmed"]


@pytest.mark.parametrize("known", [True, False])
def test_it_says_the_same_whichever_is_wrong(
    desk: Desk, sent: ConsultationRequest, known: bool
) -> None:
    talk = Conversation(desk)
    talk.say("cancel my booking", "manage_request")

    asked = talk.say(sent.reference if known else "NP-AAAAAA")
    found = talk.say(THEIRS if known else OURS)

    assert (asked, found) == (["manage_contact"], ["manage_reference[unknown]"])
    assert "time" not in talk.told


def test_after_a_look_up_that_found_nothing_one_of_both_can_be_corrected(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = Conversation(desk)
    talk.say(f"cancel {sent.reference}, {THEIRS}", "manage_request")

    assert talk.say(OURS) == ["manage_confirmed"]


def test_guessing_ends_after_some_look_ups(desk: Desk, sent: ConsultationRequest) -> None:
    talk = Conversation(desk)
    talk.say(f"cancel {sent.reference}", "manage_request")

    said = [talk.say(f"{number}{THEIRS}")[0] for number in range(MOST_LOOK_UPS)]

    assert said == [
        "manage_reference[unknown]",
        *["offer_call_back"] * (MOST_LOOK_UPS - 2),
        "manage_locked",
    ]
    assert talk.say(f"cancel {sent.reference} {OURS}", "manage_request") == ["manage_locked"]


def test_a_locked_conversation_still_knows_its_own_request(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)
    talk.slots["manage_look_ups"] = MOST_LOOK_UPS

    assert talk.say("is it confirmed?", "manage_request")[0] == "manage_status_new"
    assert talk.say("is NP-AAAAAA confirmed?", "manage_request") == ["manage_locked"]


def test_having_proven_one_request_proves_no_other(desk: Desk, sent: ConsultationRequest) -> None:
    other = send(desk, at(desk, 25, 11))
    talk = own(desk, sent)
    talk.say("cancel my booking", "manage_request")

    assert talk.say(f"no, {other.reference}") == ["manage_contact"]
    assert stored(desk, other).status is Status.NEW


@pytest.mark.parametrize("text", ["NP-' OR 1=1", "np-%%%%%%", "'; DROP TABLE", "NP-7KQ4M", "12"])
def test_what_is_no_reference_is_asked_for_again(desk: Desk, text: str) -> None:
    talk = Conversation(desk)
    talk.say("cancel my booking", "manage_request")

    assert talk.say(text) == ["manage_reference[no_reference]"]
    assert talk.say("i don't have it")[-1] == "manage_reference[lost]"


def test_two_answers_that_cannot_be_taken_offer_a_person(desk: Desk) -> None:
    talk = Conversation(desk)
    talk.say("cancel my booking", "manage_request")
    talk.say("umm")

    assert talk.say("dunno") == ["offer_call_back", "manage_reference[no_reference]"]


# --- how it stands ---


@pytest.mark.parametrize(
    ("decide", "told"),
    [
        (requests.confirm_request, ["manage_status_confirmed", "manage_can_change"]),
        (requests.cancel_request, ["manage_status_cancelled"]),
        (requests.decline_request, ["manage_status_declined"]),
        (requests.mark_no_show, ["manage_status_no_show"]),
    ],
)
@pytest.mark.parametrize("wish", ["is my booking confirmed?", "cancel my booking"])
def test_what_the_clinic_decided_is_told(
    desk: Desk,
    sent: ConsultationRequest,
    decide: Callable[..., ConsultationRequest],
    told: list[str],
    wish: str,
) -> None:
    decide(desk.engine, desk.clinic, sent.reference, actor="clinic", now=desk.now())
    still_open = len(told) == 2

    said = own(desk, sent).say(wish, "manage_request")

    assert said == (["manage_confirmed"] if still_open and "cancel" in wish else told)


def test_shortly_before_only_the_clinic_can_change_it(desk: Desk) -> None:
    soon = send(desk, at(desk, 20, 16))

    talk = own(desk, soon)

    assert talk.say("is it on?", "manage_request") == ["manage_action"]
    assert talk.say("cancel it", "stop") == ["manage_too_late"]
    assert talk.say("move it to monday", "manage_request") == ["manage_too_late"]
    assert talk.say("is it confirmed?", "manage_request") == [
        "manage_status_new",
        "manage_too_late",
    ]


def test_a_consultation_that_is_over_cannot_be_changed(
    desk: Desk, sent: ConsultationRequest
) -> None:
    later = replace(desk, now=lambda: sent.starts_at + timedelta(hours=1))

    assert own(later, sent).say("cancel my booking", "manage_request") == ["manage_status_past"]


def test_how_it_stands_is_told_in_the_middle_of_a_change(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)
    talk.say("cancel my booking", "manage_request")

    said = talk.say("wait, when am i booked?", "manage_request")

    assert said == ["manage_status_new", "manage_confirmed"]
    assert talk.say("yes", "affirm") == ["manage_cancelled"]


def test_an_erased_request_is_not_told_of(desk: Desk) -> None:
    talk = Conversation(desk, reference="NP-AAAAAA")

    assert talk.say("is it confirmed?", "manage_request") == ["manage_gone"]


# --- cancel ---


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("yes", "affirm"),
        ("yes cancel it", "manage_request"),
        ("cancel", "stop"),
        ("please do", "nlu_fallback"),
        ("cancel my appointment", "stop"),
    ],
)
def test_a_cancellation_is_read_back_and_carried_out(
    desk: Desk, sent: ConsultationRequest, text: str, intent: str
) -> None:
    talk = own(desk, sent)

    assert talk.say("cancel my appointment", "manage_request") == ["manage_confirmed"]
    assert talk.slots["manage_before"] == "Tuesday 24 November 2026 at 3:00 pm"
    assert stored(desk, sent).status is Status.NEW
    assert talk.say(text, intent) == ["manage_cancelled"]
    assert stored(desk, sent).status is Status.CANCELLED


@pytest.mark.parametrize(
    ("text", "intent", "told"),
    [
        ("no", "deny", "manage_kept"),
        ("no keep it", "deny", "manage_kept"),
        ("no i don't want to cancel it", "deny", "manage_kept"),
        ("don't cancel it", "inform", "manage_kept"),
        ("don't cancel it", "stop", "manage_left"),
        ("leave it", "stop", "manage_left"),
        ("never mind", "stop", "manage_left"),
        ("stop", "stop", "manage_left"),
        ("forget it", "stop", "manage_left"),
        ("oh no, scrap that please", "stop", "manage_left"),
        ("drop it", "manage_request", "manage_kept"),
    ],
)
def test_a_cancellation_that_is_not_wanted_changes_nothing(
    desk: Desk, sent: ConsultationRequest, text: str, intent: str, told: str
) -> None:
    talk = own(desk, sent)
    talk.say("cancel my appointment", "manage_request")

    assert talk.say(text, intent) == [told]
    assert stored(desk, sent).status is Status.NEW


def test_an_unclear_answer_cancels_nothing(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)
    talk.say("cancel my appointment", "manage_request")

    assert talk.say("no, cancel the other one", "manage_request") == ["manage_confirmed"]
    assert talk.say("hmm perhaps") == ["offer_call_back", "manage_confirmed"]
    assert stored(desk, sent).status is Status.NEW


def test_the_clinic_moved_it_after_it_was_read_back(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)
    talk.say("cancel my appointment", "manage_request")
    move(desk, sent, at(desk, 25, 11))

    assert talk.say("yes", "affirm") == ["manage_changed", "manage_confirmed"]
    assert talk.slots["manage_before"] == "Wednesday 25 November 2026 at 11:00 am"
    assert talk.say("yes", "affirm") == ["manage_cancelled"]


def test_the_clinic_declined_it_after_it_was_read_back(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)
    talk.say("move my appointment to wednesday at 11", "manage_request")
    requests.decline_request(
        desk.engine, desk.clinic, sent.reference, actor="clinic", now=desk.now()
    )

    assert talk.say("yes", "affirm") == ["manage_status_declined"]


def move(desk: Desk, sent: ConsultationRequest, start: datetime) -> None:
    requests.move_request(
        desk.engine,
        desk.clinic,
        sent.reference,
        start,
        actor="clinic",
        now=desk.now(),
        real_now=datetime.now(UTC),
    )


# --- move ---


def test_a_free_time_goes_straight_to_the_last_question(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)

    assert talk.say("move my appointment to friday at 11", "manage_request") == ["manage_confirmed"]
    assert talk.slots["manage_before"] == "Tuesday 24 November 2026 at 3:00 pm"
    assert talk.slots["manage_after"] == "Friday 27 November 2026 at 11:00 am"
    assert talk.say("yes", "affirm") == ["manage_moved"]
    assert stored(desk, sent).starts_at == at(desk, 27, 11)
    assert stored(desk, sent).status is Status.RESCHEDULED


def test_the_new_time_is_kept_until_it_is_known_which_request(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = Conversation(desk)
    talk.say("move my appointment to friday at 11", "manage_request")
    talk.say(sent.reference)

    assert talk.say(OURS) == ["manage_confirmed"]
    assert talk.slots["manage_after"] == "Friday 27 November 2026 at 11:00 am"


@pytest.mark.parametrize(
    ("wish", "after"),
    [
        ("push my appointment back an hour", "Tuesday 24 November 2026 at 4:00 pm"),
        ("move it to the day after at the same time", "Wednesday 25 November 2026 at 3:00 pm"),
        ("move it to noon the same day", "Tuesday 24 November 2026 at 12:00 pm"),
    ],
)
def test_a_new_time_told_by_the_one_it_has(
    desk: Desk, sent: ConsultationRequest, wish: str, after: str
) -> None:
    talk = own(desk, sent)

    assert talk.say(wish, "manage_request") == ["manage_confirmed"]
    assert talk.slots["manage_after"] == after


@pytest.mark.parametrize("later", [True, False])
def test_later_or_earlier_that_day(desk: Desk, sent: ConsultationRequest, later: bool) -> None:
    talk = own(desk, sent)

    said = talk.say(f"move it to {'later' if later else 'earlier'} that day", "manage_request")

    starts = list(map(datetime.fromisoformat, talk.slots["offered"]["starts"]))
    assert said == ["manage_time[others]"]
    assert len(starts) == 3
    assert all(start.date() == sent.starts_at.date() for start in starts)
    assert all((start > sent.starts_at) is later for start in starts)


def test_a_phone_number_is_no_new_time(desk: Desk, sent: ConsultationRequest) -> None:
    talk = Conversation(desk)
    talk.say("move my appointment to friday at 11", "manage_request")
    talk.say(sent.reference)

    assert talk.say("my phone is 202 555 0164") == ["manage_confirmed"]
    assert talk.slots["manage_after"] == "Friday 27 November 2026 at 11:00 am"


def test_what_was_proven_stays_so_when_something_else_comes_between(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = proven(desk, sent, "move")
    talk.open = False  # as by a wish for another consultation

    assert talk.say("cancel my appointment", "manage_request") == ["manage_confirmed"]


def test_an_hour_alone_is_one_of_the_day_that_it_is_on(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)

    assert talk.say("can we make my appointment at 4pm instead", "manage_request") == [
        "manage_confirmed"
    ]
    assert talk.slots["manage_after"] == "Tuesday 24 November 2026 at 4:00 pm"


def test_a_day_alone_is_answered_with_free_times(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)

    assert talk.say("move it to friday", "manage_request") == ["manage_time[free]"]
    assert len(talk.slots["offered"]["starts"]) == 3
    assert talk.say("at 2pm") == ["manage_confirmed"]
    assert talk.slots["manage_after"] == "Friday 27 November 2026 at 2:00 pm"


def test_without_a_new_time_the_next_free_ones_are_offered(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)
    said = talk.say("i can't make it on tuesday, can i reschedule", "manage_request")
    first = talk.slots["offered"]["starts"][0]

    assert said == ["manage_time"]
    assert talk.press("inform", slot=first) == ["manage_confirmed"]
    assert talk.press("affirm") == ["manage_moved"]
    assert stored(desk, sent).starts_at == datetime.fromisoformat(first)


def test_other_times_are_others(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)
    talk.say("move it to wednesday", "manage_request")
    before = set(talk.slots["offered"]["starts"])

    assert talk.press("inform", "Other times", others="other") == ["manage_time[others]"]
    after = set(talk.slots["offered"]["starts"])
    assert len(after) == 3
    assert not after & before
    assert talk.say("no", "deny") == ["manage_time[others]"]


@pytest.mark.parametrize(
    ("text", "intent", "after"),
    [
        ("no, make it 4", "change_details", "Friday 27 November 2026 at 4:00 pm"),
        ("wednesday instead", "change_details", "Wednesday 25 November 2026 at 11:00 am"),
        ("yes but at 2", "change_details", "Friday 27 November 2026 at 2:00 pm"),
        ("move it to monday at 9", "manage_request", "Monday 23 November 2026 at 9:00 am"),
    ],
)
def test_a_change_of_mind_wins_over_a_yes(
    desk: Desk, sent: ConsultationRequest, text: str, intent: str, after: str
) -> None:
    talk = own(desk, sent)
    talk.say("move it to friday at 11", "manage_request")

    assert talk.say(text, intent) == ["manage_confirmed"]
    assert talk.slots["manage_after"] == after
    assert stored(desk, sent).status is Status.NEW


def test_saying_the_new_time_again_agrees(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)
    talk.say("move it to friday at 11", "manage_request")

    assert talk.say("yes, friday please", "change_details") == ["manage_moved"]


def test_no_to_the_new_time_offers_others_of_that_day(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)
    talk.say("move it to friday at 11", "manage_request")

    assert talk.say("no", "deny") == ["manage_time[others]"]
    starts = talk.slots["offered"]["starts"]
    assert len(starts) == 3
    assert all(start.startswith("2026-11-27") for start in starts)
    assert at(desk, 27, 11).isoformat() not in starts


@pytest.mark.parametrize("at_last", [True, False])
def test_what_shall_stay_as_it_is_stays(
    desk: Desk, sent: ConsultationRequest, at_last: bool
) -> None:
    talk = own(desk, sent)
    talk.say("move it to friday" + (" at 11" if at_last else ""), "manage_request")

    assert talk.say("oh leave it, keep it as it is") == ["manage_kept"]
    assert stored(desk, sent).status is Status.NEW


def test_the_time_that_it_has_is_no_other_time(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)

    said = talk.say("move it to tuesday at 3pm", "manage_request")

    assert said == ["manage_time[same_time]"]
    assert sent.starts_at.astimezone(desk.clinic.zone).isoformat() not in talk.slots["offered"]


def test_a_taken_time_is_answered_with_the_nearest(desk: Desk, sent: ConsultationRequest) -> None:
    take(desk, at(desk, 25, 10))
    talk = own(desk, sent)

    assert talk.say("move it to wednesday at 10", "manage_request") == ["manage_time[taken]"]
    assert talk.slots["offered"]["starts"]


def test_the_loser_of_a_race_is_offered_the_next_times_at_once(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)
    talk.say("move it to wednesday at 10", "manage_request")
    take(desk, at(desk, 25, 10))

    assert talk.say("yes", "affirm") == ["manage_time[taken]"]
    assert talk.slots["offered"]["starts"]
    assert stored(desk, sent).starts_at == sent.starts_at
    assert talk.say("the first one") == ["manage_confirmed"]
    assert talk.say("yes", "affirm") == ["manage_moved"]


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ("sunday at 11", "closed"),
        ("today at 11", "too_soon"),
        ("the 3rd of march 2029", "too_far"),
        ("yesterday", "past_time"),
        ("february 30", "impossible_time"),
    ],
)
def test_why_a_time_cannot_be_had_is_said(
    desk: Desk, sent: ConsultationRequest, wish: str, code: str
) -> None:
    talk = own(desk, sent)

    assert talk.say(f"move it to {wish}", "manage_request") == [f"manage_time[{code}]"]


def test_a_cancellation_can_become_a_move_and_the_other_way_round(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)

    assert talk.say("cancel it", "manage_request") == ["manage_confirmed"]
    assert talk.press("manage_request", "Move it instead", change="move") == ["manage_time"]
    assert talk.say("actually cancel it", "stop") == ["manage_confirmed"]
    assert talk.slots["manage_action"] == "cancel"
    assert talk.say("yes", "affirm") == ["manage_cancelled"]


def test_somebody_who_cannot_come_at_all_may_cancel(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)
    talk.say("move it please", "manage_request")

    assert talk.say("i can't come anymore", "manage_request") == ["manage_confirmed"]
    assert talk.slots["manage_action"] == "cancel"


# --- everything else ---


def test_what_is_not_said_is_asked(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)

    assert talk.say("something about my booking", "manage_request") == ["manage_action"]
    assert talk.say("cancel", "stop") == ["manage_confirmed"]


@pytest.mark.parametrize("text", ["change my email", "sorry my email is wrong", "typo in my name"])
def test_details_of_a_sent_request_are_the_clinics_to_change(
    desk: Desk, sent: ConsultationRequest, text: str
) -> None:
    assert own(desk, sent).say(text, "change_details") == ["manage_details"]


def test_status_alone_asks_how_it_stands(desk: Desk, sent: ConsultationRequest) -> None:
    assert own(desk, sent).say("status", "manage_request")[0] == "manage_status_new"


def test_stopping_leaves_everything_as_it_was(desk: Desk, sent: ConsultationRequest) -> None:
    talk = own(desk, sent)
    talk.say("move it to friday at 11", "manage_request")

    assert talk.press("stop", "Leave it as it is") == ["manage_left"]
    assert not talk.open
    assert talk.slots["manage_time"] is None
    assert stored(desk, sent).starts_at == sent.starts_at


def test_a_question_in_between_leaves_the_open_one_open(
    desk: Desk, sent: ConsultationRequest
) -> None:
    talk = own(desk, sent)
    talk.say("move it to friday at 11", "manage_request")
    answered = [{"event": "user", "text": "does it hurt"}, {"event": "bot", "text": "Hardly."}]
    tracker = talk.tracker("does it hurt", "faq", [], answered)

    events = asyncio.run(ValidateManageForm(desk).run(CollectingDispatcher(), tracker, {}))

    assert [(e["name"], e["value"]) for e in events] == [("requested_slot", "manage_confirmed")]


def test_without_its_database_it_says_so(
    desk: Desk, sent: ConsultationRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unavailable(*_: Any) -> ConsultationRequest:
        raise BookingUnavailable

    monkeypatch.setattr("actions.manage_turn.show_request", unavailable)

    assert own(desk, sent).say("cancel it", "manage_request") == ["manage_unavailable"]


@pytest.mark.parametrize(
    ("text", "slots", "goes_on"),
    [
        ("cancel it", {"reference": "NP-AAAAAA"}, True),
        ("cancel", {"reference": "NP-AAAAAA"}, True),
        ("cancel my appointment", {}, True),
        ("never mind", {"reference": "NP-AAAAAA"}, False),
        ("cancel it", {}, False),
        ("stop", {}, False),
    ],
)
def test_with_no_form_open_cancelling_is_about_what_was_sent(
    desk: Desk, text: str, slots: dict[str, str], goes_on: bool
) -> None:
    dispatcher = CollectingDispatcher()
    tracker = Conversation(desk, **slots).tracker(text, "stop", [], [])

    events = asyncio.run(NothingToStop().run(dispatcher, tracker, {}))

    assert bool(events) is goes_on
    assert [one["response"] for one in dispatcher.messages] == (
        [] if goes_on else ["utter_nothing_to_stop"]
    )
