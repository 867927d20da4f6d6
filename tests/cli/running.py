"""Runs `needlepoint` with settings of its own."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from needlepoint.cli import main

ROOT = Path(__file__).resolve().parents[2]


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
    """A Needlepoint with databases, content and models in a folder of its own."""

    folder: Path

    @property
    def database_url(self) -> str:
        return f"sqlite:///{self.folder}/needlepoint.db"

    def environment(self, **settings: str) -> dict[str, str]:
        own = {
            "DATABASE_URL": self.database_url,
            "STATE_DIR": str(self.folder / "var"),
            "MODELS_DIR": str(self.folder / "models"),
            "CONTENT": str(self.folder / "content"),
            "CLINIC": str(ROOT / "clinic.yml"),
            **settings,
        }
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("NEEDLEPOINT_")}
        return {**inherited, **{f"NEEDLEPOINT_{name}": value for name, value in own.items()}}

    def run(self, *command: str, **settings: str) -> Ended:
        """Run a command inside this process, which saves its start."""
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment(**settings), clear=True),
            patch.object(sys, "argv", ["needlepoint", *command]),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            try:
                main()
                code = 0
            except SystemExit as ended:
                code = ended.code if isinstance(ended.code, int) else 1
        return Ended(code, out.getvalue(), err.getvalue())

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
