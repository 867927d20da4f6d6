"""Signing in to the console, staying signed in, and forms that nobody else can send."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text, update

from faq.database import reading, writing
from faq.models import AuditEntry, StaffAccount, StaffSession
from tests.web.staffed import JONAS, MARA, PASSWORD, Member, Staffed, console, words_of
from web.staff import accounts, sessions
from web.staff.accounts import AccountRefused, add_account, deactivate, list_accounts, set_password
from web.staff.pages import safe_path
from web.staff.sessions import (
    PER_ACCOUNT,
    PER_ACCOUNT_ANYWHERE,
    PER_ADDRESS,
    Throttle,
    TooManyTries,
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Staffed]:
    with console(tmp_path) as staffed:
        yield staffed


def test_while_nobody_can_sign_in_the_page_says_how_to_add_the_first_account(desk: Staffed) -> None:
    with desk.browser() as browser:
        before = words_of(browser.get("/staff/sign-in"))
        add_account(desk.engine, MARA, PASSWORD, "admin")
        after = words_of(browser.get("/staff/sign-in"))

    assert 'needlepoint staff add "Your Name" --role admin' in before
    assert "needlepoint staff add" not in after


def test_whoever_is_not_signed_in_is_led_to_the_sign_in_page_and_back(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    with desk.browser() as browser:
        led = browser.get("/staff/log?page=1")
        page = browser.get(led.headers["location"])
        back = Member(browser).sign_in(MARA, next="/staff/log?page=1")

    assert (led.status_code, page.status_code) == (303, 200)
    assert 'value="/staff/log?page=1"' in page.text
    assert back.headers["location"] == "/staff/log?page=1"


def test_a_name_is_known_however_it_is_typed(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    with desk.browser() as browser:
        answer = Member(browser).sign_in("  mara   QUINN ")

    assert answer.status_code == 303


def test_the_cookie_is_kept_from_scripts_and_from_other_sites(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    form = {"name": MARA, "password": PASSWORD}
    with desk.browser() as browser:
        plain = browser.post("/staff/sign-in", data=form)
        origin = {"Origin": "https://book.clinic.example"}
        by_https = browser.post("/staff/sign-in", data=form, headers=origin)

    assert "HttpOnly" in plain.headers["set-cookie"]
    assert "SameSite=lax" in plain.headers["set-cookie"]
    assert "Max-Age=43200" in plain.headers["set-cookie"]
    assert "Secure" not in plain.headers["set-cookie"]
    assert "Secure" in by_https.headers["set-cookie"]


def test_no_page_of_the_console_is_kept_by_a_browser_or_shown_in_a_frame(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        headers = mara.get("/staff/people").headers

    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]


def test_neither_password_nor_token_is_stored_as_it_is(desk: Staffed) -> None:
    with desk.signed_in() as mara, reading(desk.engine) as session:
        token = mara.http.cookies["needlepoint_staff"]
        account = session.scalars(select(StaffAccount)).one()
        kept = session.scalars(select(StaffSession)).one()

    assert account.password_hash is not None
    assert account.password_hash.startswith("$argon2id$")
    assert kept.token_hash != token
    assert len(kept.token_hash) == 64


@pytest.mark.parametrize(
    ("name", "password"),
    [(MARA, "nine linden trees"), (JONAS, PASSWORD), ("", ""), (MARA, ""), ("Left Long Ago", "")],
)
def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(
    desk: Staffed, name: str, password: str
) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    with desk.browser() as browser:
        answer = Member(browser).sign_in(name, password)

    assert answer.status_code == 401
    assert "Name and password don’t go together." in words_of(answer)
    assert "needlepoint_staff=" not in answer.headers.get("set-cookie", "")


def test_an_unknown_name_costs_a_hash_like_a_known_one(
    desk: Staffed, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    checked: list[str] = []
    fits = sessions._fits

    def noting(stored: str, typed: str) -> bool:
        checked.append(stored)
        return fits(stored, typed)

    monkeypatch.setattr(sessions, "_fits", noting)

    for name in (MARA, "Nobody Here"):
        with pytest.raises(sessions.SignInRefused):
            sessions.check(desk.engine, Throttle.fresh(), name, "guess", "192.0.2.1")

    parameters = {stored.rsplit("$", 2)[0] for stored in checked}
    assert len(checked) == 2
    assert len(parameters) == 1


def test_a_session_ends_after_twelve_hours(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        before = mara.get("/staff/me").status_code
        with writing(desk.engine) as session:
            session.execute(update(StaffSession).values(expires_at=time.time() - 1))
        after = mara.get("/staff/me")

    assert before == 200
    assert after.headers["location"] == "/staff/sign-in?next=/staff/me"


def test_signing_out_ends_the_session_and_not_only_the_cookie(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        token = mara.http.cookies["needlepoint_staff"]
        mara.post("/staff/sign-out")
        mara.http.cookies.set("needlepoint_staff", token)
        after = mara.get("/staff/me")

    assert after.status_code == 303


def test_whoever_is_signed_in_already_need_not_sign_in_again(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        answer = mara.get("/staff/sign-in?next=/staff/log")

    assert answer.headers["location"] == "/staff/log"


def test_signing_in_anew_ends_the_browsers_session_before(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        mara.sign_in(MARA)
        with reading(desk.engine) as session:
            open_sessions = session.scalars(select(StaffSession)).all()

    assert len(open_sessions) == 1


def test_a_deactivated_account_is_out_at_once_and_cannot_come_back(desk: Staffed) -> None:
    add_account(desk.engine, JONAS, PASSWORD, "admin")
    with desk.signed_in() as mara:
        deactivate(desk.engine, MARA)
        after = mara.get("/staff/me")
        again = mara.sign_in(MARA)

    assert after.status_code == 303
    assert again.status_code == 401


def test_a_new_password_ends_all_sessions_of_the_account(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        set_password(desk.engine, MARA, "ten linden leaves")
        after = mara.get("/staff/me")
        again = mara.sign_in(MARA, "ten linden leaves")

    assert after.status_code == 303
    assert again.status_code == 303


def test_what_was_typed_into_a_session_that_is_over_is_not_lost_silently(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        csrf = mara.csrf()
        with writing(desk.engine) as session:
            session.execute(update(StaffSession).values(expires_at=0.0))
        answer = mara.http.post("/staff/people", data={"csrf": csrf, "name": "Jo"})

    assert answer.status_code == 401
    assert "Nothing was saved." in words_of(answer)


# --- too many tries ---


def test_after_too_many_wrong_passwords_even_the_right_one_has_to_wait(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    with desk.browser() as browser:
        member = Member(browser)
        wrong = [member.sign_in(MARA, "a guess").status_code for _ in range(PER_ACCOUNT.amount)]
        right = member.sign_in(MARA)

    assert set(wrong) == {401}
    assert right.status_code == 429
    assert 0 < int(right.headers["retry-after"]) <= 15 * 60
    assert "Too many tries." in words_of(right)


def test_an_address_that_tries_many_names_has_to_wait() -> None:
    throttle = Throttle.fresh()
    for number in range(PER_ADDRESS.amount):
        throttle.spend(f"name {number}", "192.0.2.1")

    with pytest.raises(TooManyTries):
        throttle.spend("one more", "192.0.2.1")
    throttle.spend("one more", "192.0.2.2")


def test_nobody_locks_out_somebody_else_by_guessing(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    throttle = Throttle.fresh()
    for _ in range(PER_ACCOUNT.amount):
        throttle.spend(MARA, "192.0.2.66")

    with pytest.raises(TooManyTries):
        throttle.spend(MARA, "192.0.2.66")
    signed_in, _ = sessions.check(desk.engine, throttle, MARA, PASSWORD, "192.0.2.1")

    assert signed_in.name == MARA


def test_guesses_at_one_account_from_many_addresses_are_counted_together() -> None:
    throttle = Throttle.fresh()
    for number in range(PER_ACCOUNT_ANYWHERE.amount):
        throttle.spend(MARA, f"192.0.2.{number}")

    with pytest.raises(TooManyTries):
        throttle.spend(MARA, "198.51.100.1")


def test_the_right_password_forgets_the_wrong_ones_before(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    throttle = Throttle.fresh()

    for _ in range(3):
        for _ in range(PER_ACCOUNT.amount - 1):
            with pytest.raises(sessions.SignInRefused):
                sessions.check(desk.engine, throttle, MARA, "a guess", "192.0.2.1")
        sessions.check(desk.engine, throttle, MARA, PASSWORD, "192.0.2.1")


def test_many_tries_at_once_are_all_counted(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    throttle = Throttle.fresh()

    def outcome(_: int) -> type[Exception] | None:
        try:
            sessions.check(desk.engine, throttle, MARA, "a guess", "192.0.2.1")
        except (sessions.SignInRefused, TooManyTries) as refused:
            return type(refused)
        return None

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(outcome, range(PER_ACCOUNT.amount + 6)))

    assert outcomes.count(sessions.SignInRefused) == PER_ACCOUNT.amount
    assert outcomes.count(TooManyTries) == 6


# --- forms from elsewhere ---


HERE, ELSEWHERE = "http://here", "https://elsewhere.example"
OWN_TOKEN, NO_TOKEN, FOREIGN_TOKEN = "own", "none", "foreign"
# Sec-Fetch-Site, Origin, token: whether the form is taken. HERE is replaced by the server's own.
DECISIONS = [
    ("same-origin", HERE, OWN_TOKEN, True),
    ("same-origin", None, OWN_TOKEN, True),
    ("none", None, OWN_TOKEN, True),
    (None, HERE, OWN_TOKEN, True),
    (None, "https://book.clinic.example", OWN_TOKEN, True),
    (None, None, OWN_TOKEN, False),
    (None, "null", OWN_TOKEN, False),
    (None, ELSEWHERE, OWN_TOKEN, False),
    ("cross-site", ELSEWHERE, OWN_TOKEN, False),
    ("cross-site", HERE, OWN_TOKEN, False),
    ("same-site", HERE, OWN_TOKEN, False),
    ("same-origin", HERE, NO_TOKEN, False),
    ("same-origin", HERE, FOREIGN_TOKEN, False),
    (None, HERE, NO_TOKEN, False),
    (None, HERE, FOREIGN_TOKEN, False),
    ("cross-site", ELSEWHERE, NO_TOKEN, False),
]


@pytest.fixture(scope="module")
def shared_desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Staffed, Member, str]]:
    """A desk with Mara signed in, and the token of somebody else's forms."""
    with console(tmp_path_factory.mktemp("console")) as staffed:
        with staffed.signed_in(JONAS, "editor") as jonas:
            foreign = jonas.csrf()
        with staffed.signed_in(MARA) as mara:
            yield staffed, mara, foreign


