"""Servers under measurement: started in a group of their own, waited for, weighed and ended."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from bench.load import chat_visitor, rest_visitor

ROOT = Path(__file__).resolve().parents[1]
PYTHON = ROOT / ".venv" / "bin" / "python"
RASA_PYTHON = ROOT / ".venv-rasa" / "bin" / "python"
START_SECONDS = 180.0
STOP_SECONDS = 15.0
POLL_SECONDS = 0.05


class BenchFailed(Exception):
    """A part under measurement did not do what it is measured for; the text says which and why."""


@dataclass
class Server:
    """A running server; `started` is the seconds from its start to its first answer."""

    kind: str
    url: str
    process: subprocess.Popen[bytes]
    started: float = 0.0

    def memory(self) -> float:
        """Memory of the process and all it started, in megabytes; see `_megabytes`."""
        return sum(_megabytes(pid) for pid, _ in family(self.process.pid))

    def memory_of(self, module: str) -> float:
        """Memory of those of its processes that `python -m module` started, in megabytes."""
        own = [pid for pid, _ in family(self.process.pid) if module in _arguments(pid)]
        return sum(map(_megabytes, own))


def family(first: int) -> set[tuple[int, str]]:
    """A process and all that it and they started: ids, each with the time it was started at."""
    table = _processes()
    found = {first}
    while grown := {pid for pid, (parent, _) in table.items() if parent in found} - found:
        found |= grown
    return {(pid, table[pid][1]) for pid in found if pid in table}


def _processes() -> dict[int, tuple[int, str]]:
    """All processes: the parent and the time of start, by id."""
    command = ["ps", "-A", "-o", "pid=,ppid=,lstart="]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = (line.split(maxsplit=2) for line in listed.splitlines())
    return {int(pid): (int(parent), began) for pid, parent, began in rows}


def _arguments(pid: int) -> list[str]:
    told = subprocess.run(["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True)
    return told.stdout.split()


def _megabytes(pid: int) -> float:
    """Resident memory; on Linux, pages that processes share count for each in part (PSS)."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    told = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True)
    return int(told.stdout.strip() or 0) / 1024


@contextlib.contextmanager
def serving(
    kind: str, url: str, command: list[str], folder: Path, environment: dict[str, str]
) -> Iterator[Server]:
    """Start a server and wait for its first answer; end it and all it started afterwards.

    Raises `BenchFailed` with the end of its log when it does not answer.
    """
    log = folder / "log"
    with log.open("wb") as output:
        began = time.monotonic()
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=_environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(kind, url, process)
        try:
            asyncio.run(_first_answer(server, log))
            server.started = time.monotonic() - began
            yield server
        finally:
            _end(process)


def _environment(changes: dict[str, str]) -> dict[str, str]:
    quiet = {
        "RASA_TELEMETRY_ENABLED": "false",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONWARNINGS": "ignore",
    }
    own = {name: text for name, text in os.environ.items() if not name.startswith("NEEDLEPOINT_")}
    return {**own, **quiet, **changes}


async def _first_answer(server: Server, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as http:
        while time.monotonic() < until:
            if server.process.poll() is not None:
                raise BenchFailed(f"it ended with {server.process.returncode}:\n{_tail(log)}")
            with contextlib.suppress(aiohttp.ClientError, TimeoutError, ValueError, KeyError):
                visitor = rest_visitor if server.kind == "rest" else chat_visitor
                ask = await visitor(http, server.url)
                if await ask("Does it hurt?"):
                    return
            await asyncio.sleep(POLL_SECONDS)
    raise BenchFailed(f"no answer within {START_SECONDS:.0f} s:\n{_tail(log)}")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-20:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Have the process end what it started, as Ctrl-C would; then end what is left of it."""
    started = family(process.pid)
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(STOP_SECONDS)
    for pid, _ in started & {(pid, began) for pid, (_, began) in _processes().items()}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)


def free_port() -> int:
    """A port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def run(command: list[str], seconds: float, environment: dict[str, str] | None = None) -> str:
    """Run a program to its end. Returns its output; raises `BenchFailed`."""
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=_environment(environment or {}),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=True,
        )
    except subprocess.CalledProcessError as failed:
        said = "\n".join((failed.stdout + failed.stderr).splitlines()[-20:])
        raise BenchFailed(f"{' '.join(command[-4:])} failed:\n{said}") from failed
    except subprocess.TimeoutExpired as late:
        raise BenchFailed(f"{' '.join(command[-4:])} took over {seconds:.0f} s") from late
    return done.stdout


def load(server: Server, visitors: int, messages: int, seconds: float = 300.0) -> str:
    """Run the load in a process of its own; its JSON."""
    command = [sys.executable, "-m", "bench.load", server.kind, server.url]
    return run([*command, str(visitors), str(messages)], seconds)
