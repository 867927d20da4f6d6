"""The clinic's calendar over CalDAV (RFC 4791): requests go in, busy times come out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from urllib.parse import quote
from xml.etree.ElementTree import ParseError

import httpx
import icalendar
import recurring_ical_events  # type: ignore[import-untyped]
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from booking.clinic import Clinic
from booking.hand_off.calendar_file import OURS, desk_entry, is_called_off, uid_of
from booking.hand_off.http import Http, refused
from booking.hand_off.notice import Event, Notice, Undelivered

logger = logging.getLogger(__name__)

type Stretch = tuple[datetime, datetime]

CALENDAR_DATA = "{urn:ietf:params:xml:ns:caldav}calendar-data"
LARGEST_ANSWER = 50_000_000
# What stays wrong however often it is sent. A wrong password or address is not among it: staff put
# it right, and what waited is delivered.
NEVER_TAKEN = frozenset({400, 405, 413, 415, 422, 501})
GONE = frozenset({404, 410})
# Rules that could fill the clinic's memory, and that nobody's diary has.
ENDLESS = frozenset({"SECONDLY", "MINUTELY"})
# Times without a zone are read in one of the reader's own, which may be this far from the clinic's.
FURTHEST_ZONE = timedelta(days=1)

QUERY = """\
<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><C:calendar-data/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    <C:time-range start="{start}" end="{until}"/>
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>
"""


@dataclass(frozen=True)
class Busy:
    """A stretch in which `practitioner` (an id; None is everybody) takes no consultations."""

    starts_at: datetime
    ends_at: datetime
    practitioner: str | None


class CalDav:
    """The clinic's collection at `url`, and those of practitioners with one of their own.

    `timeout` is for one delivery; reading all busy times may take three times as long.
    """

    def __init__(
        self, url: str, username: str, password: str, clinic: Clinic, *, timeout: float = 10.0
    ) -> None:
        self._url = _as_folder(url)
        self._own = {
            one.id: _as_folder(one.calendar) for one in clinic.practitioners if one.calendar
        }
        self._clinic = clinic
        self._timeout = timeout
        self._http = Http(timeout, auth=httpx.BasicAuth(username, password))

    def deliver(self, notice: Notice) -> None:
        """Put, replace or delete the request's entry; raises `Undelivered`."""
        if notice.starts_at is not None and notice.event != Event.REMINDER:
            self._http.run(lambda client: self._settle(client, notice))

    def busy(self, first: date, last: date) -> list[Busy]:
        """What else the calendars hold on the clinic's days from `first` to `last`, earliest first.

        Entries made here are left out, and so are free, cancelled and unreadable ones. Raises
        `Undelivered` when any calendar cannot be read.
        """
        start = self._midnight(first)
        until = self._midnight(last + timedelta(days=1))
        files = self._http.run(
            lambda client: self._read(client, start, until), timeout=3 * self._timeout
        )
        found = [
            Busy(*stretch, practitioner)
            for url, practitioner in self._readers()
            for stretch in _busy_in(files[url], self._clinic.zone, start, until)
        ]
        return sorted(found, key=lambda busy: (busy.starts_at, busy.ends_at))

    # --- writing ---

    async def _settle(self, client: httpx.AsyncClient, notice: Notice) -> None:
        """Have the entry in the one collection where it belongs, and in no other."""
        belongs = None
        if not is_called_off(notice):
            belongs = self._own.get(notice.practitioner or "", self._url)
            await self._put(client, belongs, notice)
        for collection in {self._url, *self._own.values()} - {belongs}:
            response = await client.delete(_address(collection, notice))
            if not response.is_success and response.status_code not in GONE:
                raise _refusal(response)

    async def _put(self, client: httpx.AsyncClient, collection: str, notice: Notice) -> None:
        response = await client.put(
            _address(collection, notice),
            content=desk_entry(notice, self._clinic),
            headers={"Content-Type": "text/calendar; charset=utf-8"},
        )
        if not response.is_success:
            raise _refusal(response)

    # --- reading ---

    def _readers(self) -> Iterator[tuple[str, str | None]]:
        """Each collection with the practitioner whom it keeps busy; the clinic's is everybody's."""
        yield self._url, None
        for practitioner, url in self._own.items():
            if url != self._url:
                yield url, practitioner

    async def _read(
        self, client: httpx.AsyncClient, start: datetime, until: datetime
    ) -> dict[str, list[str]]:
        """The calendar files that each collection has for that time."""
        query = QUERY.format(
            start=_in_utc(start - FURTHEST_ZONE), until=_in_utc(until + FURTHEST_ZONE)
        )
        return {url: await _report(client, url, query) for url, _ in self._readers()}

    def _midnight(self, day: date) -> datetime:
        return _moment(day, self._clinic.zone)


