"""A server with the channels of credentials.yml, as Rasa registers them."""

import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

import requests
from rasa.core.channels.channel import register
from rasa.core.run import create_http_input_channels
from sanic import Sanic

PROJECT = Path(__file__).resolve().parents[2]


@dataclass
class ChannelServer:
    """The address below which the channels are; `agent.handle_message` answers messages."""

    address: str
    _app: Sanic

    def answer_with(self, agent: Any) -> None:
        self._app.ctx.agent = agent


@contextmanager
def serving_channels() -> Iterator[ChannelServer]:
    """One for all tests: Sanic can't be served twice in one process."""
    app = Sanic("channels_test", configure_logging=False)
    loops: list = []
    app.register_listener(lambda _, loop: loops.append(loop), "after_server_start")
    channels = create_http_input_channels(None, str(PROJECT / "credentials.yml"))
    register(channels, app, route="/webhooks/")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = {"host": "127.0.0.1", "port": port, "register_sys_signals": False}
    server = threading.Thread(target=app.run, kwargs=options, daemon=True)
    server.start()
    address = f"http://127.0.0.1:{port}/webhooks"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        try:
            requests.get(f"{address}/rest/", timeout=1)
            break
        except requests.ConnectionError:
            time.sleep(0.05)
    yield ChannelServer(address, app)
    loops[0].call_soon_threadsafe(app.stop)
    server.join(10)
