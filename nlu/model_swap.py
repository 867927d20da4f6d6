"""Takes up a new model while visitors talk: it is loaded beside the old one, then takes its place.

Rasa loads a model in the thread that answers visitors, who wait meanwhile, and has turns of the old
model that are still under way answer with the responses of the new one.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import shutil
import sys
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Iterator, Optional, Text
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

import rasa.core.agent
from rasa.core.agent import Agent
from rasa.core.channels.channel import UserMessage
from rasa.core.nlg import NaturalLanguageGenerator
from rasa.core.processor import MessageProcessor
from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.utils.common import TempDirectoryPath, get_temp_dir_name
from rasa.utils.endpoints import EndpointConfig

# Without a byte for so long, the server is given up.
FETCH_SECONDS = 10.0
# While a model is loaded, whoever answers visitors waits no longer than this for their turn at
# Python's one lock; ten times as long is usual, and a message needs many turns.
SWITCH_SECONDS = 0.0005
# A model that could not be loaded is tried again after so long: what was in the way may be gone.
RETRY_SECONDS = 60.0

log = logging.getLogger(__name__)


class Refused(Exception):
    """A model that can't answer, or a server that doesn't hand one out."""


class ModelSwap:
    """Fetches the live model from the server when it is another one, and takes it up."""

    def __init__(self) -> None:
        self._failed: Optional[Text] = None
        self._failed_at = 0.0

    async def update(self, server: EndpointConfig, agent: Agent) -> None:
        """Stands for `rasa.core.agent._update_model_from_server`: whatever goes wrong is logged,
        and the model before stays."""
        known = self._failed if self._is_too_early() else agent.fingerprint
        with TempDirectoryPath(get_temp_dir_name()) as folder:
            try:
                fingerprint = await asyncio.to_thread(fetch, server, known, Path(folder))
            except (OSError, HTTPException, Refused) as error:
                # Quietly, as the server is not there yet whenever all is started together.
                log.info("the live model could not be fetched: %s", error)
                return
            if fingerprint is None or fingerprint == agent.fingerprint:
                return
            try:
                with _taking_short_turns():
                    processor = await asyncio.to_thread(load, agent, folder)
            except Exception:
                self._failed, self._failed_at = fingerprint, time.monotonic()
                log.exception("The live model could not be loaded; the one before stays.")
                return
        put_in_place(agent, processor, fingerprint)
        self._failed = None
        await asyncio.to_thread(_give_memory_back)

    def _is_too_early(self) -> bool:
        return self._failed is not None and time.monotonic() < self._failed_at + RETRY_SECONDS


def fetch(server: EndpointConfig, known: Optional[Text], folder: Path) -> Optional[Text]:
    """Writes the live model's file into the folder, unless its fingerprint is the `known` one.

    Returns its fingerprint; None when there is nothing new. Blocks: a model in many pieces would
    keep the loop busy that visitors wait for, and aiohttp 3.9 at times forgets to go on reading.

    Raises:
        OSError, HTTPException, Refused: the server is not there, breaks off, or hands out nothing.
    """
    url = f"{server.url}?{urlencode(server.combine_parameters())}"
    headers = {**server.headers, **({"If-None-Match": known} if known else {})}
    direct = build_opener(ProxyHandler({}))
    try:
        with direct.open(Request(url, headers=headers), timeout=FETCH_SECONDS) as response:
            if response.status != HTTPStatus.OK:
                return None
            name = Path(response.headers.get("filename") or "model.tar.gz").name
            with (folder / name).open("wb") as file:
                shutil.copyfileobj(response, file)
            expected = response.headers.get("Content-Length")
            if expected and (folder / name).stat().st_size != int(expected):
                raise Refused("the server broke off")
            return response.headers.get("ETag")
    except HTTPError as answer:
        if answer.code == HTTPStatus.NOT_MODIFIED:
            return None
        # Not the address, which holds the token.
        raise Refused(f"the server answers {answer.code}") from None


@contextmanager
def _taking_short_turns() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def load(agent: Agent, folder: Text) -> MessageProcessor:
    """The processor of the model in a folder, which has answered a first message already.

    It has its own responses. Raises what Rasa raises for a model that it can't load.
    """
    processor = MessageProcessor(
        model_path=folder,
        tracker_store=agent.tracker_store,
        lock_store=agent.lock_store,
        action_endpoint=agent.action_endpoint,
        generator=agent.nlg,
        http_interpreter=agent.http_interpreter,
    )
    processor.nlg = NaturalLanguageGenerator.create(None, processor.domain)
    _warm_up(processor)
    return processor


def _warm_up(processor: MessageProcessor) -> None:
    """What components put off until their first message is done before a visitor waits for it."""
    domain, target = processor.domain, processor.model_metadata.nlu_target
    if target is None:
        raise Refused("the model was trained without NLU data")
    tracker = DialogueStateTracker.from_events("warm-up", [], domain.slots, domain=domain)
    message = [UserMessage("Does it hurt?")]
    inputs = {PLACEHOLDER_MESSAGE: message, PLACEHOLDER_TRACKER: tracker}
    processor.graph_runner.run(inputs=inputs, targets=[target])


def put_in_place(agent: Agent, processor: MessageProcessor, fingerprint: Text) -> None:
    """From now on new turns are answered by this processor; those under way keep theirs."""
    agent.processor, agent.domain, agent.nlg = processor, processor.domain, processor.nlg
    agent.tracker_store.domain = processor.domain
    agent._set_fingerprint(fingerprint)


def _give_memory_back() -> None:
    """The old model goes at once, and its memory to the system (glibc keeps it otherwise)."""
    gc.collect()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)


def swap_beside_the_talk() -> None:
    """Have Rasa's polling take up models this way."""
    rasa.core.agent._update_model_from_server = ModelSwap().update
