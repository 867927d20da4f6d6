"""Publishing under measurement: models are swapped while visitors talk.

`python -m bench.publishing` measures only this: how much longer visitors wait while a model is
swapped, whether a message fails or is lost, how long a change of the live model takes to reach
them, and whether Rasa's memory grows.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import aiohttp

from bench.candidates import live_pointer, models_of, ours_whole, trained_ours
from bench.load import questions
from bench.processes import BenchFailed, Server
from bench.report import aligned, percentile
from web.live_model import live_model_name, set_live_model

ANSWER_SECONDS = 60
# Between a visitor's answer and the next question, as somebody reads who is in a hurry.
PAUSE_SECONDS = (0.5, 1.5)
# Rasa asks for a new model every two seconds.
SOONEST_SWAP_SECONDS = 2.0
LATEST_SWAP_SECONDS = 60.0
RASA = "nlu.run"


class Plan(NamedTuple):
    """Visitors at once, how often a model is published, and the quiet time to compare with."""

    visitors: int
    publishes: int
    quiet_seconds: float


FULL = Plan(visitors=20, publishes=20, quiet_seconds=60.0)
QUICK = Plan(visitors=3, publishes=2, quiet_seconds=3.0)


@dataclass
class Waits:
    """What visitors met with; the waits are seconds from a message to its answer."""

    answers: list[float] = field(default_factory=list)
    failures: int = 0


@dataclass
class Figures:
    """Seconds visitors waited, without and with publishing; seconds until a model was live.

    `lost` counts messages that the conversation does not hold with an answer; `memory` is what the
    Rasa process holds after each publish, in megabytes.
    """

    visitors: int
    quiet: Waits
    publishing: Waits
    live_after: list[float]
    lost: int
    memory: list[float]

    @property
    def failures(self) -> int:
        return self.quiet.failures + self.publishing.failures + self.lost

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Crowd:
    """Visitors who ask one question after another until they are told that it is enough."""

    def __init__(self, http: aiohttp.ClientSession, url: str, visitors: int) -> None:
        self._http, self._url, self._visitors = http, url, visitors
        self._enough = asyncio.Event()
        self.waits = Waits()
        self.lost = 0

    async def talk(self) -> None:
        await asyncio.gather(*(self._visit(number) for number in range(self._visitors)))

    def stop(self) -> None:
        self._enough.set()

    async def _visit(self, number: int) -> None:
        chance = random.Random(number)
        async with self._http.post(f"{self._url}/api/sessions") as response:
            response.raise_for_status()
            token = (await response.json())["token"]
        headers = {"Authorization": f"Bearer {token}"}
        asked = []
        for text in questions(10_000, seed=number):
            if self._enough.is_set():
                break
            asked.append(text)
            await self._ask(text, headers)
            await asyncio.sleep(chance.uniform(*PAUSE_SECONDS))
        self.lost += len(asked) - await self._answered(headers)

    async def _ask(self, text: str, headers: dict[str, str]) -> None:
        waits, began = self.waits, time.perf_counter()
        url = f"{self._url}/api/messages"
        try:
            async with self._http.post(url, json={"text": text}, headers=headers) as response:
                response.raise_for_status()
                answered = bool((await response.json())["messages"])
        except (aiohttp.ClientError, TimeoutError, ValueError):
            answered = False
        waits.answers.append(time.perf_counter() - began)
        waits.failures += not answered

    async def _answered(self, headers: dict[str, str]) -> int:
        """How many of the visitor's messages are kept with an answer after them."""
        async with self._http.get(f"{self._url}/api/messages", headers=headers) as response:
            response.raise_for_status()
            said = (await response.json())["messages"]
        return sum(a["role"] == "visitor" and b["role"] == "assistant" for a, b in pairwise(said))


def bench(plan: Plan) -> Figures:
    """Train once, start everything, and publish that model under one name after the other."""
    with tempfile.TemporaryDirectory(prefix="needlepoint-bench-") as temporary:
        folder = Path(temporary)
        trained_ours(folder)
        with ours_whole(folder) as server:
            return asyncio.run(_measure(server, folder, plan))


