"""What the pages behind a manage link show of a request: its words, times and masked contacts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from booking.clinic import Clinic
from booking.hand_off.notice import Event, Notice
from booking.hand_off.telling import clock_text, day_text, phone_text, place_of
from booking.models import ConsultationRequest, Status
from booking.requests import FREES_THE_TIME, OPEN
from booking.schedule import bookable

WEEK = timedelta(days=7)
NOON, EVENING = 12, 17
FIRST_YEAR, LAST_YEAR = 1970, 9000


@dataclass(frozen=True)
class Told:
    """A status in words; `tone` is the colour of its tag."""

    tag: str
    tone: str
    text: str


_TOLD = {
    Status.NEW: Told(
        "Not confirmed yet",
        "waiting",
        "We have your request and keep this time free for you. You will hear from us once it is "
        "confirmed.",
    ),
    Status.CONFIRMED: Told("Confirmed", "good", "We look forward to seeing you."),
    Status.RESCHEDULED: Told(
        "Moved, not confirmed yet",
        "waiting",
        "We keep the new time free for you. You will hear from us once it is confirmed.",
    ),
    Status.CANCELLED: Told(
        "Cancelled",
        "over",
        "This consultation does not take place, and its time is free for others again.",
    ),
    Status.DECLINED: Told(
        "Declined",
        "over",
        "We are sorry: we could not take this request. Call us, and we will look for a time "
        "together.",
    ),
    Status.NO_SHOW: Told(
        "Missed",
        "over",
        "We did not see you on that day. Call us if you would still like to come.",
    ),
}
_PAST = Told("In the past", "over", "Its time has passed. Call us if there is anything we can do.")


@dataclass(frozen=True)
class When:
    """One moment: on the clinic's clock, and on the visitor's where that shows another time."""

    day: str
    clock: str
    visitors: str | None

    @property
    def weekday(self) -> str:
        return self.day.partition(" ")[0]

    @property
    def date(self) -> str:
        return self.day.partition(" ")[2]

    def __str__(self) -> str:
        return f"{self.day} at {self.clock}"


@dataclass(frozen=True)
class RequestView:
    """A request as its visitor sees it; `contacts` are masked, for a link can be passed on."""

    reference: str
    seen: str
    told: Told
    when: When
    concern: str
    contacts: tuple[str, ...]
    is_open: bool
    is_over: bool
    is_off: bool
    too_late: bool
    change_until: When | None

    @property
    def can_change(self) -> bool:
        return self.is_open and not self.too_late


def view_of(request: ConsultationRequest, clinic: Clinic, now: datetime) -> RequestView:
    past = now >= request.starts_at
    cutoff = timedelta(hours=clinic.booking.change_cutoff_hours)
    is_open = request.status in OPEN and not past
    until = request.starts_at - cutoff
    too_late = is_open and now > until
    return RequestView(
        reference=request.reference,
        seen=written(request.starts_at),
        told=_PAST if past and request.status in OPEN else _TOLD[request.status],
        when=when_of(request.starts_at, clinic.zone, request.visitor_zone),
        concern=request.concern,
        contacts=tuple(_masked_contacts(request)),
        is_open=is_open,
        is_over=request.status not in OPEN or past,
        is_off=request.status in FREES_THE_TIME,
        too_late=too_late,
        change_until=when_of(until, clinic.zone, None) if is_open and not too_late else None,
    )


def when_of(moment: datetime, zone: ZoneInfo, visitor_zone: str | None) -> When:
    visitors = _zone(visitor_zone)
    if visitors is None or _offset(moment, visitors) == _offset(moment, zone):
        return When(day_text(moment, zone), clock_text(moment, zone), None)
    shown = f"{clock_text(moment, visitors)} in {place_of(visitors)}"
    if moment.astimezone(visitors).date() != moment.astimezone(zone).date():
        shown = f"{shown}, on {moment.astimezone(visitors):%A %-d %B}"
    return When(day_text(moment, zone), clock_text(moment, zone), shown)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ValueError, OSError, KeyError):
        return None


def _offset(moment: datetime, zone: ZoneInfo) -> timedelta | None:
    return moment.astimezone(zone).utcoffset()


def _masked_contacts(request: ConsultationRequest) -> Iterable[str]:
    if request.email:
        yield masked_email(request.email)
    if request.phone:
        yield masked_phone(request.phone)


def masked_email(email: str) -> str:
    """Such as "a•••@example.com": enough to know one's own address by."""
    name, _, domain = email.rpartition("@")
    return f"{name[:1] if len(name) > 2 else ''}•••@{domain}"


def masked_phone(phone: str) -> str:
    """Such as "+1 •••-•••-••64"; `phone` in E.164."""
    shown = phone_text(phone)
    code, _, number = shown.partition(" ")
    kept = 2
    hidden = max(sum(map(str.isdigit, number)) - kept, 0)
    masked = ""
    for character in number:
        if character.isdigit() and hidden:
            character, hidden = "•", hidden - 1
        masked += character
    return f"{code} {masked}"


