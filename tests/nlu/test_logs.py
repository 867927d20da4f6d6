"""Rasa's log: it tells what went wrong, and not how to reach whom."""

import logging
from typing import Iterator

import pytest
from rasa.utils.log_utils import configure_structlog
from structlog import get_logger

from nlu.logs import mask_logs, masked
from tests.masking import KEPT, MASKED


@pytest.fixture
def masked_logs() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    mask_logs()
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize(("logged", "shown"), MASKED)
def test_addresses_and_numbers_are_masked(logged: str, shown: str) -> None:
    assert masked(logged) == shown


@pytest.mark.parametrize("logged", KEPT)
def test_all_else_is_kept(logged: str) -> None:
    assert masked(logged) == logged


@pytest.mark.usefixtures("masked_logs")
def test_a_message_that_failed_is_quoted_without_them(caplog: pytest.LogCaptureFixture) -> None:
    configure_structlog(logging.INFO)
    text = "I'm at ana@linden-skin.example or 202-555-0143"

    try:
        raise ValueError(text)
    except ValueError:
        get_logger("rest").exception("rest.message.received.failure", text=text)
        logging.getLogger("rasa").exception("failed with %s", text)

    assert "rest.message.received.failure" in caplog.text
    assert caplog.text.count("[address]") >= 4
    assert "ana@" not in caplog.text
    assert "0143" not in caplog.text
