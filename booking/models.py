"""What the clinic keeps: consultation requests, their history, and messages left for it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    TypeDecorator,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC; SQLite forgets the zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
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


class Status(StrEnum):
    """Where a consultation request stands."""

    NEW = "new"
    CONFIRMED = "confirmed"
    RESCHEDULED = "rescheduled"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    NO_SHOW = "no_show"


class Delivery(StrEnum):
    """Where an entry of the outbox stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD = "dead"


def _stored_by_value(kind: type[StrEnum], name: str) -> Enum:
    return Enum(
        kind,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )


class ConsultationRequest(Base):
    """A consultation that a visitor asked for, at a time that is kept free for it."""

    __tablename__ = "consultation_requests"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    status: Mapped[Status] = mapped_column(_stored_by_value(Status, "status"), default=Status.NEW)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254), index=True)
    phone: Mapped[str | None] = mapped_column(String(16))
    concern: Mapped[str] = mapped_column(String(300))
    practitioner: Mapped[str] = mapped_column(String(40))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Rises with each change; calendars tell an old version of an appointment by it.
    sequence: Mapped[int] = mapped_column(default=0)
    # The visitor's own time zone, where it is known.
    visitor_zone: Mapped[str | None] = mapped_column(String(64))
    preference_text: Mapped[str] = mapped_column(Text)
    notes: Mapped[str | None] = mapped_column(Text)
    consent_version: Mapped[str] = mapped_column(String(40))
    consent_text: Mapped[str] = mapped_column(Text)
    consent_at: Mapped[datetime] = mapped_column(UtcDateTime)
    conversation_id: Mapped[str] = mapped_column(String(64), index=True)
    idempotency_key: Mapped[str] = mapped_column(String(128), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    events: Mapped[list[RequestEvent]] = relationship(
        back_populates="request", order_by="RequestEvent.id", cascade="all, delete-orphan"
    )


class RequestEvent(Base):
    """One line of a request's audit trail: who did what, and when."""

    __tablename__ = "request_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    request_id: Mapped[int] = mapped_column(
        ForeignKey(ConsultationRequest.id, ondelete="CASCADE"), index=True
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(String(120))
    what: Mapped[str] = mapped_column(String(300))

    request: Mapped[ConsultationRequest] = relationship(back_populates="events")


class ClinicMessage(Base):
    """A message a visitor left for the clinic; it is no consultation request."""

    __tablename__ = "clinic_messages"

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(16), unique=True)
    text: Mapped[str] = mapped_column(Text)
    contact_email: Mapped[str | None] = mapped_column(String(254), index=True)
    contact_phone: Mapped[str | None] = mapped_column(String(16))
    name: Mapped[str | None] = mapped_column(String(120))
    conversation_id: Mapped[str] = mapped_column(String(64), index=True)
    idempotency_key: Mapped[str] = mapped_column(String(128), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class Hold(Base):
    """A start that is kept for a conversation while the visitor gives the rest."""

    __tablename__ = "holds"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(String(64), unique=True)
    practitioner: Mapped[str] = mapped_column(String(40))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class OccupiedStep(Base):
    """Five minutes of one practitioner, taken by a request or a hold, buffers included.

    The primary key is what makes a double booking impossible, whatever code writes here.
    """

    __tablename__ = "occupied_steps"
    __table_args__ = (
        CheckConstraint("(request_id IS NULL) <> (hold_id IS NULL)", name="one_owner"),
    )

    practitioner: Mapped[str] = mapped_column(String(40), primary_key=True)
    # Number of the step since 1970, in UTC.
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey(ConsultationRequest.id, ondelete="CASCADE"), index=True
    )
    hold_id: Mapped[int | None] = mapped_column(ForeignKey(Hold.id, ondelete="CASCADE"), index=True)


class BusyTime(Base):
    """Time that the connected calendar has taken; without a practitioner, everybody's."""

    __tablename__ = "busy_times"

    id: Mapped[int] = mapped_column(primary_key=True)
    practitioner: Mapped[str | None] = mapped_column(String(40))
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class OutboxEntry(Base):
    """One thing to tell one receiver, stored with the change that it tells of.

    What it says of the request is fixed here; who the visitor is, is read from the request when
    the entry is sent, so that an erased request leaves nothing personal behind.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_state_due_at", "state", "due_at"),
        Index("ix_outbox_request_id_channel", "request_id", "channel"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(36), unique=True)
    channel: Mapped[str] = mapped_column(String(20))
    event: Mapped[str] = mapped_column(String(20))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(120))
    request_id: Mapped[int | None] = mapped_column(
        ForeignKey(ConsultationRequest.id, ondelete="CASCADE")
    )
    message_id: Mapped[int | None] = mapped_column(
        ForeignKey(ClinicMessage.id, ondelete="CASCADE"), index=True
    )
    status: Mapped[str | None] = mapped_column(String(20))
    sequence: Mapped[int] = mapped_column(default=0)
    practitioner: Mapped[str | None] = mapped_column(String(40))
    starts_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    before: Mapped[datetime | None] = mapped_column(UtcDateTime)

    state: Mapped[Delivery] = mapped_column(
        _stored_by_value(Delivery, "state"), default=Delivery.PENDING
    )
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(300))

    request: Mapped[ConsultationRequest | None] = relationship()
    message: Mapped[ClinicMessage | None] = relationship()