@pytest.mark.parametrize(("site", "origin", "token", "taken"), DECISIONS)
def test_a_form_is_taken_only_from_our_own_page_and_session(
    shared_desk: tuple[Staffed, Member, str],
    site: str | None,
    origin: str | None,
    token: str,
    taken: bool,
) -> None:
    staffed, mara, foreign = shared_desk
    given = {"Sec-Fetch-Site": site, "Origin": staffed.url if origin == HERE else origin}
    headers = {name: value for name, value in given.items() if value is not None}
    csrf = {OWN_TOKEN: {"csrf": mara.csrf()}, FOREIGN_TOKEN: {"csrf": foreign}, NO_TOKEN: {}}
    form = {"name": JONAS, "role": "editor", **csrf[token]}
    request = mara.http.build_request("POST", "/staff/people/role", data=form)
    request.headers.pop("Origin")
    request.headers.update(headers)

    answer = mara.http.send(request)

    assert answer.status_code == (303 if taken else 403)


def test_signing_in_is_refused_from_another_site(shared_desk: tuple[Staffed, Member, str]) -> None:
    staffed, *_ = shared_desk
    with staffed.browser() as browser:
        browser.headers["Origin"] = ELSEWHERE
        answer = Member(browser).sign_in(MARA)

    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    ("wanted", "led_to"),
    [
        ("/staff/requests?page=2", "/staff/requests?page=2"),
        ("/staff", "/staff"),
        ("https://elsewhere.example/staff/x", "/staff"),
        ("//elsewhere.example/staff", "/staff"),
        ("/staff/../manage/x", "/staff"),
        ("/stafford", "/staff"),
        ("/staff\\@elsewhere.example", "/staff"),
        ("javascript:alert(1)", "/staff"),
        ("/staff/sign-in", "/staff"),
        ("/staff/x\r\nSet-Cookie: a=b", "/staff"),
    ],
)
def test_signing_in_leads_to_pages_of_the_console_only(wanted: str, led_to: str) -> None:
    assert safe_path(wanted) == led_to


