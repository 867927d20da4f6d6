from collections.abc import Iterator

import pytest

from tests.e2e.receivers import Receivers
from tests.e2e.stack import Stack, make_stack, own_clinic


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


@pytest.fixture(scope="module")
def receivers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receivers]:
    """A mail server, a webhook and a calendar; each test finds them up and leaves them so."""
    receivers = Receivers(tmp_path_factory.mktemp("receivers"))
    receivers.start()
    yield receivers
    receivers.stop()


@pytest.fixture(scope="module")
def handing_off(receivers: Receivers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack of the module's own that hands requests off to the receivers."""
    folder = tmp_path_factory.mktemp("handing-off")
    clinic = own_clinic(folder, hand_off=receivers.clinic_section)
    stack = make_stack(folder, NEEDLEPOINT_CLINIC=clinic, **receivers.settings)
    stack.start()
    try:
        stack.wait_until_healthy()
        yield stack
    finally:
        stack.stop()
