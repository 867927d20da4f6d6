"""`make run`: everything Needlepoint needs, started from the Procfile and stopped together."""

from __future__ import annotations

import os
import socket
import threading
import time
import urllib.error
import urllib.request

from honcho.environ import parse_procfile
from honcho.manager import Manager

from needlepoint.rasa_endpoints import write_endpoints
from needlepoint.settings import PROJECT_ROOT, Settings

HEALTHY_WITHIN = 120.0  # seconds
POLL = 0.2


class PortInUse(RuntimeError):
    """A port that a process needs is taken; the message names the setting that moves it."""


def run_all(settings: Settings) -> int:
    """Starts the Procfile's processes and waits for them; returns the exit code for the shell.

    Raises:
        PortInUse: before anything is started.
    """
    check_ports(settings)
    write_endpoints(settings)
    manager = Manager()
    processes = parse_procfile((PROJECT_ROOT / "Procfile").read_text(encoding="utf-8")).processes
    for name, command in processes.items():
        # `exec`, so that a signal reaches the program itself and not a shell around it.
        manager.add_process(
            name, f"exec {command}", env=_environment(settings), cwd=str(PROJECT_ROOT)
        )
    stopped = threading.Event()
    announcer = threading.Thread(target=_announce, args=(settings, stopped), daemon=True)
    announcer.start()
    try:
        manager.loop()
    finally:
        stopped.set()
    interrupted = manager.returncode in (130, 143)
    return 0 if interrupted else int(manager.returncode or 0)


def check_ports(settings: Settings) -> None:
    """Raises `PortInUse` when one of the ports cannot be listened on."""
    wanted = {
        "PORT": (settings.host, settings.port),
        "RASA_PORT": ("127.0.0.1", settings.rasa_port),
        "ACTIONS_PORT": ("127.0.0.1", settings.actions_port),
    }
    for name, address in wanted.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                raise PortInUse(
                    f"Port {address[1]} is in use ({error.strerror}): stop what listens there, "
                    f"or set NEEDLEPOINT_{name} to a free port."
                ) from None


def _environment(settings: Settings) -> dict[str, str]:
    """Our environment, and what Rasa's side is told in it: it can't read the settings."""
    return {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        # What old libraries of Rasa's environment say of each other at every start.
        "PYTHONWARNINGS": "ignore",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "NEEDLEPOINT_RASA_PORT": str(settings.rasa_port),
        "NEEDLEPOINT_RASA_TOKEN": settings.shared_rasa_token,
        "NEEDLEPOINT_RASA_ENDPOINTS": str(settings.rasa_endpoints),
    }


def _announce(settings: Settings, stopped: threading.Event) -> None:
    """Prints the address once /healthz is 200; says what is missing when it takes too long."""
    address = f"http://localhost:{settings.port}"
    until = time.monotonic() + HEALTHY_WITHIN
    while not stopped.is_set() and time.monotonic() < until:
        if _healthy(f"http://127.0.0.1:{settings.port}/healthz"):
            lines = [f"Needlepoint is ready: {address}", *about_staff(settings, address)]
            print("\n  " + "\n  ".join([*lines, "Ctrl-C stops it."]) + "\n", flush=True)
            return
        stopped.wait(POLL)
    if not stopped.is_set():
        print(
            f"\n  Not ready after {HEALTHY_WITHIN:.0f} s: {address}/healthz tells what fails.\n",
            flush=True,
        )


def about_staff(settings: Settings, address: str) -> list[str]:
    """Where staff sign in; and how, while nobody can."""
    # Imported here: nothing else of the start needs them.
    from booking.database import open_database
    from faq.database import StaffDatabaseUnavailable
    from web.staff.accounts import has_accounts

    engine = open_database(settings.staff_database_url)
    try:
        if has_accounts(engine):
            return [f"Staff sign in at {address}/staff"]
    except StaffDatabaseUnavailable:
        return []
    finally:
        engine.dispose()
    return [
        f"Staff sign in at {address}/staff, once there is an account:",
        '.venv/bin/needlepoint staff add "Your Name" --role admin',
    ]


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
