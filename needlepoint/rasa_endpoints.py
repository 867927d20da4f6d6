"""Writes the endpoints file that Rasa is started with, from the settings.

The one at the project's root is for `rasa run` and `rasa shell` by hand; this one also tells Rasa
to fetch the live model from the web process, with the token that both derive from one secret.
"""

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy.engine import make_url

from needlepoint.settings import Settings, SettingsError, read_settings

SECONDS_BETWEEN_PULLS = 2


def endpoints(settings: Settings) -> dict[str, Any]:
    """The content of the endpoints file."""
    return {
        "action_endpoint": {"url": f"{settings.actions_base_url}/webhook"},
        "tracker_store": {
            "type": "nlu.tracker_store.LiveTrackerStore",
            "url": _for_rasa(settings.tracker_database_url),
        },
        "models": {
            "url": f"http://127.0.0.1:{settings.port}/internal/model",
            "token": settings.shared_rasa_token,
            "wait_time_between_pulls": SECONDS_BETWEEN_PULLS,
        },
    }


def _for_rasa(database_url: str) -> str:
    """The URL with the driver that Rasa's environment has: it knows psycopg2 only."""
    url = make_url(database_url)
    if url.get_backend_name() == "postgresql":
        url = url.set(drivername="postgresql+psycopg2")
    return url.render_as_string(hide_password=False)


def write_endpoints(settings: Settings) -> Path:
    """Write the file whole and for its owner only, as it holds a token. Returns its path."""
    path = settings.rasa_endpoints
    # mkstemp makes the file with mode 0600.
    handle, draft = tempfile.mkstemp(dir=settings.make_state_dir(), prefix=".endpoints-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        yaml.safe_dump(endpoints(settings), file, sort_keys=False)
    os.replace(draft, path)
    return path


def main() -> int:
    try:
        print(write_endpoints(read_settings()))
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
