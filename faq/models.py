"""What staff's work leaves behind: accounts, sessions, and the log of who did what.

Moments are seconds since 1970, the same on SQLite and PostgreSQL.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Double, ForeignKey, Integer, MetaData, String, Text
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