# --- accounts ---


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("", PASSWORD),
        ("x" * 61, PASSWORD),
        ("<b>Mara</b>", PASSWORD),
        ("visitor", PASSWORD),
        ("Clinic", PASSWORD),
        (JONAS, "short"),
        (JONAS, "aaaaaaaaaaaaaaaa"),
        (JONAS, "jonas field 2026"),
        (JONAS, "x" * 257),
        (MARA.upper(), PASSWORD),
    ],
)
def test_an_account_that_will_not_do_is_refused_with_a_reason(
    shared_desk: tuple[Staffed, Member, str], name: str, password: str
) -> None:
    staffed, mara, _ = shared_desk
    before = [account.name for account in list_accounts(staffed.engine)]

    form = {"name": name, "password": password, "role": "editor"}
    answer = mara.post("/staff/people", form)

    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert [account.name for account in list_accounts(staffed.engine)] == before


def test_the_last_admin_cannot_be_lost(desk: Staffed) -> None:
    add_account(desk.engine, MARA, PASSWORD, "admin")
    add_account(desk.engine, JONAS, PASSWORD, "editor")

    with pytest.raises(AccountRefused, match="only admin"):
        deactivate(desk.engine, MARA)
    with pytest.raises(AccountRefused, match="only admin"):
        accounts.set_role(desk.engine, MARA, "editor")
    deactivate(desk.engine, JONAS)


