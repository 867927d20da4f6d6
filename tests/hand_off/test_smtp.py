"""Sending to real mail servers: willing, refusing, encrypted, slow and silent ones."""

from __future__ import annotations

import logging
import socket
import ssl
import time
import traceback
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP

import pytest

from booking.hand_off.notice import Undelivered
from booking.hand_off.smtp import Smtp

from .mail_server import Certificate, MailServer, new_certificate, running_mail_server
from .receivers import dripping, free_port, hang_up, say_nothing, talking

SENDER = "desk@linden-skin.example"
ANA, BO, CY = "ana@example.com", "bo@example.com", "cy@example.com"
SOON = 0.4


@pytest.fixture
def server() -> Iterator[MailServer]:
    with running_mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return new_certificate(tmp_path_factory.mktemp("tls"))


def a_message(text: str = "Hello") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Hello"
    message["From"] = SENDER
    message["To"] = ANA
    message.set_content(text, cte="quoted-printable")
    return message


def refusal(smtp: Smtp, *to: str) -> Undelivered:
    with pytest.raises(Undelivered) as refused:
        smtp.send(a_message(), to or (ANA,))
    return refused.value


def test_a_message_reaches_every_recipient(server):
    later = Smtp(server.url, SENDER).send(a_message(), (ANA, BO))

    [mail] = server.mails
    assert (mail.sender, mail.to) == (SENDER, [ANA, BO])
    assert later == ()


def test_lines_that_begin_with_a_dot_arrive_whole(server):
    text = "first\n.\n..two\nMAIL FROM:<x@example.com>\n"

    Smtp(server.url, SENDER).send(a_message(text), (ANA,))

    assert server.mails[0].message.get_content().splitlines() == text.splitlines()


# --- refusals ---


@pytest.mark.parametrize(
    ("answer", "permanent", "told"),
    [
        ("550 5.1.1 <ana@example.com> no such user", True, "550 5.1.1"),
        ("551 User not local; please try <ana@elsewhere.example>", True, "551"),
        ("552 5.2.2 mailbox of ana is full", True, "552 5.2.2"),
        ("553 mailbox name ana not allowed", True, "553"),
        ("450 4.2.1 come back later", False, "450 4.2.1"),
        ("451 4.7.1 greylisted", False, "451 4.7.1"),
        ("452 4.2.2 over quota", False, "452 4.2.2"),
    ],
)
def test_a_refused_recipient_is_tried_again_unless_refused_for_good(
    answer, permanent, told, server
):
    server.refused[ANA] = answer

    refused = refusal(Smtp(server.url, SENDER))

    assert refused.permanent is permanent
    assert str(refused) == f"the mail server refuses the recipient: {told}"
    assert server.mails == []


@pytest.mark.parametrize(
    ("answer", "permanent", "told"),
    [
        ("554 5.7.1 looks like spam from desk@linden-skin.example", True, "554 5.7.1"),
        ("552 too big", True, "552"),
        ("451 4.3.0 try later", False, "451 4.3.0"),
    ],
)
def test_a_refused_message_is_tried_again_unless_refused_for_good(answer, permanent, told, server):
    server.refuse_data = answer

    refused = refusal(Smtp(server.url, SENDER))

    assert refused.permanent is permanent
    assert str(refused) == f"the mail server refuses the message: {told}"


@pytest.mark.parametrize("answer", ["550 5.7.60 not your address", "451 later", "530 log in first"])
def test_a_refused_sender_is_a_setting_to_put_right(answer, server):
    server.refuse_sender = answer

    assert not refusal(Smtp(server.url, SENDER)).permanent


def test_recipients_that_are_fine_get_it_although_another_is_refused_for_good(server, caplog):
    server.refused[BO] = "550 5.1.1 <bo@example.com> gone"

    with caplog.at_level(logging.WARNING):
        later = Smtp(server.url, SENDER).send(a_message(), (ANA, BO, CY))

    assert server.mails[0].to == [ANA, CY]
    assert later == ()
    assert "1 of 3 recipients refused: 550 5.1.1" in caplog.text
    assert BO not in caplog.text