def written(moment: datetime) -> str:
    """A moment for addresses and forms, such as 2026-11-24T20:00Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%MZ}"


def read_moment(text: str | None) -> datetime | None:
    """The moment that `written` wrote, or None for what is none."""
    try:
        # An unescaped + of an offset arrives as a blank.
        moment = datetime.fromisoformat((text or "").replace(" ", "+"))
    except ValueError:
        return None
    # Far from the calendar's ends, where zones cannot be told.
    known = moment.tzinfo is not None and FIRST_YEAR < moment.year < LAST_YEAR
    return moment.astimezone(UTC) if known else None


def read_day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


@dataclass(frozen=True)
class FreeTime:
    """A start to choose: `value` for the address, `visitors` the visitor's clock if it differs."""

    value: str
    clock: str
    day: str
    visitors: str | None


@dataclass(frozen=True)
class FreeDay:
    """One day with its free times, by part of the day."""

    name: str
    parts: tuple[tuple[str, tuple[FreeTime, ...]], ...]
    unfolded: bool

    @property
    def summary(self) -> str:
        times = [time for _, part in self.parts for time in part]
        if len(times) == 1:
            return f"1 time, {times[0].clock}"
        return f"{len(times)} times, {times[0].clock} to {times[-1].clock}"


@dataclass(frozen=True)
class FreeWeek:
    """The free times of a week; `before` and `after` are weeks that may have others."""

    title: str
    days: tuple[FreeDay, ...]
    first: date
    before: date | None
    after: date | None
    earliest: date
    latest: date


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def free_time(start: datetime, zone: ZoneInfo, visitor_zone: str | None) -> FreeTime:
    return FreeTime(
        value=written(start),
        clock=clock_text(start, zone),
        day=f"{start.astimezone(zone):%A %-d %B}",
        visitors=_visitors_clock(start, zone, _zone(visitor_zone)),
    )


def _visitors_clock(start: datetime, zone: ZoneInfo, visitors: ZoneInfo | None) -> str | None:
    if visitors is None or _offset(start, visitors) == _offset(start, zone):
        return None
    theirs = start.astimezone(visitors)
    other_day = theirs.date() != start.astimezone(zone).date()
    return clock_text(start, visitors) + (f", {theirs:%a}" if other_day else "")


def free_days(
    starts: Iterable[datetime], zone: ZoneInfo, visitor_zone: str | None, unfold: date
) -> tuple[FreeDay, ...]:
    """The starts (in order) by day; the day `unfold` is shown open, or else the first one."""
    by_day = {
        day: list(each) for day, each in groupby(starts, lambda one: one.astimezone(zone).date())
    }
    shown = unfold if unfold in by_day else min(by_day, default=unfold)
    return tuple(
        FreeDay(f"{day:%A %-d %B}", _parts(each, zone, visitor_zone), day == shown)
        for day, each in by_day.items()
    )


def _parts(
    starts: list[datetime], zone: ZoneInfo, visitor_zone: str | None
) -> tuple[tuple[str, tuple[FreeTime, ...]], ...]:
    def part(start: datetime) -> str:
        hour = start.astimezone(zone).hour
        return "Morning" if hour < NOON else "Afternoon" if hour < EVENING else "Evening"

    return tuple(
        (name, tuple(free_time(start, zone, visitor_zone) for start in each))
        for name, each in groupby(starts, part)
    )


def free_week(
    clinic: Clinic,
    now: datetime,
    known: ConsultationRequest,
    asked: date | None,
    free: Callable[[date, date], Sequence[datetime]],
) -> FreeWeek:
    """The week of the day asked for, or of the request's own, within what can be booked.

    `free` gives the free starts from one day to another, both included.
    """
    zone = clinic.zone
    opens, latest = bookable(clinic, now)
    earliest, own = opens.astimezone(zone).date(), known.starts_at.astimezone(zone).date()
    first = monday_of(min(max(asked or own, earliest), latest))
    starts = free(first, first + WEEK - timedelta(days=1))
    return FreeWeek(
        title=week_title(first),
        days=free_days(starts, zone, known.visitor_zone, own),
        first=first,
        before=first - WEEK if first > earliest else None,
        after=first + WEEK if first + WEEK <= latest else None,
        earliest=earliest,
        latest=latest,
    )


def week_title(first: date) -> str:
    """Such as "23 to 29 November" or "28 December to 3 January"."""
    last = first + WEEK - timedelta(days=1)
    same_month = first.month == last.month
    return f"{first:%-d}{'' if same_month else f' {first:%B}'} to {last:%-d %B}"


def notice_of(request: ConsultationRequest, manage_url: str) -> Notice:
    """The request as it stands now, as the calendar file tells it."""
    event = Event.REQUESTED if request.status is Status.NEW else Event(request.status.value)
    return Notice(
        key=f"{request.reference}-{request.sequence}",
        event=event,
        at=request.updated_at,
        by="clinic",
        reference=request.reference,
        name=request.name,
        email=request.email,
        phone=request.phone,
        text=request.concern,
        status=request.status.value,
        sequence=request.sequence,
        starts_at=request.starts_at,
        ends_at=request.ends_at,
        practitioner=request.practitioner,
        visitor_zone=request.visitor_zone,
        manage_url=manage_url,
    )
