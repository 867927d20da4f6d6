"""Brings questions that were not answered well to the inbox, on a thread beside the conversations.

No visitor waits for it: what does not fit into its queue, or can't be stored for a while, is
counted and let go.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, Full, Queue
from threading import Lock, Thread
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from faq import inbox
from faq.database import StaffDatabaseUnavailable
from faq.inbox import Missed, Reason
from web.chat_store import ChatMessage, Thumb, question_behind

log = logging.getLogger(__name__)

WAITING = 1000  # Jobs in the queue at most; one holds a message, 1 kB or so.
TRIES = 3
PAUSE_SECONDS = 1.0
CLOSE_SECONDS = 5.0
# Conversations of which is remembered what they were just asked back.
ASKED_BACK = 2000

# What becomes of a question, not of small talk, an emergency or something handed over.
LEARNT_FROM = frozenset({"answered", "clarified", "declined", "professional"})

_FAQ = "/faq/"
Job = Callable[[], object]


class MissedQuestions:
    """Notes what conversations miss. Its methods return at once, whatever its databases do.

    `on_lost` is called for each thing that did not reach the inbox.
    """

    def __init__(self, staff: Engine, chat: Engine, on_lost: Callable[[], None]) -> None:
        self._staff = staff
        self._chat = chat
        self._on_lost = on_lost
        self._jobs: Queue[Job | None] = Queue(WAITING)
        self._starting = Lock()
        self._thread: Thread | None = None
        self._closing = False
        self._asked_back: OrderedDict[str, tuple[str, frozenset[str]]] = OrderedDict()

    def asked(
        self, conversation_id: str, question: ChatMessage, answers: Sequence[ChatMessage]
    ) -> None:
        """A visitor typed a question, and was answered so."""
        self._note_settled(conversation_id, answers)
        reason = reason_of(answers)
        if reason is None:
            return
        if reason == "clarified":
            self._remember(conversation_id, question.id, answers)
        self._put(lambda: self._record(conversation_id, question, reason))

    def chose(self, conversation_id: str, question_id: str, payload: str) -> None:
        """A visitor who was asked back what a question meant chose this."""
        self._asked_back.pop(conversation_id, None)
        if payload.startswith(_FAQ):
            slug = payload.removeprefix(_FAQ)
            self._put(lambda: inbox.settle(self._staff, question_id, slug))

    def thumbed(self, conversation_id: str, answer_id: str, value: Thumb | None) -> None:
        """A visitor gave an answer a thumb, or took it back."""
        self._put(lambda: self._record_thumb(conversation_id, answer_id, value))

    def close(self) -> None:
        """Finish what is queued, as far as that is quickly done."""
        self._closing = True
        thread = self._thread
        if thread is None:
            return
        with suppress(Full):
            self._jobs.put_nowait(None)
        thread.join(CLOSE_SECONDS)

    # --- settled by typing ---

    def _remember(
        self, conversation_id: str, question_id: str, answers: Sequence[ChatMessage]
    ) -> None:
        payloads = [choice.payload for answer in answers for choice in answer.choices]
        slugs = frozenset(one.removeprefix(_FAQ) for one in payloads if one.startswith(_FAQ))
        self._asked_back[conversation_id] = (question_id, slugs)
        if len(self._asked_back) > ASKED_BACK:
            self._asked_back.popitem(last=False)

    def _note_settled(self, conversation_id: str, answers: Sequence[ChatMessage]) -> None:
        """ "Did you mean" can be answered by typing: then one of what was offered is the answer."""
        question_id, slugs = self._asked_back.pop(conversation_id, ("", frozenset()))
        meant = [answer.faq for answer in answers if answer.faq in slugs]
        if meant and meant[0]:
            slug = meant[0]
            self._put(lambda: inbox.settle(self._staff, question_id, slug))

    # --- on the thread ---

    def _record(self, conversation_id: str, question: ChatMessage, reason: Reason) -> None:
        inbox.record_question(
            self._staff,
            Missed(question.text, reason, question.id, conversation_id, question.created_at),
        )

    def _record_thumb(self, conversation_id: str, answer_id: str, value: Thumb | None) -> None:
        found = question_behind(self._chat, conversation_id, answer_id)
        if found is None:
            return
        question, answers = found
        if value != "down":
            inbox.take_back(self._staff, question.id)
            return
        answer = next(one for one in answers if one.id == answer_id)
        if answer.outcome not in LEARNT_FROM or any(one.form for one in answers):
            return
        missed = Missed(
            text=question.text,
            reason="unhelpful",
            message_id=question.id,
            conversation_id=conversation_id,
            asked_at=question.created_at,
            answered_by=answer.faq,
        )
        inbox.record_question(self._staff, missed)

    def _put(self, job: Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except Full:
            self._on_lost()
            return
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = Thread(target=self._work, name="inbox", daemon=True)
                    self._thread.start()

    def _work(self) -> None:
        while True:
            try:
                job = self._jobs.get(timeout=0.1 if self._closing else None)
            except Empty:
                return
            if job is None:
                return
            self._do(job)

    def _do(self, job: Job) -> None:
        for left in reversed(range(TRIES)):
            try:
                job()
                return
            except (StaffDatabaseUnavailable, SQLAlchemyError) as error:
                problem: Exception = error
            except Exception as error:
                # Whatever is wrong with one question must not end the thread for all others.
                problem = error
                break
            if left and not self._closing:
                time.sleep(PAUSE_SECONDS)
            elif self._closing:
                break
        self._on_lost()
        log.error("a question did not reach the inbox: %s", type(problem).__name__)


def reason_of(answers: Sequence[ChatMessage]) -> Reason | None:
    """Why a question belongs into the inbox; None if it does not."""
    outcomes = {answer.outcome for answer in answers}
    if "urgent" in outcomes:
        return None
    if "declined" in outcomes:
        return "declined"
    if "clarified" in outcomes:
        return "clarified"
    if "professional" in outcomes and "answered" not in outcomes:
        return "professional"
    return None


def is_to_learn_from(items: Sequence[dict[str, Any]]) -> bool:
    """Whether Rasa's reply is one to a question: none in a form, whose answers are personal, and
    none to what is no question."""
    customs = [item["custom"] for item in items if isinstance(item.get("custom"), dict)]
    return not any(custom.get("form") or custom.get("question") is False for custom in customs)