def test_recipients_that_are_refused_for_now_are_named_to_try_again(server):
    server.refused |= {BO: "451 4.7.1 greylisted", CY: "550 5.1.1 gone"}

    later = Smtp(server.url, SENDER).send(a_message(), (ANA, BO, CY))

    assert server.mails[0].to == [ANA]
    assert later == (BO,)


def test_when_all_are_refused_and_some_for_now_it_is_tried_again(server):
    server.refused |= {ANA: "451 later", BO: "550 gone"}

    assert not refusal(Smtp(server.url, SENDER), ANA, BO).permanent
    assert server.mails == []


@pytest.mark.parametrize("greeting", [b"421 too busy\r\n", b"554 no mail here\r\n", b"hello\r\n"])
def test_a_server_that_takes_no_mail_is_tried_again(greeting):
    def talk(connection: socket.socket) -> None:
        connection.sendall(greeting)
        say_nothing(connection)

    with talking(talk) as port:
        assert not refusal(Smtp(f"smtp://127.0.0.1:{port}", SENDER)).permanent


def test_what_went_wrong_is_told_without_any_address(server):
    server.refused[ANA] = "550 5.1.1 <ana@example.com>: ana lopez is unknown here"

    refused = refusal(Smtp(server.url, SENDER))

    told = "".join(traceback.format_exception(refused))
    assert "ana" not in str(refused)
    assert "ana lopez" not in told
    assert "550 5.1.1 <" not in told


def test_nothing_is_logged_about_a_message_that_arrives(server, caplog):
    with caplog.at_level(logging.DEBUG, "booking"):
        Smtp(server.url, SENDER).send(a_message(), (ANA,))

    assert [record for record in caplog.records if record.name.startswith("booking")] == []


# --- addresses ---


def test_a_domain_of_any_script_is_written_as_name_servers_know_it(server):
    Smtp(server.url, SENDER).send(a_message(), ("ana@bücher.example",))

    assert server.mails[0].to == ["ana@xn--bcher-kva.example"]


def test_an_address_of_any_script_is_taken_by_a_server_that_can(server):
    Smtp(server.url, SENDER).send(a_message(), ("josé@example.com",))

    assert server.mails[0].to == ["josé@example.com"]


def test_an_address_of_any_script_is_refused_for_good_where_the_server_cannot():
    with running_mail_server(enable_SMTPUTF8=False) as server:
        refused = refusal(Smtp(server.url, SENDER), "josé@example.com")

    assert refused.permanent
    assert str(refused) == "the mail server refuses the recipient: 553 5.6.7"


@pytest.mark.parametrize(
    "address", ["", "ana", "ana@", "a b@example.com", "ana@example.com\r\nRCPT TO:<x@example.com>"]
)
def test_what_is_no_address_is_refused_for_good(address, server):
    assert refusal(Smtp(server.url, SENDER), address).permanent
    assert server.mails == []


# --- encryption and login ---


def test_a_connection_is_encrypted_when_the_server_offers_it(certificate):
    with running_mail_server(tls_context=certificate.server()) as server:
        Smtp(server.url, SENDER, tls=certificate.client()).send(a_message(), (ANA,))

    assert server.encrypted == [True]


def test_a_connection_is_encrypted_from_the_start_with_smtps(certificate):
    with running_mail_server(ssl_context=certificate.server()) as server:
        url = f"smtps://localhost:{server.port}"
        Smtp(url, SENDER, tls=certificate.client()).send(a_message(), (ANA,))

    assert server.encrypted == [True]


def test_a_server_that_nobody_vouches_for_gets_nothing(certificate):
    with running_mail_server(tls_context=certificate.server()) as server:
        refused = refusal(Smtp(server.url, SENDER, tls=ssl.create_default_context()))

    assert not refused.permanent
    assert str(refused) == "the mail server's certificate is not to be trusted"
    assert server.mails == []


def test_this_machines_own_server_needs_nobody_to_vouch_for_it(certificate):
    with running_mail_server(tls_context=certificate.server()) as server:
        Smtp(server.url, SENDER).send(a_message(), (ANA,))

    assert server.encrypted == [True]


