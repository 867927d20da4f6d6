"""The small readers at the edge, as tables."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.cleaning import clean_text
from web.rasa_client import Choice, read_payload
from web.tokens import InvalidToken, Tokens


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

    assert all(tokens.read(token) == conversation for conversation, token in issued)
    assert len({conversation for conversation, _ in issued}) == 1000
