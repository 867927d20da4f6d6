"""What can go wrong in the booking domain, as facts of the business.

Every error carries a machine-readable `code`; the words a visitor reads belong to the caller.
"""

from __future__ import annotations

from enum import StrEnum


class BookingError(Exception):
    """Base of every error this package raises on purpose."""

    code: str = "booking_error"


class BookingUnavailable(BookingError):
    """The database cannot be read or written just now; nothing was stored."""

    code = "unavailable"


class IncompleteDetails(BookingError):
    """A request was made before everything the clinic needs was known."""

    code = "incomplete"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"missing: {', '.join(missing)}")
        self.missing = missing


class UnknownRequest(BookingError):
    """No consultation request has this reference."""

    code = "unknown_request"

    def __init__(self, reference: str) -> None:
        super().__init__(f"no consultation request {reference}")
        self.reference = reference


class UnknownEntry(BookingError):
    """No dead letter of the outbox has this key."""

    code = "unknown_entry"

    def __init__(self, key: str) -> None:
        super().__init__(f"no failed hand-off {key}")
        self.key = key


class IllegalTransition(BookingError):
    """The request's status does not allow this step, such as confirming a cancelled one."""

    code = "illegal_transition"

    def __init__(self, reference: str, status: str, wanted: str) -> None:
        super().__init__(f"{reference} is {status} and cannot become {wanted}")
        self.reference = reference
        self.status = status
        self.wanted = wanted


class ChangedMeanwhile(BookingError):
    """Somebody else has changed the request since whoever decides about it looked at it."""

    code = "changed_meanwhile"

    def __init__(self, reference: str) -> None:
        super().__init__(f"{reference} was changed meanwhile")
        self.reference = reference


class SlotTaken(BookingError):
    """Somebody else has that time, or the last practitioner who was free then."""

    code = "slot_taken"


class SlotNotOffered(BookingError):
    """The clinic's rules have no consultation at that time: hours, notice, horizon, grid."""

    code = "slot_not_offered"


class TooLateToChange(BookingError):
    """The visitor can no longer change it: only the clinic can, so shortly before."""

    code = "too_late"


class Refusal(StrEnum):
    """Why a detail was refused: the codes a caller chooses its words by."""

    NO_NAME = "no_name"
    NOT_A_NAME = "not_a_name"
    NO_CONTACT = "no_contact"
    INVALID_EMAIL = "invalid_email"
    INVALID_PHONE = "invalid_phone"
    NEEDS_COUNTRY_CODE = "needs_country_code"
    NO_CONCERN = "no_concern"
    NO_MESSAGE = "no_message"
    TOO_LONG = "too_long"
    PAST_TIME = "past_time"
    IMPOSSIBLE_TIME = "impossible_time"
    NOT_UNDERSTOOD = "not_understood"


class DetailRefused(BookingError):
    """A detail cannot be taken as it was given; `code` is one of `Refusal`."""

    code: Refusal

    def __init__(self, code: Refusal) -> None:
        super().__init__(code.value)
        self.code = code
