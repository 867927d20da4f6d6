"""Fixtures of the chat API's tests; what they start is in running.py."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.web.running import FakeRasa, Server, TestSettings, Visitor, listening, start_server


class Serve(Protocol):
    """Starts a web server: `serve(rate_limit="3/minute")`."""

    def __call__(self, **overrides: Any) -> Server: ...


@pytest.fixture
def rasa() -> Iterator[FakeRasa]:
    fake = FakeRasa()
    with listening(fake.app) as url:
        fake.url = url
        yield fake


@pytest.fixture
def serve(tmp_path: Path, rasa: FakeRasa) -> Iterator[Serve]:
    with ExitStack() as stack:

        def start(**overrides: Any) -> Server:
            settings = TestSettings(**{"folder": tmp_path, "rasa_url": rasa.url, **overrides})
            return start_server(stack, settings)

        yield start


@pytest.fixture
def server(serve: Serve) -> Server:
    return serve()


@pytest.fixture
def visitor(server: Server) -> Visitor:
    return server.begin()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, FakeRasa]]:
    """One server for the rows of a table, which differ in nothing but what is sent."""
    fake = FakeRasa()
    with ExitStack() as stack:
        fake.url = stack.enter_context(listening(fake.app))
        settings = TestSettings(tmp_path_factory.mktemp("shared"), fake.url)
        yield start_server(stack, settings), fake


@pytest.fixture
def shared_server(shared: tuple[Server, FakeRasa]) -> Server:
    return shared[0]


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
