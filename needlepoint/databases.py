"""Brings every database up to date; apart from the web process, which takes long to import."""

from booking.database import run_migrations
from booking.models import Base
from faq.models import StaffBase
from needlepoint.settings import Settings
from web import chat_store


def migrate(settings: Settings) -> None:
    """Bring the tables of the requests, of the chat and of staff up to date."""
    settings.make_state_dir()
    run_migrations(settings.booking_database_url, chain="booking", metadata=Base.metadata)
    run_migrations(settings.chat_database_url, chain="chat", metadata=chat_store.metadata)
    run_migrations(settings.staff_database_url, chain="staff", metadata=StaffBase.metadata)
