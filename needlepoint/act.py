"""The `actions` process: rasa-sdk's action server, one process on the loopback address."""

from __future__ import annotations

import logging

from rasa_sdk.endpoint import create_app
from rasa_sdk.executor import ActionExecutor

from actions import Desk, all_actions
from booking.clinic import read_clinic
from booking.database import open_database
from booking.links import ManageLinks
from booking.reading.wishes import read_wish
from needlepoint.logs import configure_logging
from needlepoint.settings import Settings


def run_actions(settings: Settings) -> None:
    """Serves until it is told to stop. The database has been migrated before (`needlepoint
    migrate`).
    """
    configure_logging(logging.WARNING)
    clinic = read_clinic(settings.clinic)
    desk = Desk(
        engine=open_database(settings.booking_database_url),
        clinic=clinic,
        region=settings.phone_region,
        now=settings.clock(clinic.zone),
        links=ManageLinks(settings.signing_secret, settings.public_base_url),
    )
    # dateparser takes two seconds for the first text that it reads; no visitor shall wait for that.
    read_wish("x", desk.now(), clinic, asked=True)
    executor = ActionExecutor()
    for action in all_actions(desk):
        executor.register_action(action)
    # One process: killed hard, the sdk's own runner would leave a worker behind that holds the
    # port.
    create_app(executor, cors_origins=[]).run(
        host="127.0.0.1",
        port=settings.actions_port,
        single_process=True,
        motd=False,
        access_log=False,
    )
