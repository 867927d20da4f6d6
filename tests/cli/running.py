"""Runs `needlepoint` with settings of its own."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from textwrap import dedent, indent
from typing import Any
from unittest.mock import patch

from sqlalchemy import Engine

from booking.clinic import Clinic, read_clinic
from booking.database import migrate, open_database
from booking.details import Details, PreferredTime
from booking.requests import request_consultation
from needlepoint.cli import main

ROOT = Path(__file__).resolve().parents[2]
NOW = "2026-11-20T10:00"
VISITOR: dict[str, Any] = {
    "name": "Ana Lima",
    "email": "ana@linden-skin.example",
    "phone": "+12025550143",
    "concern": "acne scars",
}


@dataclass(frozen=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass(frozen=True)
class Installation:
    """A Needlepoint with databases, content and models in a folder of its own.

    Its clinic is the one of the project until `set_up_clinic` gives it another; its PostgreSQL is
    none until `server` names one. It is a Friday, ten in the morning.
    """

    folder: Path
    server: str | None = None

    @property
    def database_url(self) -> str:
        return self.server or f"sqlite:///{self.folder}/needlepoint.db"

    @property
    def clinic_file(self) -> Path:
        own = self.folder / "clinic.yml"
        return own if own.exists() else ROOT / "clinic.yml"

    @property
    def clinic(self) -> Clinic:
        return read_clinic(self.clinic_file)

    def set_up_clinic(self, *, hand_off: str) -> None:
        """Give it a clinic.yml with these hand-offs (YAML)."""
        text = (ROOT / "clinic.yml").read_text()
        assert "hand_off: {}" in text
        (self.folder / "clinic.yml").write_text(
            text.replace("hand_off: {}", "hand_off:\n" + indent(dedent(hand_off), "  "))
        )

    def now(self) -> datetime:
        return datetime.fromisoformat(NOW).replace(tzinfo=self.clinic.zone)

    @contextmanager
    def database(self) -> Iterator[Engine]:
        """The booking database, with its tables."""
        migrate(self.database_url)
        engine = open_database(self.database_url)
        try:
            yield engine
        finally:
            engine.dispose()

    def book(
        self,
        starts_at: str = "2026-11-24 15:00",
        *,
        conversation: str = "one",
        **details: str | None,
    ) -> str:
        """Request a consultation as the chat does; returns its reference."""
        clinic = self.clinic
        moment = datetime.fromisoformat(starts_at).replace(tzinfo=clinic.zone)
        wanted = {**VISITOR, **details}
        with self.database() as engine:
            return request_consultation(
                engine,
                clinic,
                details=Details(**wanted, time=PreferredTime(moment, "tuesday at 3")),
                conversation_id=conversation,
                idempotency_key=f"{conversation} {starts_at}",
                now=self.now(),
                real_now=datetime.now(UTC),
            ).reference

    def environment(self, **settings: str) -> dict[str, str]:
        own = {
            "DATABASE_URL": self.database_url,
            "STATE_DIR": str(self.folder / "var"),
            "MODELS_DIR": str(self.folder / "models"),
            "CONTENT": str(self.folder / "content"),
            "CLINIC": str(self.clinic_file),
            "NOW": NOW,
            **settings,
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("NEEDLEPOINT_")}
        return {**inherited, **{f"NEEDLEPOINT_{name}": value for name, value in own.items()}}

    def run(self, *command: str, typed: str = "", **settings: str) -> Ended:
        """Run a command inside this process, which saves its start; it is answered `typed`."""
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment(**settings), clear=True),
            patch.object(sys, "argv", ["needlepoint", *command]),
            patch.object(sys, "stdin", io.StringIO(typed)),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        return Ended(code, out.getvalue(), err.getvalue())

    @contextmanager
    def running(self, *command: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
        """A process that goes on until it is told to stop; killed at the end, if it still runs."""
        process = subprocess.Popen(
            [Path(sys.executable).with_name("needlepoint"), *command],
            cwd=self.folder,
            env=self.environment(**settings),
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def start(self, *command: str, **settings: str) -> Ended:
        """Run the installed program as staff do, in a process of its own."""
        ended = subprocess.run(
            [Path(sys.executable).with_name("needlepoint"), *command],
            cwd=self.folder,
            env=self.environment(**settings),
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)