async def _measure(server: Server, folder: Path, plan: Plan) -> Figures:
    timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
    connector = aiohttp.TCPConnector(limit=plan.visitors + 1)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        crowd = Crowd(http, server.url, plan.visitors)
        talking = asyncio.create_task(crowd.talk())
        await asyncio.sleep(plan.quiet_seconds)
        quiet, crowd.waits = crowd.waits, Waits()
        # Nothing here may hold up the visitors, who live in the same loop.
        models = await asyncio.to_thread(lambda: list(twins(folder, plan.publishes)))
        live_after, memory = [], [await asyncio.to_thread(server.memory_of, RASA)]
        for model in models:
            live_after.append(await _publish(http, server, folder, model))
            memory.append(await asyncio.to_thread(server.memory_of, RASA))
            await asyncio.sleep(SOONEST_SWAP_SECONDS)
        crowd.stop()
        await talking
        return Figures(plan.visitors, quiet, crowd.waits, live_after, crowd.lost, memory)


def twins(folder: Path, count: int) -> Iterator[str]:
    """Names of so many models that only their fingerprints tell apart.

    A gzip file begins with ten bytes, of which four are the time it was packed at.
    """
    models = models_of(folder)
    first = live_model_name(live_pointer(folder))
    if first is None:
        raise BenchFailed("nothing was published by the start")
    packed = (models / first).read_bytes()
    for number in range(1, count + 1):
        twin = models / f"twin-{number:02}.tar.gz"
        twin.write_bytes(packed[:4] + number.to_bytes(4, "little") + packed[8:])
        yield twin.name


async def _publish(http: aiohttp.ClientSession, server: Server, folder: Path, model: str) -> float:
    """Make a model the live one; the seconds until Rasa answers with it."""
    began = time.perf_counter()
    await asyncio.to_thread(set_live_model, live_pointer(folder), models_of(folder), model)
    while time.perf_counter() - began < LATEST_SWAP_SECONDS:
        async with http.get(f"{server.url}/healthz") as response:
            if (await response.json())["model"] == model:
                return time.perf_counter() - began
        await asyncio.sleep(0.1)
    raise BenchFailed(f"{model} was not live within {LATEST_SWAP_SECONDS:.0f} s")


# --- how it is shown ---


def told(figures: Figures) -> str:
    """The waits side by side, and what publishing did."""
    quiet, publishing = figures.quiet, figures.publishing
    rows = [
        [f"{figures.visitors} visitors who talk", "quiet", f"{len(figures.live_after)} publishes"],
        ["messages", *(str(len(waits.answers)) for waits in (quiet, publishing))],
        ["failed", *(str(waits.failures) for waits in (quiet, publishing))],
        ["wait: median, s", *(f"{median(waits.answers):.2f}" for waits in (quiet, publishing))],
        ["wait: p99, s", *(f"{percentile(w.answers, 99):.2f}" for w in (quiet, publishing))],
        ["wait: longest, s", *(f"{max(waits.answers):.2f}" for waits in (quiet, publishing))],
    ]
    extra = max(publishing.answers) - median(quiet.answers)
    memory = figures.memory
    lines = [
        *aligned(rows),
        f"longest wait above the quiet median: {extra:.2f} s; messages lost: {figures.lost}",
        f"published or rolled back, live after: median {median(figures.live_after):.1f} s, "
        f"at most {max(figures.live_after):.1f} s",
        f"Rasa's memory, MB: {memory[0]:.0f} before, {memory[1]:.0f} after the first publish, "
        f"{memory[-1]:.0f} after the last",
    ]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench.publishing", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two publishes, to try it out")
    try:
        figures = bench(QUICK if parser.parse_args().quick else FULL)
    except BenchFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    print(told(figures))
    return 1 if figures.failures else 0


if __name__ == "__main__":
    sys.exit(main())
