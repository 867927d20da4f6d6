"""The inbox: questions of visitors that were not answered well, for staff to learn from.

Each is kept with personal data masked, and joins the group of those that mean the same. A group is
settled by adding its wordings to a FAQ, by teaching them as out of scope, or by dismissing it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from threading import Lock
from typing import Any, Literal, get_args

import numpy as np
import sqlalchemy as sa
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from faq import out_of_scope
from faq.check import Finding, compact
from faq.database import reading, writing
from faq.library import Faq, read_faqs
from faq.masking import mask, without_masks
from faq.meaning import Meanings
from faq.models import InboxGroup, InboxQuestion
from faq.writing import DraftRefused, add_phrasing

# declined: nothing was known of it; clarified: asked back which question was meant; unhelpful: a
# thumb down; professional: medical, sent to somebody who may advise.
Reason = Literal["declined", "clarified", "unhelpful", "professional"]
State = Literal["open", "added", "out_of_scope", "dismissed"]
Order = Literal["newest", "most"]
REASONS: tuple[Reason, ...] = get_args(Reason)
STATES: tuple[State, ...] = get_args(State)

# Cosine from which two questions are one group. Where FAQs are near, little makes a difference: of
# pairs of phrasings that are as alike, three in four belong to one FAQ, nearly all others to
# neighbours. What no FAQ is near to is new, and then what has the same subject belongs together.
SAME_QUESTION = 0.75
SAME_SUBJECT = 0.58
# Cosine below which no FAQ is near.
FAR = 0.6
# Nobody's conversation fills the inbox.
MOST_OF_A_CONVERSATION = 30
GROUPED_AT_ONCE = 500
PAGE = 20

_grouping = Lock()
Q = InboxQuestion


class UnknownGroup(LookupError):
    """No such group, or nothing in it that could be worked on any more."""

    def __init__(self, group_id: int) -> None:
        super().__init__(f"there is nothing in the inbox under {group_id}")


@dataclass(frozen=True, slots=True)
class Missed:
    """A question as it comes in; `asked_at` in seconds since 1970, `answered_by` a FAQ's slug."""

    text: str
    reason: Reason
    message_id: str
    conversation_id: str
    asked_at: float
    answered_by: str | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which questions to list: of a state, for a reason, asked from `since` until before `until`
    (seconds since 1970), with these words in them."""

    state: State = "open"
    reason: Reason | None = None
    since: float | None = None
    until: float | None = None
    search: str = ""
    order: Order = "newest"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The FAQ that a group comes nearest to: `likeness` is the cosine with its `phrasing`; `chosen`
    how many visitors said that they meant it."""

    slug: str
    title: str
    likeness: float
    phrasing: str
    chosen: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a group."""

    id: int
    text: str
    reason: Reason
    asked_at: float
    conversation_id: str | None
    message_id: str
    answered_by: str | None
    meant: str | None
    added_to: str | None
    settled_by: str | None


@dataclass(frozen=True)
class Group:
    """Questions that mean the same, the newest first; `closed_as` keeps later ones closed, too."""

    id: int
    state: State
    questions: tuple[Question, ...]
    suggestion: Suggestion | None
    closed_as: State | None = None

    @property
    def wordings(self) -> tuple[str, ...]:
        """How it was asked, each way once, the most frequent first; fit to be phrasings."""
        texts = [without_masks(question.text) for question in self.questions]
        counts = Counter(compact(text) for text in texts)
        by_words = {compact(text): text for text in reversed(texts) if compact(text)}
        return tuple(by_words[words] for words, _ in counts.most_common() if words in by_words)

    @property
    def title(self) -> str:
        return self.wordings[0] if self.wordings else self.questions[0].text

    @property
    def count(self) -> int:
        return len(self.questions)

    @property
    def reasons(self) -> Mapping[Reason, int]:
        return Counter(question.reason for question in self.questions)

    @property
    def last_at(self) -> float:
        return self.questions[0].asked_at

    @property
    def last_id(self) -> int:
        return max(question.id for question in self.questions)


@dataclass(frozen=True)
class Page:
    """A page of groups, and how many groups and questions there are on all pages."""

    groups: tuple[Group, ...]
    of_groups: int
    of_questions: int


@dataclass(frozen=True)
class Added:
    """What became of wordings that were to be phrasings: those that are, and why others are not."""

    added: tuple[str, ...] = ()
    refused: tuple[tuple[str, tuple[Finding, ...]], ...] = field(default=())


# --- what comes in ---


def record_question(engine: Engine, missed: Missed) -> bool:
    """Keep a question, masked. False when it is known already, holds no word, or its conversation
    has given enough. Raises `StaffDatabaseUnavailable`."""
    text = mask(missed.text)
    if not compact(without_masks(text)):
        return False
    row = InboxQuestion(
        message_id=missed.message_id,
        conversation_id=missed.conversation_id,
        asked_at=missed.asked_at,
        text=text,
        reason=missed.reason,
        state="open",
        answered_by=missed.answered_by,
    )
    try:
        with writing(engine) as session:
            of_conversation = sa.select(sa.func.count()).where(
                Q.conversation_id == missed.conversation_id
            )
            if (session.scalar(of_conversation) or 0) >= MOST_OF_A_CONVERSATION:
                return False
            session.add(row)
    except IntegrityError:
        return False
    return True


def take_back(engine: Engine, message_id: str) -> bool:
    """Forget that an answer was unhelpful, unless somebody has worked on it. Whether it was known.

    Raises `StaffDatabaseUnavailable`.
    """
    with writing(engine) as session:
        gone = session.execute(
            sa.delete(Q).where(
                Q.message_id == message_id, Q.reason == "unhelpful", Q.state == "open"
            )
        )
        return bool(_rowcount(gone))


def settle(engine: Engine, message_id: str, slug: str) -> bool:
    """Note which FAQ a visitor meant who was asked back. False when the question is not kept.

    Raises `StaffDatabaseUnavailable`.
    """
    with writing(engine) as session:
        changed = session.execute(sa.update(Q).where(Q.message_id == message_id).values(meant=slug))
        return bool(_rowcount(changed))


def settled_questions(engine: Engine) -> list[tuple[str, str]]:
    """Questions whose right answer is known, each with the FAQ's slug, the oldest first: visitors
    chose it, or staff added it there. What staff decided counts for more.

    Raises `StaffDatabaseUnavailable`.
    """
    settled = sa.func.coalesce(Q.added_to, Q.meant)
    wanted = sa.select(Q.text, settled).where(
        sa.or_(Q.added_to.is_not(None), sa.and_(Q.meant.is_not(None), Q.state == "open"))
    )
    with reading(engine) as session:
        rows = session.execute(wanted.order_by(Q.added_to.is_(None).desc(), Q.id)).all()
    # The later word on the same words stands.
    found = {compact(text): (without_masks(text), slug) for text, slug in rows}
    return list(found.values())


# --- what is listed ---


def list_groups(
    engine: Engine,
    meanings: Meanings,
    *,
    content: Path,
    wanted: Wanted = Wanted(),
    page: int = 1,
    size: int = PAGE,
) -> Page:
    """The groups with questions that are wanted, a page of `size`, counted from 1.

    What came in since the last look is grouped first. Raises `StaffDatabaseUnavailable` and
    `encoder.EncoderNotBuilt`.
    """
    group_new(engine, meanings, content)
    which = _which(wanted)
    newest, count = sa.func.max(Q.asked_at), sa.func.count()
    order = (count.desc(), newest.desc()) if wanted.order == "most" else (newest.desc(),)
    with reading(engine) as session:
        of_groups, of_questions = session.execute(
            sa.select(sa.func.count(Q.group_id.distinct()), sa.func.count()).where(*which)
        ).one()
        ids = session.scalars(
            sa.select(Q.group_id)
            .where(*which)
            .group_by(Q.group_id)
            .order_by(*order, Q.group_id)
            .limit(size)
            .offset((max(page, 1) - 1) * size)
        ).all()
        groups = _read_groups(session, [one for one in ids if one is not None], which)
    return Page(tuple(_with_suggestions(groups, meanings, content)), of_groups, of_questions)


def find_group(
    engine: Engine,
    meanings: Meanings,
    *,
    content: Path,
    group_id: int,
    state: State = "open",
) -> Group:
    """One group. Raises `UnknownGroup` when nothing in it is of this state."""
    group_new(engine, meanings, content)
    with reading(engine) as session:
        groups = _read_groups(session, [group_id], _which(Wanted(state)))
    if not groups:
        raise UnknownGroup(group_id)
    return _with_suggestions(groups, meanings, content)[0]


def find_question(engine: Engine, question_id: int) -> Question | None:
    """Raises `StaffDatabaseUnavailable`."""
    with reading(engine) as session:
        row = session.get(InboxQuestion, question_id)
    return _question(row) if row else None


def count_by_state(engine: Engine) -> dict[State, int]:
    """How many questions there are of each state. Raises `StaffDatabaseUnavailable`."""
    with reading(engine) as session:
        rows = session.execute(sa.select(Q.state, sa.func.count()).group_by(Q.state)).all()
    counts: dict[str, int] = {row[0]: row[1] for row in rows}
    return {state: counts.get(state, 0) for state in STATES}


def group_new(engine: Engine, meanings: Meanings, content: Path) -> int:
    """Put what came in into groups; a group once made keeps its number. Returns how many were.

    Raises `StaffDatabaseUnavailable` and `encoder.EncoderNotBuilt`.
    """
    done = 0
    new = sa.select(Q.id, Q.text).where(Q.group_id.is_(None)).order_by(Q.id).limit(GROUPED_AT_ONCE)
    with _grouping:
        while True:
            with reading(engine) as session:
                rows = session.execute(new).all()
            if not rows:
                return done
            # Not remembered: these words belong into no file beside the database.
            vectors = meanings.of([without_masks(text) for _, text in rows], remember=False)
            is_near = _is_near(vectors, meanings, content)
            with writing(engine) as session:
                _join_groups(session, [row.id for row in rows], vectors, is_near)
            done += len(rows)


def _is_near(vectors: np.ndarray, meanings: Meanings, content: Path) -> np.ndarray:
    """Of each vector, whether a FAQ is near."""
    known = meanings.of([text for _, text in _phrasings(content)])
    if not len(known):
        return np.zeros(len(vectors), dtype=bool)
    near: np.ndarray = (vectors @ known.T).max(axis=1) >= FAR
    return near


def _phrasings(content: Path) -> list[tuple[Faq, str]]:
    """All that asks a FAQ, titles included, each with its FAQ."""
    return [
        (faq, text) for faq in read_faqs(content) for text in (faq.title, *faq.phrasings) if text
    ]


def _join_groups(
    session: Session, ids: Sequence[int], vectors: np.ndarray, is_near: np.ndarray
) -> None:
    rows = session.execute(sa.select(InboxGroup.id, InboxGroup.vector, InboxGroup.closed_as)).all()
    known = [row.id for row in rows]
    closed = {row.id: row.closed_as for row in rows}
    size = vectors.shape[1]
    leaders = np.zeros((len(rows) + len(ids), size), dtype=np.float32)
    for place, row in enumerate(rows):
        leaders[place] = np.frombuffer(row.vector, dtype=np.float32)
    each = zip(ids, vectors.astype(np.float32), is_near, strict=True)
    for question_id, vector, near in each:
        likeness = leaders[: len(known)] @ vector
        best = int(likeness.argmax()) if len(known) else 0
        if not len(known) or likeness[best] < (SAME_QUESTION if near else SAME_SUBJECT):
            group = InboxGroup(vector=vector.tobytes())
            session.add(group)
            session.flush()
            best = len(known)
            leaders[best] = vector
            known.append(group.id)
        values: dict[str, Any] = {"group_id": known[best]}
        closed_as = closed.get(known[best])
        if closed_as:
            values["state"] = closed_as
        session.execute(
            sa.update(Q).where(Q.id == question_id, Q.group_id.is_(None)).values(**values)
        )


def _which(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    which = [Q.state == wanted.state, Q.group_id.is_not(None)]
    if wanted.reason:
        which.append(Q.reason == wanted.reason)
    if wanted.since is not None:
        which.append(Q.asked_at >= wanted.since)
    if wanted.until is not None:
        which.append(Q.asked_at < wanted.until)
    return which + [Q.text.icontains(word, autoescape=True) for word in wanted.search.split()]


def _read_groups(
    session: Session, ids: Sequence[int], which: Sequence[sa.ColumnElement[bool]]
) -> list[tuple[Group, np.ndarray]]:
    """The groups of these numbers in this order, as far as something in them is wanted."""
    rows = session.scalars(
        sa.select(Q)
        .where(Q.group_id.in_(ids), *which)
        .order_by(Q.group_id, Q.asked_at.desc(), Q.id.desc())
    ).all()
    made = {
        row.id: row for row in session.scalars(sa.select(InboxGroup).where(InboxGroup.id.in_(ids)))
    }
    found: dict[int, tuple[Group, np.ndarray]] = {}
    for group_id, questions in groupby(rows, key=lambda row: row.group_id):
        assert group_id is not None
        each = list(questions)
        group = Group(
            id=group_id,
            state=_state(each[0].state),
            questions=tuple(map(_question, each)),
            suggestion=None,
            closed_as=_state(made[group_id].closed_as) if made[group_id].closed_as else None,
        )
        found[group_id] = (group, np.frombuffer(made[group_id].vector, dtype=np.float32))
    return [found[one] for one in ids if one in found]


def _question(row: InboxQuestion) -> Question:
    return Question(
        id=row.id,
        text=row.text,
        reason=next(reason for reason in REASONS if reason == row.reason),
        asked_at=row.asked_at,
        conversation_id=row.conversation_id,
        message_id=row.message_id,
        answered_by=row.answered_by,
        meant=row.meant,
        added_to=row.added_to,
        settled_by=row.settled_by,
    )


def _state(text: str | None) -> State:
    return next(state for state in STATES if state == text)


def _with_suggestions(
    groups: Sequence[tuple[Group, np.ndarray]], meanings: Meanings, content: Path
) -> list[Group]:
    if not groups:
        return []
    texts = _phrasings(content)
    if not texts:
        return [group for group, _ in groups]
    vectors = meanings.of([text for _, text in texts])
    likeness = np.stack([vector for _, vector in groups]) @ vectors.T
    slugs = np.array([faq.slug for faq, _ in texts])
    found = []
    for (group, _), row in zip(groups, likeness, strict=True):
        chosen = Counter(question.meant for question in group.questions if question.meant)
        meant = next((slug for slug, _ in chosen.most_common() if slug in slugs), None)
        of_meant = np.where(slugs == meant, row, -1.0) if meant else row
        best = int(of_meant.argmax())
        faq, phrasing = texts[best]
        suggestion = Suggestion(
            faq.slug, faq.title, float(row[best]), phrasing, chosen.get(faq.slug, 0)
        )
        found.append(_suggested(group, suggestion))
    return found


def _suggested(group: Group, suggestion: Suggestion) -> Group:
    return Group(group.id, group.state, group.questions, suggestion, group.closed_as)


# --- what staff decide ---


def add_to_faq(
    engine: Engine,
    meanings: Meanings | None,
    *,
    content: Path,
    group_id: int,
    slug: str,
    phrasings: Sequence[str] | None = None,
    by: str,
    now: float,
    upto: int | None = None,
) -> Added:
    """Make a group's wordings phrasings of a FAQ: all of them, or those that are given.

    Each goes through the check; those it refuses are told with what it found, and the group then
    stays open. `upto` is the last question that somebody saw: what came in later stays open, too.
    Raises `UnknownGroup`, `faq.library.UnknownFaq`, `BrokenFaq`, `OSError` and
    `StaffDatabaseUnavailable`.
    """
    questions = _open_questions(engine, group_id, upto)
    given = _wordings(questions) if phrasings is None else phrasings
    wanted = [text for text in (" ".join(one.split()) for one in given) if text]
    added: list[str] = []
    refused: list[tuple[str, tuple[Finding, ...]]] = []
    for text in wanted:
        try:
            add_phrasing(content, slug, text, meanings)
            added.append(text)
        except DraftRefused as refusal:
            refused.append((text, refusal.findings))
    taken = {compact(text) for text in added}
    with writing(engine) as session:
        for question in questions:
            is_taken = compact(without_masks(question.text)) in taken
            # A wording that staff left out is done with, but is no example of this FAQ.
            if is_taken or (added and not refused):
                values = {"state": "added", "added_to": slug if is_taken else None}
                session.execute(_settled(values, by, now).where(Q.id == question.id))
    return Added(tuple(added), tuple(refused))


def teach_out_of_scope(
    engine: Engine,
    meanings: Meanings | None,
    *,
    content: Path,
    group_id: int,
    by: str,
    now: float,
    upto: int | None = None,
) -> tuple[str, ...]:
    """Teach a group's wordings as what the clinic has nothing to say about; later ones are closed
    at once. Returns the wordings.

    Raises `DraftRefused` when a FAQ has one of them, `UnknownGroup`, `OSError` and
    `StaffDatabaseUnavailable`.
    """
    wordings = _wordings(_open_questions(engine, group_id, upto))
    out_of_scope.teach(content, wordings, meanings)
    _close(engine, group_id, "out_of_scope", by, now, upto)
    return wordings


def dismiss(engine: Engine, *, group_id: int, by: str, now: float, upto: int | None = None) -> int:
    """Close a group; later questions of it are closed at once. Returns how many were open.

    Raises `UnknownGroup` and `StaffDatabaseUnavailable`.
    """
    questions = _open_questions(engine, group_id, upto)
    _close(engine, group_id, "dismissed", by, now, upto)
    return len(questions)


def reopen(engine: Engine, *, content: Path, group_id: int) -> int:
    """Have everything in a group open again; what was taught as out of scope is taught no more.
    Phrasings stay in their FAQ. Returns how many questions are open again.

    Raises `UnknownGroup`, `OSError` and `StaffDatabaseUnavailable`.
    """
    closed = sa.and_(Q.group_id == group_id, Q.state != "open")
    with reading(engine) as session:
        rows = session.scalars(sa.select(Q).where(closed)).all()
    if not rows:
        raise UnknownGroup(group_id)
    taught = [row for row in rows if row.state == "out_of_scope"]
    if taught:
        out_of_scope.teach_no_more(content, _wordings(taught))
    values = {"state": "open", "added_to": None, "settled_at": None, "settled_by": None}
    with writing(engine) as session:
        session.execute(sa.update(Q).where(closed).values(**values))
        _set_closed_as(session, group_id, None)
    return len(rows)


def _open_questions(engine: Engine, group_id: int, upto: int | None) -> list[InboxQuestion]:
    which = [Q.group_id == group_id, Q.state == "open"]
    if upto is not None:
        which.append(Q.id <= upto)
    with reading(engine) as session:
        rows = list(session.scalars(sa.select(Q).where(*which).order_by(Q.asked_at.desc())))
    if not rows:
        raise UnknownGroup(group_id)
    return rows


def _wordings(questions: Iterable[InboxQuestion]) -> tuple[str, ...]:
    return Group(0, "open", tuple(map(_question, questions)), None).wordings


def _close(
    engine: Engine, group_id: int, state: State, by: str, now: float, upto: int | None
) -> None:
    which = [Q.group_id == group_id, Q.state == "open"]
    if upto is not None:
        which.append(Q.id <= upto)
    with writing(engine) as session:
        session.execute(_settled({"state": state}, by, now).where(*which))
        _set_closed_as(session, group_id, state)


def _set_closed_as(session: Session, group_id: int, state: State | None) -> None:
    group = sa.update(InboxGroup).where(InboxGroup.id == group_id)
    session.execute(group.values(closed_as=state))


def _settled(values: dict[str, Any], by: str, now: float) -> sa.Update:
    return sa.update(Q).values(**values, settled_by=by, settled_at=now)


def _rowcount(result: sa.Result[Any]) -> int:
    assert isinstance(result, sa.CursorResult)
    return result.rowcount


# --- what must go ---


def purge_before(engine: Engine, moment: float) -> int:
    """Delete what was asked before `moment`, seconds since 1970. What staff added to a FAQ stays as
    words alone: it tells how well a new model understands. Returns how many were deleted.

    Raises `StaffDatabaseUnavailable`.
    """
    return _delete(engine, Q.asked_at < moment, keep_added=True)


def erase_conversations(engine: Engine, conversations: Collection[str]) -> int:
    """Delete what was asked in these conversations, whatever became of it. Returns how many.

    Raises `StaffDatabaseUnavailable`.
    """
    return _delete(engine, Q.conversation_id.in_(list(conversations)), keep_added=False)


def conversations_in_which(engine: Engine, says: Callable[[str], bool]) -> set[str]:
    """The conversations of questions in whose words something is found, masked as they are.

    Raises `StaffDatabaseUnavailable`.
    """
    with reading(engine) as session:
        rows = session.execute(sa.select(Q.conversation_id, Q.text)).all()
    return {conversation for conversation, text in rows if conversation and says(text)}


def export_conversations(engine: Engine, conversations: Collection[str]) -> list[Question]:
    """What is kept of these conversations. Raises `StaffDatabaseUnavailable`."""
    with reading(engine) as session:
        rows = session.scalars(
            sa.select(Q).where(Q.conversation_id.in_(list(conversations))).order_by(Q.id)
        ).all()
    return list(map(_question, rows))


def _delete(engine: Engine, which: sa.ColumnElement[bool], *, keep_added: bool) -> int:
    with writing(engine) as session:
        if keep_added:
            added = sa.and_(which, Q.added_to.is_not(None))
            session.execute(sa.update(Q).where(added).values(conversation_id=None))
            which = sa.and_(which, Q.added_to.is_(None))
        gone = _rowcount(session.execute(sa.delete(Q).where(which)))
        used = sa.select(Q.group_id).where(Q.group_id.is_not(None))
        unused = sa.delete(InboxGroup).where(InboxGroup.id.not_in(used))
        # A group that was closed for good goes on closing what is asked in it, unless its words
        # were somebody's who wants them gone.
        if keep_added:
            unused = unused.where(InboxGroup.closed_as.is_(None))
        session.execute(unused)
    return gone
