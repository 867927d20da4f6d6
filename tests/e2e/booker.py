"""Visitors who book as people do: they answer what is asked, and after an error say it again."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.replies import Replies

REPLIES = Replies()
FORM = "ask_consultation_form_"
TAKEN = f"{FORM}preferred_time[taken]"
# Whoever lost a time so often looks on another day.
MOST_LOST = 3
REFERENCE = re.compile(r"\bNP-[A-Z0-9]{6}\b")
MOST_TURNS = 400
REPLY_SECONDS = 30

FIRST_NAMES = """
    Adanna Brigid Calixto Dorota Eluned Farideh Gudrun Hyacinth Ignatius Jadwiga
    Kwabena Leocadia Mireille Nanako Oluwaseun Perpetua Quirin Rosalind Siobhan Thaddeus
""".split()
LAST_NAMES = """
    Abernathy Brzezinski Castellanos Dubrovsky Eisenhart
    Featherstone Gyllenhammar Hawthorne Iskandar Jablonski
""".split()


@dataclass(frozen=True)
class Person:
    """Who somebody says they are."""

    name: str
    email: str
    phone: str


def people(count: int) -> list[Person]:
    """As many different people, whose words are found nowhere by chance."""
    names = [(first, last) for last in LAST_NAMES for first in FIRST_NAMES]
    assert count <= len(names)
    return [
        Person(
            name=f"{first} {last}",
            email=f"{first}.{last}@example.com".lower(),
            # The numbers that are kept for fiction: 555-0100 to 555-0199, here in two cities.
            phone=f"+1{(202, 646)[number // 100]}55501{number % 100:02}",
        )
        for number, (first, last) in enumerate(names[:count])
    ]


@dataclass
class Heard:
    """One reply as the visitor saw it: the responses' names, texts and choices."""

    names: list[str]
    texts: list[str]
    choices: list[dict[str, str]]

    @property
    def asks(self) -> str:
        """The form's slot that is asked for; "" when none is."""
        questions = [name for name in self.names if name.startswith(FORM)]
        return questions[-1].removeprefix(FORM).partition("[")[0] if questions else ""


@dataclass
class Booker:
    """Books one consultation; `heard` is all that was answered, `failures` what went wrong.

    `slowest` is the longest that an answer took, in seconds.
    """

    url: str
    person: Person
    wish: str
    random: Random = field(default_factory=Random)
    # Longest pause before each message, in seconds; how many failures are put up with.
    pause: float = 0.0
    patience: int = 0
    heard: list[Heard] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def book(self) -> str:
        """The reference told at the end."""
        self.begin()
        self.say_all_at_once()
        return self.finish()

    def begin(self) -> None:
        # A kept connection may close in the very moment in which it is used again.
        limits = httpx.Limits(max_keepalive_connections=0)
        self._http = httpx.Client(
            base_url=self.url, timeout=REPLY_SECONDS, limits=limits, verify=False
        )
        opened = self._until_answered("/api/sessions", {}, 201)
        self._http.headers["Authorization"] = f"Bearer {opened['token']}"

    def say_all_at_once(self) -> Heard:
        who = self.person
        return self.say(f"book me in, {who.name}, {who.email}, acne scars, {self.wish}")

    def say_all_but_when(self) -> Heard:
        who = self.person
        return self.say(f"book me in, {who.name}, {who.email}, acne scars")

    def finish(self) -> str:
        """Answer questions until a reference is told."""
        for _ in range(MOST_TURNS):
            told = self.reference
            if told:
                self._http.close()
                return told
            self.answer(self.heard[-1])
        raise AssertionError(f"{self.person.name} gave up after {self.transcript}")

    @property
    def reference(self) -> str | None:
        found = [
            REFERENCE.search(text)
            for name, text in zip(self.heard[-1].names, self.heard[-1].texts, strict=True)
            if name == "request_stored"
        ]
        return found[0][0] if found and found[0] else None

    @property
    def transcript(self) -> str:
        return "\n".join(" / ".join(one.texts) for one in self.heard)

    def answer(self, heard: Heard) -> Heard:
        """Say what the reply calls for."""
        who = self.person
        times = [one for one in heard.choices if re.search(r"\d:\d\d [ap]m", one["title"])]
        if heard.asks == "preferred_time" and times:
            lost = sum(TAKEN in one.names for one in self.heard)
            if TAKEN in heard.names and lost % MOST_LOST == 0:
                return self.say(self._another_time())
            return self.choose(self.random.choice(times))
        answers = {
            "name": who.name,
            "contact": who.email,
            "concern": "acne scars",
            "preferred_time": self.wish,
            "consent": "yes",
            "confirmed": "yes",
        }
        if heard.asks == "confirmed":
            self._check(heard)
        # Whatever else is said, a person asks for what they came for.
        return self.say(answers.get(heard.asks, "book a consultation"))

    def say(self, text: str) -> Heard:
        return self._send({"text": text})

    def choose(self, choice: dict[str, str]) -> Heard:
        return self._send({"choice": choice["id"]})

    def _another_time(self) -> str:
        hour, minute = self.random.randint(9, 17), self.random.choice(["00", "30"])
        return f"december {self.random.randint(1, 23)} at {hour}:{minute}"

    def _check(self, heard: Heard) -> None:
        """Nobody agrees to what is not their own."""
        summary = " ".join(heard.texts)
        assert self.person.name in summary, summary
        assert self.person.email in summary, summary

    def _send(self, body: dict[str, str]) -> Heard:
        self._pause()
        while True:
            reply = self._until_answered("/api/messages", {**body, "client_id": str(uuid4())}, 200)
            texts = [message["text"] for message in reply["messages"]]
            assert texts, "an empty reply"
            assert all(texts), "an empty message"
            if not any("something went wrong" in text for text in texts):
                break
            # That is an answer, so the same client_id would get it again: say it anew.
            self._failed("apology")
        choices = [choice for message in reply["messages"] for choice in message["choices"]]
        self.heard.append(Heard(REPLIES.named(texts, []), texts, choices))
        return self.heard[-1]

    def _until_answered(self, path: str, body: dict[str, str], status: int) -> dict[str, Any]:
        """The answer to the same message, sent as often as it takes."""
        while True:
            asked_at = time.monotonic()
            try:
                answer = self._http.post(path, json=body)
                self.slowest = max(self.slowest, time.monotonic() - asked_at)
            except httpx.TransportError as error:
                self._failed(type(error).__name__)
                continue
            if answer.status_code == status:
                found: dict[str, Any] = answer.json()
                return found
            assert answer.status_code == 503, answer.text
            self._failed("503")

    def _failed(self, what: str) -> None:
        self.failures.append(what)
        assert len(self.failures) <= self.patience, f"{self.failures} after {self.transcript}"
        time.sleep(self.random.uniform(0.2, 1.0))

    def _pause(self) -> None:
        time.sleep(self.random.uniform(0, self.pause))


def bookers(url: str, count: int, wish: str, **how: Any) -> Iterator[Booker]:
    """As many visitors who wish for the same; what each does depends on their number only."""
    for number, person in enumerate(people(count)):
        yield Booker(url, person, wish, Random(number), **how)
