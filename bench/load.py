"""The load: visitors who ask one question after another. A process of its own, one per run.

`python -m bench.load rest|chat URL VISITORS MESSAGES` prints one line of JSON (`Load`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
import yaml

QUESTIONS = Path(__file__).resolve().parents[1] / "tests" / "questions" / "first" / "faq.yml"
ANSWER_SECONDS = 60

Ask = Callable[[str], Awaitable[Any]]


@dataclass
class Load:
    """What a run of visitors met with; `seconds` is the wall time, `latencies` are milliseconds."""

    messages: int
    failures: int
    seconds: float
    latencies: list[float]


def questions(count: int, seed: int = 7) -> list[str]:
    """Questions as visitors type them, drawn with a fixed seed."""
    written = yaml.safe_load(QUESTIONS.read_text(encoding="utf-8"))["nlu"]
    known = [line[2:] for entry in written for line in entry["examples"].splitlines() if line]
    return random.Random(seed).choices(known, k=count)


async def run(kind: str, url: str, visitors: int, messages: int) -> Load:
    """Each visitor asks `messages` questions, the next one as soon as the last is answered."""
    asked = questions(visitors * messages)
    connector = aiohttp.TCPConnector(limit=visitors)
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        greet = rest_visitor if kind == "rest" else chat_visitor
        asks = [await greet(http, url) for _ in range(visitors)]
        latencies: list[float] = []
        began = time.perf_counter()
        failures = await asyncio.gather(
            *(_visit(ask, asked[number::visitors], latencies) for number, ask in enumerate(asks))
        )
        seconds = time.perf_counter() - began
    return Load(len(latencies), sum(failures), seconds, latencies)


async def _visit(ask: Ask, texts: list[str], latencies: list[float]) -> int:
    failures = 0
    for text in texts:
        began = time.perf_counter()
        try:
            answered = bool(await ask(text))
        except (aiohttp.ClientError, TimeoutError, ValueError):
            answered = False
        latencies.append((time.perf_counter() - began) * 1000)
        failures += not answered
    return failures


async def rest_visitor(http: aiohttp.ClientSession, url: str) -> Ask:
    """Someone who talks to Rasa's REST channel."""
    sender = uuid.uuid4().hex

    async def ask(text: str) -> Any:
        message = {"sender": sender, "message": text}
        async with http.post(f"{url}/webhooks/rest/webhook", json=message) as response:
            response.raise_for_status()
            return await response.json()  # An empty list is Rasa's way to say that it failed.

    return ask


async def chat_visitor(http: aiohttp.ClientSession, url: str) -> Ask:
    """Someone who talks to the chat API of the web process, as the widget does."""
    async with http.post(f"{url}/api/sessions") as response:
        response.raise_for_status()
        token = (await response.json())["token"]

    async def ask(text: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        message = {"text": text}
        async with http.post(f"{url}/api/messages", json=message, headers=headers) as response:
            response.raise_for_status()
            return (await response.json())["messages"]

    return ask


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.load")
    parser.add_argument("kind", choices=["rest", "chat"])
    parser.add_argument("url")
    parser.add_argument("visitors", type=int)
    parser.add_argument("messages", type=int)
    given = parser.parse_args()
    load = asyncio.run(run(given.kind, given.url, given.visitors, given.messages))
    print(json.dumps(asdict(load)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
