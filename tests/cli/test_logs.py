"""The processes' logs: they tell what went wrong, and not how to reach whom."""

import logging
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from booking.database import open_database
from needlepoint.logs import MaskedRecord, masked
from tests.cli.running import Installation
from tests.masking import KEPT, MASKED


@pytest.fixture
def masked_logs() -> Iterator[None]:
    before = logging.getLogRecordFactory()
    logging.setLogRecordFactory(MaskedRecord)
    yield
    logging.setLogRecordFactory(before)


@pytest.mark.parametrize(("logged", "shown"), MASKED)
def test_addresses_and_numbers_are_masked(logged: str, shown: str) -> None:
    assert masked(logged) == shown


@pytest.mark.parametrize("logged", KEPT)
def test_all_else_is_kept(logged: str) -> None:
    assert masked(logged) == logged


@pytest.mark.usefixtures("masked_logs")
def test_an_error_is_logged_with_its_traceback_and_without_them(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def deliver() -> None:
        raise ValueError("ana@linden-skin.example: 550 no such mailbox, try +12025550143")

    try:
        deliver()
    except ValueError as error:
        logging.getLogger("needlepoint").exception("delivering to %s failed", error)

    assert "in deliver" in caplog.text
    assert "550 no such mailbox" in caplog.text
    assert "ana@" not in caplog.text
    assert "0143" not in caplog.text


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, needlepoint: Installation) -> str:
    if request.param == "sqlite":
        return needlepoint.database_url
    url: str = request.getfixturevalue("postgresql_url")
    return url


def test_an_error_of_a_database_names_nobody(database_url: str) -> None:
    engine = open_database(database_url)
    people = sa.Table("people", sa.MetaData(), sa.Column("name", sa.Text))
    insert = sa.insert(people).values(name="Ana Lima")

    with pytest.raises(SQLAlchemyError) as failure, engine.begin() as connection:
        connection.execute(insert)

    assert "Ana Lima" not in str(failure.value)
    engine.dispose()


@pytest.mark.usefixtures("masked_logs")
def test_what_a_database_itself_quotes_is_masked(
    postgresql_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine = open_database(postgresql_url)
    people = sa.Table("people", sa.MetaData(), sa.Column("email", sa.Text, unique=True))
    people.metadata.create_all(engine)
    insert = sa.insert(people).values(email="ana@linden-skin.example")

    with engine.begin() as connection:
        connection.execute(insert)
    try:
        with engine.begin() as connection:
            connection.execute(insert)
    except IntegrityError:
        logging.getLogger("booking").exception("a request could not be stored")

    assert "already exists" in caplog.text
    assert "ana@" not in caplog.text
    engine.dispose()
