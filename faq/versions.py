"""The versions of the assistant: which model went live when, by whom, why, and what had changed.

What visitors talk to is what the pointer names (`LiveModel`); the rows here are its history. A
version is written in three steps - a row that is not confirmed, the pointer, the confirmation - so
that a process killed between any two of them leaves a row of which the pointer says whether it came
to pass. Whoever reads next puts that right (`settle`). Going live takes a lock.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import Session

from faq.changes import Changes, Difference, Texts, compare, differences
from faq.contents import Contents, Snapshot, contents_of, text_of
from faq.database import StaffDatabaseUnavailable, reading, writing
from faq.models import LARGEST_NUMBER, ContentText, ModelContent, ModelVersion, TeachingJob

log = logging.getLogger(__name__)

# Models of so many versions stay, so that one can go back to them; drafts stay for a day.
KEPT_VERSIONS = 10
DRAFT_SECONDS = 24 * 3600.0
# Who a version is by that was made live by no way of ours.
OUTSIDE = "outside the console"


class LiveModel(Protocol):
    """The pointer to the model that visitors talk to, and the folder of models."""

    def name(self) -> str | None: ...

    def put(self, name: str) -> str | None:
        """Make it live; returns the one before. Raises LookupError-like when there is none."""

    def has(self, name: str) -> bool:
        """Whether the model's file is there."""

    def locked(self, *, wait: bool = True) -> AbstractContextManager[bool]:
        """Whether this is the only process that makes a model live just now."""


class Refused(Exception):
    """The trial says that the model must not go live; `refusals` are why, a sentence each."""

    def __init__(self, refusals: Sequence[str]) -> None:
        super().__init__("\n".join(refusals))
        self.refusals = tuple(refusals)


class UnknownVersion(LookupError):
    """There is no version of this number."""


class NoWayBack(Exception):
    """A version that one cannot go back to; the text says why, and what to do instead."""


@dataclass(frozen=True)
class Version:
    """A model that went live. `contents` are None when nobody knows what it was trained from.

    `rolled_back_from` and `rolled_back_to` are numbers: of the version that was left, and of the
    one that is live again.
    """

    number: int
    model: str
    published_at: float
    by: str
    why: str
    changes: Changes
    verdict: Mapping[str, Any] | None = field(repr=False)
    override_reason: str | None
    rolled_back_from: int | None
    rolled_back_to: int | None
    contents: Contents | None = field(repr=False)

    @property
    def refusals(self) -> Sequence[str]:
        return refusals_of(self.verdict)

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "model": self.model,
            "published_at": self.published_at,
            "by": self.by,
            "why": self.why,
            "changes": self.changes.as_json(),
            "override_reason": self.override_reason,
            "rolled_back_from": self.rolled_back_from,
            "rolled_back_to": self.rolled_back_to,
        }


def refusals_of(verdict: Mapping[str, Any] | None) -> Sequence[str]:
    """Why a trial's verdict says no; nothing when there was no trial."""
    return tuple(verdict["refusals"]) if verdict else ()


# --- reading ---


def versions(
    engine: Engine, live: LiveModel, *, limit: int | None = None, skip: int = 0
) -> list[Version]:
    """What went live, the newest first. Raises `StaffDatabaseUnavailable`."""
    settle(engine, live)
    newest = select(ModelVersion).order_by(ModelVersion.number.desc()).offset(skip)
    with reading(engine) as session:
        found = session.scalars(newest.where(ModelVersion.confirmed).limit(limit))
        return [_version(row) for row in found]


def version(engine: Engine, number: int) -> Version:
    """Raises `UnknownVersion`, `StaffDatabaseUnavailable`."""
    with reading(engine) as session:
        row = session.get(ModelVersion, number) if number <= LARGEST_NUMBER else None
        if row is None or not row.confirmed:
            raise UnknownVersion(f"there is no version {number}")
        return _version(row)


def live_version(engine: Engine, live: LiveModel) -> Version | None:
    """The version that visitors talk to; None when nothing was published yet."""
    newest = versions(engine, live, limit=1)
    return newest[0] if newest and newest[0].model == live.name() else None


def settle(engine: Engine, live: LiveModel) -> None:
    """Have the history tell what the pointer says, whatever was cut off or done without it."""
    name = live.name()
    with reading(engine) as session:
        rows = session.scalars(
            select(ModelVersion).order_by(ModelVersion.number.desc()).limit(1)
        ).all()
        settled = bool(rows) and rows[0].confirmed and rows[0].model == name
    if settled or (not rows and name is None):
        return
    with live.locked(wait=False) as alone:
        if alone:
            _settle(engine, live)


def _settle(engine: Engine, live: LiveModel) -> None:
    """Under the lock: a row that is not confirmed belongs to a process that is gone."""
    name = live.name()
    with writing(engine) as session:
        for row in session.scalars(select(ModelVersion).where(~ModelVersion.confirmed)):
            if row.model == name:
                row.confirmed = True
            else:
                session.delete(row)
        session.flush()
        last = _last(session)
        if name is not None and (last is None or last.model != name):
            found = _row(session, last, name, by=OUTSIDE, contents=_contents_of(session, name))
            found.confirmed = True
            session.add(found)


