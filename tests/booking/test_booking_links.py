"""Whoever has a link manages that request; nobody makes one up, or bends one to another request."""

from __future__ import annotations

from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import Signer, URLSafeTimedSerializer
from sqlalchemy import Engine

from booking.details import Contact
from booking.errors import UnknownRequest
from booking.links import LONGEST_TOKEN, InvalidLink, ManageLinks
from booking.requests import find_request, show_request
from booking.storing import new_reference

SECRET = "a secret of the tests"
LINKS = ManageLinks(SECRET, "https://clinic.example")
REFERENCE = "NP-7KQ4MX"


def token_of(links: ManageLinks = LINKS, reference: str = REFERENCE) -> str:
    return urlsplit(links.url(reference)).path.rpartition("/")[2]


def is_refused(token: str, links: ManageLinks = LINKS) -> bool:
    try:
        links.reference(token)
    except InvalidLink:
        return True
    return False


def test_a_link_leads_back_to_its_request() -> None:
    for _ in range(50):
        reference = new_reference()

        assert LINKS.reference(token_of(reference=reference)) == reference


@pytest.mark.parametrize("address", ["https://clinic.example", "https://clinic.example/"])
def test_a_link_lies_below_the_public_address(address: str) -> None:
    url = ManageLinks(SECRET, address).url(REFERENCE)

    assert url == f"https://clinic.example/manage/{token_of()}"
    # Nothing in it that a mail program or a browser would write in another way.
    assert quote(token_of()) == token_of()


def test_a_link_stays_the_same() -> None:
    assert ManageLinks(SECRET, "https://elsewhere.example").reference(token_of()) == REFERENCE
    assert ManageLinks(SECRET, "https://clinic.example").url(REFERENCE) == LINKS.url(REFERENCE)


def test_each_changed_character_is_refused() -> None:
    token = token_of()
    changed = [
        token[:place] + other + token[place + 1 :]
        for place in range(len(token))
        for other in "ABab01-_.~ \u0660"
        if other != token[place]
    ]

    assert len(changed) > 500
    assert [one for one in changed if not is_refused(one)] == []


def test_each_shorter_or_longer_token_is_refused() -> None:
    token = token_of()
    bent = [token[:length] for length in range(len(token))]
    bent += [token[length:] for length in range(1, len(token) + 1)]
    bent += [token + more for more in ("A", "=", "==", "!", ".", " ", "\n", "%00", "/", token)]
    bent += [more + token for more in ("A", " ", ".", "NP-", REFERENCE)]

    assert [one for one in bent if not is_refused(one)] == []


def test_another_secret_or_purpose_does_not_sign_links() -> None:
    others = [
        token_of(ManageLinks("another secret", "https://clinic.example")),
        token_of(ManageLinks("", "https://clinic.example")),
        Signer(SECRET).sign(REFERENCE).decode(),
        Signer(SECRET, salt="needlepoint chat").sign(REFERENCE).decode(),
        str(URLSafeTimedSerializer(SECRET).dumps(REFERENCE)),
    ]

    assert [one for one in others if not is_refused(one)] == []


def test_the_signature_of_one_request_is_none_for_another() -> None:
    signature = token_of().rpartition(".")[2]

    for other in ("NP-7KQ4MY", "np-7kq4mx", "NP-7KQ4MX ", "", "NP-7KQ4MX.NP-7KQ4MX"):
        assert is_refused(f"{other}.{signature}")


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        REFERENCE,
        f"{REFERENCE}.",
        "\x00",
        "\ud800",
        "ＮＰ-7KQ4MX." + token_of().rpartition(".")[2],
        "é" * 20 + "." + token_of().rpartition(".")[2],
        "A" * LONGEST_TOKEN,
        token_of() + "A" * 10**6,
        "." * 10**6,
    ],
)
def test_what_is_no_token_is_refused(token: str) -> None:
    with pytest.raises(InvalidLink):
        LINKS.reference(token)


@given(token=st.text(max_size=150))
def test_made_up_tokens_are_refused(token: str) -> None:
    assert is_refused(token)


@pytest.mark.parametrize(
    "typed", ["", " ", "NP-XXXXXX", "\x00", "NP-\x00", "\ud800", "ＮＰ-７", "'; --", "x" * 10**5]
)
def test_a_reference_that_is_none_is_unknown(engine: Engine, typed: str) -> None:
    with pytest.raises(UnknownRequest):
        show_request(engine, typed)
    with pytest.raises(UnknownRequest):
        find_request(engine, typed, Contact(email="ana@example.com"))