def test_a_name_and_password_from_the_url_log_in(certificate):
    options = {"auth_required": True, "tls_context": certificate.server()}
    with running_mail_server(**options, require_starttls=True) as server:
        url = f"smtp://desk%40clinic:p%40ss%2Fword@localhost:{server.port}"
        Smtp(url, SENDER, tls=certificate.client()).send(a_message(), (ANA,))

    assert server.logins == [("desk@clinic", "p@ss/word")]
    assert len(server.mails) == 1


def test_a_wrong_password_is_told_and_can_be_put_right(certificate):
    options = {"auth_required": True, "tls_context": certificate.server()}
    with running_mail_server(**options) as server:
        url = f"smtp://desk:wrong@localhost:{server.port}"
        refused = refusal(Smtp(url, SENDER, tls=certificate.client()))

    assert not refused.permanent
    assert str(refused) == "the mail server refuses: 535 5.7.8"
    assert server.mails == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_password_is_not_shown_to_another_machine_unencrypted():
    options = {"auth_required": True, "auth_require_tls": False}
    with running_mail_server(**options) as server:
        # A name for this machine that isn't one of those known to be it.
        url = f"smtp://desk:p%40ss%2Fword@127.1:{server.port}"
        refused = refusal(Smtp(url, SENDER))

    assert str(refused) == "the mail server offers no encryption to log in over"
    assert server.logins == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_this_machines_own_server_may_do_without_encryption():
    with running_mail_server(auth_required=True, auth_require_tls=False) as server:
        url = f"smtp://desk:p%40ss%2Fword@localhost:{server.port}"
        Smtp(url, SENDER).send(a_message(), (ANA,))

    assert server.logins == [("desk", "p@ss/word")]


@pytest.mark.parametrize(
    "url",
    ["", "localhost:25", "http://localhost", "smtp://", "smtp://u:päss@localhost"],
)
def test_a_url_that_cannot_be_used_is_told_at_once(url):
    with pytest.raises(ValueError, match=r"needs? "):
        Smtp(url, SENDER)


# --- slow, silent and dead ones ---


def answering_slowly(connection: socket.socket) -> None:
    """A line for each command, sent a byte at a time."""
    connection.sendall(b"220 ready\r\n")
    while connection.recv(4096):
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(b"2")


def greeting_without_end(connection: socket.socket) -> None:
    while True:
        time.sleep(0.05)
        connection.sendall(b"220-more\r\n")


@pytest.mark.parametrize(
    "talk", [say_nothing, dripping(b"220 "), answering_slowly, greeting_without_end, hang_up]
)
def test_a_server_that_does_not_come_to_the_point_is_given_up_in_time(talk):
    with talking(talk) as port:
        began = time.monotonic()

        refused = refusal(Smtp(f"smtp://127.0.0.1:{port}", SENDER, timeout=SOON))

    assert time.monotonic() - began < 3 * SOON + 1
    assert not refused.permanent


def test_a_server_that_is_down_is_tried_again():
    refused = refusal(Smtp(f"smtp://127.0.0.1:{free_port()}", SENDER))

    assert not refused.permanent


def test_a_server_whose_name_nobody_knows_is_tried_again():
    assert not refusal(Smtp("smtp://mail.invalid", SENDER, timeout=5)).permanent


@pytest.mark.parametrize("goodbye", [b"500 what?\r\n", b""], ids=["refused", "hung up"])
def test_a_message_that_was_taken_stays_so_whatever_comes_of_the_goodbye(goodbye):
    said: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 ready\r\n")
        lines = connection.makefile("rb")
        in_message = False
        for line in lines:
            if in_message and line != b".\r\n":
                continue
            said.append(line.split()[0].upper())
            if said[-1] == b"QUIT":
                connection.sendall(goodbye)
                connection.shutdown(socket.SHUT_RDWR)
                return
            in_message = said[-1] == b"DATA"
            connection.sendall(b"354 go on\r\n" if in_message else b"250 OK\r\n")

    with talking(talk) as port:
        Smtp(f"smtp://127.0.0.1:{port}", SENDER, timeout=2).send(a_message(), (ANA,))

    assert said[-2:] == [b".", b"QUIT"]
