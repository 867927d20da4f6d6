"""What staff's work leaves behind: accounts, sessions, the log of who did what, and the inbox.

Moments are seconds since 1970, the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

# What any of the databases takes as the number of a training or a version.
LARGEST_NUMBER = 2**31 - 1
# Grows for ever; SQLite counts up by itself only in a column that is plainly an integer.
SERIAL = BigInteger().with_variant(Integer(), "sqlite")


class StaffBase(DeclarativeBase):
    # Every constraint has a name, so that migrations can alter it on SQLite and PostgreSQL alike.
    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class StaffAccount(StaffBase):
    """Somebody who may sign in to the console; `role` is editor or admin.

    An account that has left stays, without its password, so that its name in the log and in the
    history of requests is never given to somebody else unnoticed.
    """

    __tablename__ = "staff_accounts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    # The name as it is compared, however it is typed.
    name_key: Mapped[str] = mapped_column(String(120), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(10))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[float] = mapped_column(Double)


class StaffSession(StaffBase):
    """A browser that is signed in; only a hash of its token is kept."""

    __tablename__ = "staff_sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    account_id: Mapped[int] = mapped_column(
        ForeignKey(StaffAccount.id, ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[float] = mapped_column(Double, index=True)
    seen_at: Mapped[float] = mapped_column(Double)

    account: Mapped[StaffAccount] = relationship()


class AuditEntry(StaffBase):
    """One line of the log: who did what, about which thing, at which moment."""

    __tablename__ = "audit_log"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    at: Mapped[float] = mapped_column(Double, index=True)
    who: Mapped[str] = mapped_column(String(60))
    what: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(String(200))
    detail: Mapped[str] = mapped_column(Text)


class TeachingJob(StaffBase):
    """One check, training and trial: asked for by somebody, done by the worker.

    `state` is queued, running, done, failed or cancelled. `lines`, `findings` and `verdict` are
    JSON; `version` is the number under which its model went live.
    """

    __tablename__ = "teaching_jobs"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    by: Mapped[str] = mapped_column(String(60))
    why: Mapped[str] = mapped_column(Text)
    # Whether the model is to go live at once when nothing speaks against it.
    publish: Mapped[bool]
    stop_asked: Mapped[bool] = mapped_column(default=False)
    asked_at: Mapped[float] = mapped_column(Double)
    started_at: Mapped[float | None] = mapped_column(Double)
    ended_at: Mapped[float | None] = mapped_column(Double)
    lines: Mapped[str] = mapped_column(Text, default="[]")
    error: Mapped[str | None] = mapped_column(Text)
    findings: Mapped[str] = mapped_column(Text, default="[]")
    model: Mapped[str | None] = mapped_column(String(200), index=True)
    verdict: Mapped[str | None] = mapped_column(Text)
    version: Mapped[int | None]


class ModelContent(StaffBase):
    """What a model was trained from: `contents` is JSON, the SHA-256 of each file by its name."""

    __tablename__ = "model_contents"

    model: Mapped[str] = mapped_column(String(200), primary_key=True)
    contents: Mapped[str] = mapped_column(Text)
    noted_at: Mapped[float] = mapped_column(Double)


class ContentText(StaffBase):
    """A file's text by its SHA-256, kept once however many versions have it."""

    __tablename__ = "content_texts"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class ModelVersion(StaffBase):
    """A model that went live: never changed afterwards.

    Until the pointer is known to have moved, `confirmed` is false; such a row is confirmed or
    removed by whoever reads next. `rolled_back_from` and `rolled_back_to` are the numbers of the
    versions that a rollback left and went back to. `contents` (None when unknown), `changes` and
    `verdict` are JSON.
    """

    __tablename__ = "model_versions"

    number: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    confirmed: Mapped[bool]
    model: Mapped[str] = mapped_column(String(200))
    published_at: Mapped[float] = mapped_column(Double)
    by: Mapped[str] = mapped_column(String(60))
    why: Mapped[str] = mapped_column(Text)
    contents: Mapped[str | None] = mapped_column(Text)
    changes: Mapped[str] = mapped_column(Text)
    verdict: Mapped[str | None] = mapped_column(Text)
    override_reason: Mapped[str | None] = mapped_column(Text)
    rolled_back_from: Mapped[int | None]
    rolled_back_to: Mapped[int | None]


class InboxGroup(StaffBase):
    """Questions that mean the same: those near to the first of them, whose `vector` this is
    (float32, 384 numbers).

    `closed_as` is what staff closed the group as, for good: out_of_scope or dismissed. What is
    asked in it later is closed at once.
    """

    __tablename__ = "inbox_groups"

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    vector: Mapped[bytes] = mapped_column(LargeBinary)
    closed_as: Mapped[str | None] = mapped_column(String(12))


class InboxQuestion(StaffBase):
    """A visitor's question, personal data masked, that was not answered well: see `faq.inbox`."""

    __tablename__ = "inbox_questions"
    __table_args__ = (Index(None, "state", "asked_at"),)

    id: Mapped[int] = mapped_column(SERIAL, primary_key=True)
    # The visitor's message, so that nothing comes in twice.
    message_id: Mapped[str] = mapped_column(String(36), unique=True)
    # None once the conversation is deleted and only its words are kept.
    conversation_id: Mapped[str | None] = mapped_column(String(32), index=True)
    asked_at: Mapped[float] = mapped_column(Double, index=True)
    text: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    # None until it is grouped, which is done when somebody looks.
    group_id: Mapped[int | None] = mapped_column(ForeignKey(InboxGroup.id), index=True)
    # The FAQ whose answer was found unhelpful; the one that the visitor chose; the one to which
    # staff added the question.
    answered_by: Mapped[str | None] = mapped_column(String(100))
    meant: Mapped[str | None] = mapped_column(String(100))
    added_to: Mapped[str | None] = mapped_column(String(100))
    settled_at: Mapped[float | None] = mapped_column(Double)
    settled_by: Mapped[str | None] = mapped_column(String(60))
