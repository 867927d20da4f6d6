"""Entry point of the web process: settings in, a listening server out."""

import sys

import uvicorn
from fastapi import FastAPI

from booking.clinic import ClinicMistake, read_clinic
from booking.database import open_database
from booking.errors import BookingUnavailable
from faq.articles import BrokenArticle, CurrentArticles
from needlepoint.databases import migrate
from needlepoint.logs import configure_logging
from needlepoint.settings import Settings, SettingsError, read_settings
from web import chat_store
from web.app import create_app
from web.rasa_client import RasaClient


def build(settings: Settings) -> FastAPI:
    """Bring the databases up to date and wire the app."""
    migrate(settings)
    chat_engine = open_database(settings.chat_database_url)
    chat_store.tune_for_chat(chat_engine)
    clinic = read_clinic(settings.clinic)
    return create_app(
        settings,
        rasa=RasaClient(settings.rasa_base_url, settings.shared_rasa_token),
        chat_engine=chat_engine,
        booking_engine=open_database(settings.booking_database_url),
        staff_engine=open_database(settings.staff_database_url),
        clinic=clinic,
        articles=CurrentArticles(settings.content / "articles"),
        now=settings.clock(clinic.zone),
    )


def run_web(settings: Settings) -> None:
    """Serve until told to stop. Raises what `build` raises for wrong files or a database."""
    configure_logging()
    uvicorn.run(
        build(settings),
        host=settings.host,
        port=settings.port,
        log_config=None,
        # Rasa's polls carry a token in their address, and a visitor's address need not be kept.
        access_log=False,
        # Who is behind a proxy is settled by NEEDLEPOINT_TRUSTED_PROXIES alone.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=10,
    )


def main() -> int:
    try:
        run_web(read_settings())
    except (SettingsError, ClinicMistake, BrokenArticle, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    except BookingUnavailable as error:
        print(f"NEEDLEPOINT_DATABASE_URL: {error} ({error.__cause__})", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