async def _report(client: httpx.AsyncClient, url: str, query: str) -> list[str]:
    headers = {"Content-Type": "application/xml; charset=utf-8", "Depth": "1"}
    answer = bytearray()
    async with client.stream("REPORT", url, content=query, headers=headers) as response:
        if response.status_code != httpx.codes.MULTI_STATUS:
            raise _refusal(response)
        async for chunk in response.aiter_bytes():
            answer += chunk
            if len(answer) > LARGEST_ANSWER:
                raise Undelivered("answers with more than a calendar can hold")
    try:
        elements = fromstring(bytes(answer)).iter(CALENDAR_DATA)
    except (ParseError, DefusedXmlException):
        raise Undelivered("answers with something that is no calendar") from None
    return [element.text for element in elements if element.text]


def _refusal(response: httpx.Response) -> Undelivered:
    return refused(response, permanent=response.status_code in NEVER_TAKEN)


def _as_folder(url: str) -> str:
    return url.rstrip("/") + "/"


def _address(collection: str, notice: Notice) -> str:
    return f"{collection}{quote(uid_of(notice.reference), safe='@')}.ics"


def _in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _busy_in(files: list[str], zone: tzinfo, start: datetime, until: datetime) -> Iterator[Stretch]:
    """The busy stretches between two moments; those without a zone are meant in `zone`."""
    unreadable = 0
    for file in files:
        try:
            yield from _stretches(file, zone, start, until)
        except Exception:
            # Other people's entries are broken in ways that no list of errors covers, and one of
            # them must not hide all others.
            unreadable += 1
    if unreadable:
        logger.warning("%d entries of the clinic's calendar cannot be read", unreadable)


def _stretches(file: str, zone: tzinfo, start: datetime, until: datetime) -> list[Stretch]:
    calendar = icalendar.Calendar.from_ical(file)
    if any(_is_endless(event) for event in calendar.walk("VEVENT")):
        raise ValueError("recurs without end within a day")
    occurring = recurring_ical_events.of(calendar)
    found = []
    for event in occurring.between(start - FURTHEST_ZONE, until + FURTHEST_ZONE):
        starts_at, ends_at = _moment(event.start, zone), _moment(event.end, zone)
        if _is_busy(event) and start < ends_at and starts_at < until and starts_at < ends_at:
            found.append((starts_at, ends_at))
    return found


def _is_endless(event: icalendar.Component) -> bool:
    rules = event.get("RRULE", [])
    rules = rules if isinstance(rules, list) else [rules]
    return any(ENDLESS.intersection(rule.get("FREQ", [])) for rule in rules)


def _is_busy(event: icalendar.Component) -> bool:
    return (
        not str(event.get("UID", "")).endswith(OURS)
        and str(event.get("TRANSP", "")).upper() != "TRANSPARENT"
        and str(event.get("STATUS", "")).upper() != "CANCELLED"
    )


def _moment(value: date, zone: tzinfo) -> datetime:
    """In UTC, as moments of one zone would be compared by their clocks, which may go back."""
    if not isinstance(value, datetime):
        value = datetime.combine(value, time.min)
    return (value if value.tzinfo else value.replace(tzinfo=zone)).astimezone(UTC)
