from collections.abc import Iterator

import pytest

from tests.e2e.stack import Stack, make_stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """All four processes, running; tests that stop or break one make a stack of their own."""
    running = make_stack(tmp_path_factory.mktemp("stack"))
    running.start()
    try:
        running.wait_until_healthy()
        yield running
    finally:
        running.stop()