def _last(session: Session) -> ModelVersion | None:
    newest = select(ModelVersion).where(ModelVersion.confirmed).order_by(ModelVersion.number.desc())
    return session.scalars(newest.limit(1)).first()


def _version(row: ModelVersion) -> Version:
    return Version(
        number=row.number,
        model=row.model,
        published_at=row.published_at,
        by=row.by,
        why=row.why,
        changes=Changes.from_json(json.loads(row.changes)),
        verdict=json.loads(row.verdict) if row.verdict else None,
        override_reason=row.override_reason,
        rolled_back_from=row.rolled_back_from,
        rolled_back_to=row.rolled_back_to,
        contents=json.loads(row.contents) if row.contents else None,
    )


# --- going live ---


def publish(
    engine: Engine,
    live: LiveModel,
    model: str,
    *,
    by: str,
    why: str = "",
    verdict: Mapping[str, Any] | None = None,
    override_reason: str | None = None,
) -> Version:
    """Make a trained model the live one. One that is live already stays under its number.

    Raises `Refused` when its trial says no and nobody gave a reason to do it all the same, what
    `live` raises when there is no such model, and `StaffDatabaseUnavailable`: nothing has changed
    then.
    """
    reason = (override_reason or "").strip() or None
    if verdict is None:
        verdict = verdict_of(engine, model)
    refusals = refusals_of(verdict)
    if refusals and reason is None:
        raise Refused(refusals)
    with live.locked():
        _settle(engine, live)
        return _go_live(
            engine,
            live,
            model,
            by=by,
            why=why.strip(),
            verdict=verdict,
            override_reason=reason if refusals else None,
        )


def rollback(
    engine: Engine,
    live: LiveModel,
    *,
    by: str,
    loadable: Callable[[str], bool],
    to: int | None = None,
    why: str = "",
) -> Version:
    """Go back to the version `to`, or to the one before the present one; files stay as they are.

    `loadable` says of a model whether today's code can load it. Raises `NoWayBack`,
    `UnknownVersion` or `StaffDatabaseUnavailable`: nothing has changed then.
    """
    with live.locked():
        _settle(engine, live)
        history = _history(engine)
        present = history[0] if history else None
        if present is None or live.name() is None:
            raise NoWayBack("Nothing was published yet, so there is nothing to go back to.")
        target = _version_before(history) if to is None else version(engine, to)
        hindrance = what_hinders(target, live, loadable)
        if hindrance:
            raise NoWayBack(hindrance)
        return _go_live(
            engine,
            live,
            target.model,
            by=by,
            why=why.strip(),
            rolled_back_from=present.number,
            rolled_back_to=target.number,
            contents=target.contents,
        )


def what_hinders(target: Version, live: LiveModel, loadable: Callable[[str], bool]) -> str | None:
    """Why one cannot go back to a version; None when one can."""
    if target.model == live.name():
        return f"Version {target.number} is what visitors talk to already."
    if not live.has(target.model):
        return (
            f"The model of version {target.number} is no longer kept: only the last "
            f"{KEPT_VERSIONS} are. Put the FAQs back as they were, then train and publish."
        )
    if not loadable(target.model):
        return (
            f"Version {target.number} was trained by an earlier release of this program, which "
            "can’t load it any more. Put the FAQs back as they were, then train and publish."
        )
    return None


def _version_before(history: Sequence[Version]) -> Version:
    """The one before the present; after a rollback, before the one that it went back to."""
    present = history[0]
    number = present.rolled_back_to or present.number
    for one in history:
        if one.number < number and one.model != present.model and one.rolled_back_to is None:
            return one
    raise NoWayBack("There is no earlier version to go back to.")


def _history(engine: Engine) -> list[Version]:
    newest = select(ModelVersion).where(ModelVersion.confirmed).order_by(ModelVersion.number.desc())
    with reading(engine) as session:
        return [_version(row) for row in session.scalars(newest)]


def _go_live(engine: Engine, live: LiveModel, model: str, **facts: Any) -> Version:
    """Under the lock: the row, the pointer, the confirmation."""
    with writing(engine) as session:
        last = _last(session)
        if last is not None and last.model == model == live.name():
            return _version(last)
        facts.setdefault("contents", None)
        facts["contents"] = facts["contents"] or _contents_of(session, model)
        row = _row(session, last, model, **facts)
        session.add(row)
        session.flush()
        number = row.number
    try:
        live.put(model)
    except BaseException:
        if live.name() != model:
            _forget(engine, number)
        raise
    try:
        with writing(engine) as session:
            _confirm(session, number)
            return _version(session.get_one(ModelVersion, number))
    except StaffDatabaseUnavailable:
        # It is live; the next who reads confirms the row.
        log.warning("version %s is live, and confirmed in the history later", number)
        return _version(row)


def _confirm(session: Session, number: int) -> None:
    session.execute(
        update(ModelVersion).where(ModelVersion.number == number).values(confirmed=True)
    )


