"""Starts and stops the Procfile's processes, on free ports and with fresh databases."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml
from honcho.environ import parse_procfile

from needlepoint.rasa_endpoints import write_endpoints
from needlepoint.settings import PROJECT_ROOT, Settings, read_settings

START_SECONDS = 90
STOP_SECONDS = 15


@dataclass
class Stack:
    """The running processes by their Procfile name, their settings, and their logs in `folder`."""

    settings: Settings
    folder: Path
    environment: dict[str, str]
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.settings.port}"

    def start(self, *names: str) -> None:
        commands = parse_procfile((PROJECT_ROOT / "Procfile").read_text()).processes
        for name in names or commands:
            with (self.folder / f"{name}.log").open("ab") as log:
                self.processes[name] = subprocess.Popen(
                    commands[name].split(),
                    cwd=PROJECT_ROOT,
                    env=self.environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def stop(self, *names: str, hard: bool = False) -> None:
        chosen = [self.processes.pop(name) for name in names or list(self.processes)]
        for process in chosen:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        for process in chosen:
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def wait_until_healthy(self) -> None:
        self.wait_for(lambda: self._health_status() == 200)

    def wait_for(self, condition: object, seconds: float = START_SECONDS) -> None:
        """Polls until the condition holds; a process that ended, or the time-out, fails."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():  # type: ignore[operator]
                return
            ended = [name for name, p in self.processes.items() if p.poll() is not None]
            assert not ended, f"{ended[0]} ended:\n{self.log(ended[0])}"
            time.sleep(0.1)
        raise AssertionError(
            f"not reached in {seconds} s\n" + "\n".join(map(self.log, self.processes))
        )

    def log(self, name: str) -> str:
        """The end of a process's log, for a failed test to show."""
        return f"--- {name}\n{self.whole_log(name)[-3000:]}"

    def whole_log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _health_status(self) -> int:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code
        except httpx.TransportError:
            return 0


def make_stack(folder: Path, **overrides: str) -> Stack:
    """A stack, not started yet, that serves the newest model (`make test` trains one)."""
    free = free_ports(3)
    environment = {
        **os.environ,
        "NEEDLEPOINT_HOST": "127.0.0.1",
        "NEEDLEPOINT_PORT": str(free[0]),
        "NEEDLEPOINT_RASA_PORT": str(free[1]),
        "NEEDLEPOINT_ACTIONS_PORT": str(free[2]),
        "NEEDLEPOINT_STATE_DIR": str(folder),
        "NEEDLEPOINT_DATABASE_URL": f"sqlite:///{folder / 'needlepoint.db'}",
        "NEEDLEPOINT_RATE_LIMIT": "off",
        "NEEDLEPOINT_NOW": "2026-11-20T10:00",
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        **overrides,
    }
    settings = settings_from(environment)
    environment["NEEDLEPOINT_RASA_TOKEN"] = settings.shared_rasa_token
    environment["NEEDLEPOINT_RASA_ENDPOINTS"] = str(settings.rasa_endpoints)
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    settings.live_model_pointer.write_text(newest_model(settings) + "\n")
    write_endpoints(settings)
    return Stack(settings, folder, environment)


def own_clinic(folder: Path, **sections: object) -> str:
    """A file of the shipped clinic with other sections, for NEEDLEPOINT_CLINIC."""
    shipped = yaml.safe_load((PROJECT_ROOT / "clinic.yml").read_text(encoding="utf-8"))
    file = folder / "clinic.yml"
    file.write_text(yaml.safe_dump({**shipped, **sections}), encoding="utf-8")
    return str(file)


def settings_from(environment: dict[str, str]) -> Settings:
    ours = {k.removeprefix("NEEDLEPOINT_").lower(): v for k, v in environment.items()
            if k.startswith("NEEDLEPOINT_")}  # fmt: skip
    return read_settings(**ours)


def newest_model(settings: Settings) -> str:
    models = sorted(settings.models_dir.glob("2*.tar.gz"))
    assert models, "no trained model: run 'needlepoint train' first, as 'make test' does"
    return models[-1].name


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