def test_an_admin_adds_somebody_who_signs_in_and_changes_the_password(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        added = mara.post("/staff/people", {"name": JONAS, "password": PASSWORD, "role": "editor"})
        assert added.status_code == 303
        assert "Jonas Field can sign in now." in mara.words("/staff/people")
    with desk.browser() as browser:
        jonas = Member(browser)
        jonas.sign_in(JONAS)
        new = "ten linden leaves"
        refused = jonas.post("/staff/me", {"old": "a guess", "new": new, "again": new})
        differing = jonas.post("/staff/me", {"old": PASSWORD, "new": new, "again": new + "!"})
        changed = jonas.post("/staff/me", {"old": PASSWORD, "new": new, "again": new})
        assert (refused.status_code, differing.status_code) == (422, 422)
        assert changed.headers["location"] == "/staff/sign-in"
        assert jonas.get("/staff/me").status_code == 303
        assert jonas.sign_in(JONAS, new).status_code == 303


@pytest.mark.parametrize("path", ["/staff/people", "/staff/log"])
def test_an_editor_sees_nothing_of_what_is_the_admins(desk: Staffed, path: str) -> None:
    with desk.signed_in(JONAS, "editor") as jonas:
        page = jonas.get(path)
        sent = jonas.post("/staff/people", {"name": "Jo", "password": PASSWORD, "role": "admin"})
        navigation = jonas.get("/staff/me").text

    assert page.status_code == 403
    assert "Only admins can do this" in words_of(page)
    assert sent.status_code == 403
    assert path not in navigation
    assert [account.name for account in list_accounts(desk.engine)] == [JONAS]


def test_the_log_names_who_did_what_and_holds_no_password(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        mara.post("/staff/people", {"name": JONAS, "password": "ten oak leaves", "role": "editor"})
        mara.post("/staff/people/deactivate", {"name": JONAS})
        page = mara.words("/staff/log")
    with reading(desk.engine) as session:
        lines = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()

    assert [(line.who, line.what, line.about) for line in lines] == [
        (MARA, "signed in", ""),
        (MARA, "added to staff", JONAS),
        (MARA, "deactivated", JONAS),
    ]
    assert "deactivated Jonas Field" in page
    assert not any("oak" in line.detail for line in lines)


def test_a_page_that_is_not_there_is_told_in_the_consoles_look(desk: Staffed) -> None:
    with desk.browser() as browser:
        answer = browser.get("/staff/nothing", headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "There is nothing here" in words_of(answer)


def test_a_body_that_is_too_large_is_refused_before_it_is_read(desk: Staffed) -> None:
    with desk.browser() as browser:
        answer = browser.post("/staff/people", content=b"x" * (5 * 1024 * 1024 + 1))

    assert answer.status_code == 413
    assert "up to 5 MB" in words_of(answer)


def test_a_database_that_does_not_answer_is_told_in_the_consoles_look(desk: Staffed) -> None:
    with desk.signed_in() as mara:
        with desk.booking.begin() as connection:
            connection.execute(text("ALTER TABLE consultation_requests RENAME TO elsewhere"))
        of_requests = mara.get("/staff/requests")
        with desk.engine.begin() as connection:
            connection.execute(text("ALTER TABLE staff_sessions RENAME TO elsewhere"))
        of_staff = mara.get("/staff/me")

    assert (of_requests.status_code, of_staff.status_code) == (503, 503)
    assert of_requests.headers["retry-after"] == "5"
    assert "The records can’t be reached just now" in words_of(of_requests)
    assert "Mara Quinn" in words_of(of_requests)
    assert "The records can’t be reached just now" in words_of(of_staff)
