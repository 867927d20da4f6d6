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