def _forget(engine: Engine, number: int) -> None:
    try:
        with writing(engine) as session:
            session.execute(delete(ModelVersion).where(ModelVersion.number == number))
    except StaffDatabaseUnavailable:
        log.warning("version %s did not go live, and is taken out of the history later", number)


def _row(
    session: Session,
    last: ModelVersion | None,
    model: str,
    *,
    by: str,
    why: str = "",
    contents: Contents | None = None,
    verdict: Mapping[str, Any] | None = None,
    override_reason: str | None = None,
    rolled_back_from: int | None = None,
    rolled_back_to: int | None = None,
) -> ModelVersion:
    changes = Changes()
    if last is not None and last.contents and contents is not None:
        before: Contents = json.loads(last.contents)
        changes = compare(before, contents, _texts(session, before), _texts(session, contents))
    return ModelVersion(
        confirmed=False,
        model=model,
        published_at=time.time(),
        by=by,
        why=why,
        contents=None if contents is None else json.dumps(dict(contents)),
        changes=json.dumps(changes.as_json()),
        verdict=None if verdict is None else json.dumps(dict(verdict)),
        override_reason=override_reason,
        rolled_back_from=rolled_back_from,
        rolled_back_to=rolled_back_to,
    )


# --- what models were trained from ---


def note_contents(engine: Engine, model: str, snapshot: Snapshot) -> None:
    """Keep what a model was trained from: digests, and the texts that are not kept yet."""
    contents = snapshot.contents
    with reading(engine) as session:
        kept = set(_kept_digests(session, contents))
    new = {digest: name for name, digest in contents.items() if digest not in kept}
    texts = {
        digest: text_of(snapshot.content, snapshot.clinic, name) for digest, name in new.items()
    }
    with writing(engine) as session:
        kept = set(_kept_digests(session, contents))
        session.add_all(
            ContentText(digest=digest, text=text)
            for digest, text in texts.items()
            if digest not in kept
        )
        session.merge(
            ModelContent(model=model, contents=json.dumps(dict(contents)), noted_at=time.time())
        )


def _kept_digests(session: Session, contents: Contents) -> Iterator[str]:
    wanted = sorted(set(contents.values()))
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        yield from session.scalars(select(ContentText.digest).where(ContentText.digest.in_(part)))


def trained_from(engine: Engine, model: str) -> Contents | None:
    """What a model was trained from; None when nobody noted it."""
    with reading(engine) as session:
        return _contents_of(session, model)


def _contents_of(session: Session, model: str) -> Contents | None:
    row = session.get(ModelContent, model)
    if row is None:
        return None
    contents: Contents = json.loads(row.contents)
    return contents


def _texts(session: Session, contents: Contents) -> Texts:
    def text(name: str) -> str | None:
        kept = session.get(ContentText, contents[name])
        return None if kept is None else kept.text

    return text


def verdict_of(engine: Engine, model: str) -> Mapping[str, Any] | None:
    """What the latest trial of a model found; None when it had none."""
    latest = (
        select(TeachingJob.verdict)
        .where(TeachingJob.model == model, TeachingJob.verdict.is_not(None))
        .order_by(TeachingJob.id.desc())
        .limit(1)
    )
    with reading(engine) as session:
        found = session.scalars(latest).first()
    return json.loads(found) if found else None


# --- comparing ---


def differing(engine: Engine, content: Path, clinic: Path, contents: Contents) -> Changes:
    """How the files as they are differ from what a model was trained from. Raises OSError."""
    now = contents_of(content, clinic)
    with reading(engine) as session:
        return compare(
            contents, now, _texts(session, contents), lambda name: text_of(content, clinic, name)
        )


def differences_of_files(
    engine: Engine, content: Path, clinic: Path, contents: Contents
) -> list[Difference]:
    """As `differing`, with what differs in each file. Raises OSError."""
    changes = differing(engine, content, clinic, contents)
    with reading(engine) as session:
        return differences(
            changes, _texts(session, contents), lambda name: text_of(content, clinic, name)
        )


def differences_between(engine: Engine, before: Contents, now: Contents) -> list[Difference]:
    """What differs in each file between what two models were trained from."""
    with reading(engine) as session:
        texts = _texts(session, before), _texts(session, now)
        return differences(compare(before, now, *texts), *texts)


# --- cleaning up ---


def models_to_remove(
    engine: Engine, live: LiveModel, trained_at: Mapping[str, float], now: float
) -> list[str]:
    """Which models nobody needs any more, of those in the folder (when they were trained, by name).

    The live one stays, those of the last versions, those trained within a day, and those that the
    staff database knows nothing of: they are somebody else's.
    """
    kept = {live.name(), *(one.model for one in _history(engine)[:KEPT_VERSIONS])}
    with reading(engine) as session:
        known = {*session.scalars(select(ModelContent.model))}
        known |= {*session.scalars(select(ModelVersion.model))}
    return sorted(
        model
        for model, at in trained_at.items()
        if model in known and model not in kept and now - at > DRAFT_SECONDS
    )
