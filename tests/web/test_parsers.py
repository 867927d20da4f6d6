"""The small readers at the edge, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.cleaning import clean_text
from web.rasa_client import Choice, read_payload
from web.tokens import LONGEST_TOKEN, Holder, InvalidToken, Tokens, known_time_zone


@pytest.mark.parametrize(
    ("payload", "choice"),
    [
        ("/greet", Choice("greet")),
        ("/faq/downtime", Choice("faq/downtime")),
        ('/inform{"concern": "acne scars"}', Choice("inform", {"concern": "acne scars"})),
        ('/inform {"a": {"b": 1}}', Choice("inform", {"a": {"b": 1}})),
        (" /stop ", Choice("stop")),
        ("greet", None),
        ("/", None),
        ("", None),
        ("/inform{broken}", None),
        ("/two words", None),
    ],
)
def test_payloads_of_buttons(payload: str, choice: Choice | None) -> None:
    assert read_payload(payload) == choice


@given(st.text(max_size=200))
def test_cleaned_text_is_clean_whatever_came_in(raw: str) -> None:
    cleaned = clean_text(raw)

    assert cleaned == cleaned.strip()
    assert not cleaned.startswith(("/", "\uff0f"))
    assert "\x00" not in cleaned
    assert clean_text(cleaned) == cleaned


@given(st.text(alphabet=" /\u200b\u200d\n\u00a0\uff0f\u2044a", max_size=12))
def test_no_mixture_of_blanks_and_slashes_gets_through(raw: str) -> None:
    assert not clean_text(raw).startswith(tuple("/\uff0f\u2044\u200b\u200d \n"))


@given(st.text(max_size=100))
def test_no_made_up_token_is_accepted(token: str) -> None:
    with pytest.raises(InvalidToken):
        Tokens("secret").read(token)


def test_tokens_are_read_back_and_never_repeat() -> None:
    tokens = Tokens("secret")

    issued = [tokens.issue() for _ in range(1000)]

    assert all(tokens.read(token).conversation_id == one for one, token in issued)
    assert len({conversation for conversation, _ in issued}) == 1000


def test_a_token_carries_the_time_zone_it_was_given_for() -> None:
    tokens = Tokens("secret")

    conversation, token = tokens.issue("America/Argentina/ComodRivadavia")

    assert tokens.read(token) == Holder(conversation, "America/Argentina/ComodRivadavia")
    assert len(token) < LONGEST_TOKEN


def test_the_time_zone_of_a_token_cannot_be_changed() -> None:
    tokens = Tokens("secret")
    _, token = tokens.issue("Europe/Berlin")

    with pytest.raises(InvalidToken):
        tokens.read(token.replace("Berlin", "London"))


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Asia/Calcutta", "Asia/Calcutta"),
        ("UTC", "UTC"),
        ("europe/berlin", None),
        ("Europe/Atlantis", None),
        ("../../etc/passwd", None),
        ("", None),
        (None, None),
        (60, None),
        (["Europe/Berlin"], None),
    ],
)
def test_only_names_of_time_zones_are_taken(name: object, known: str | None) -> None:
    assert known_time_zone(name) == known
