"""Commands for the inbox: what visitors asked and were not answered well."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Annotated, Any

import typer
from sqlalchemy import Engine

from booking.clinic import read_clinic
from booking.database import open_database, run_migrations
from faq.models import StaffBase
from needlepoint.faq_commands import meanings_of
from needlepoint.printing import AsJson, show, table
from needlepoint.settings import Settings, read_settings
from needlepoint.staff import StaffError
from needlepoint.staff_commands import ACTOR
from web.staff import log

if TYPE_CHECKING:
    # What runs the encoder is loaded by the commands that need it.
    from faq.inbox import Group
    from faq.meaning import Meanings

inbox_app = typer.Typer(help="What visitors asked and were not told.", no_args_is_help=True)

GroupId = Annotated[int, typer.Argument(metavar="ENTRY", help="Its number in the list.")]
NEXT = "It is live once you publish: needlepoint train, then needlepoint publish."
DAY = 86_400


@dataclass(frozen=True)
class Desk:
    """The inbox with what works on it."""

    settings: Settings
    engine: Engine
    meanings: Meanings
    zone: tzinfo

    def note(self, what: str, about: str, detail: str = "") -> None:
        log.record(self.engine, ACTOR, what, about, detail)

    def find(self, group_id: int, state: str = "open") -> Group:
        from faq import inbox

        wanted = next(one for one in inbox.STATES if one == state)
        return inbox.find_group(
            self.engine,
            self.meanings,
            content=self.settings.content,
            group_id=group_id,
            state=wanted,
        )


@contextmanager
def _desk() -> Iterator[Desk]:
    settings = read_settings()
    settings.make_state_dir()
    run_migrations(settings.staff_database_url, chain="staff", metadata=StaffBase.metadata)
    engine = open_database(settings.staff_database_url)
    try:
        yield Desk(settings, engine, meanings_of(settings), read_clinic(settings.clinic).zone)
    finally:
        engine.dispose()


@inbox_app.command("list")
def list_groups(
    state: Annotated[str, typer.Option(help="open, added, out_of_scope or dismissed.")] = "open",
    reason: Annotated[
        str | None, typer.Option(help="declined, clarified, unhelpful or professional.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Asked in so many days.")
    ] = None,
    search: Annotated[str, typer.Option(help="With these words in it.")] = "",
    most: Annotated[bool, typer.Option("--most", help="What was asked most often first.")] = False,
    page: Annotated[int, typer.Option(min=1, max=100_000)] = 1,
    json_: AsJson = False,
) -> None:
    """List what was asked, what means the same as one entry, the newest first."""
    from faq import inbox

    wanted = inbox.Wanted(
        state=_one_of(state, inbox.STATES, "--state"),
        reason=_one_of(reason, inbox.REASONS, "--reason") if reason else None,
        since=time.time() - days * DAY if days else None,
        search=search,
        order="most" if most else "newest",
    )
    with _desk() as desk:
        found = inbox.list_groups(
            desk.engine, desk.meanings, content=desk.settings.content, wanted=wanted, page=page
        )
    rows = [_row(group, desk.zone) for group in found.groups]
    more = found.of_groups - (page - 1) * inbox.PAGE - len(rows)

    def told(rows: Sequence[Mapping[str, Any]]) -> str:
        if not rows:
            return "Nothing is there."
        columns = ["entry", "asked", "last_asked_at", "reasons", "question", "suggested"]
        shown = [{**row, "reasons": " ".join(row["reasons"])} for row in rows]
        rest = f"\nAnd {more} more: --page {page + 1}" if more > 0 else ""
        return table(shown, columns) + rest

    show(rows, json_, told)


def _one_of[T: str](typed: str, known: Sequence[T], option: str) -> T:
    found = next((one for one in known if one == typed), None)
    if found is None:
        raise typer.BadParameter(f"{option} is one of {', '.join(known)}")
    return found


@inbox_app.command("show")
def show_group(
    group_id: GroupId,
    state: Annotated[str, typer.Option(help="open, added, out_of_scope or dismissed.")] = "open",
    json_: AsJson = False,
) -> None:
    """Show an entry with each time it was asked."""
    from faq import inbox

    with _desk() as desk:
        group = desk.find(group_id, _one_of(state, inbox.STATES, "--state"))
    row = _row(group, desk.zone)
    row["wordings"] = list(group.wordings)
    row["questions"] = [
        {
            "text": one.text,
            "asked_at": _moment(one.asked_at, desk.zone),
            "reason": one.reason,
            "answered_by": one.answered_by,
            "meant": one.meant,
            "added_to": one.added_to,
        }
        for one in group.questions
    ]
    show(row, json_, _group_text)


@inbox_app.command("add")
def add(
    group_id: GroupId,
    faq: Annotated[
        str | None, typer.Option(metavar="SLUG", help="The one that is suggested when left out.")
    ] = None,
    phrasing: Annotated[
        list[str] | None, typer.Option(help="Instead of all its wordings; several times.")
    ] = None,
    json_: AsJson = False,
) -> None:
    """Make an entry's wordings phrasings of a FAQ; what the check refuses makes it exit with 1."""
    from faq import inbox

    with _desk() as desk:
        group = desk.find(group_id)
        slug = faq or (group.suggestion.slug if group.suggestion else None)
        if slug is None:
            raise StaffError("no FAQ is near: name one with --faq")
        done = inbox.add_to_faq(
            desk.engine,
            desk.meanings,
            content=desk.settings.content,
            group_id=group_id,
            slug=slug,
            phrasings=phrasing,
            by=ACTOR,
            now=time.time(),
            upto=group.last_id,
        )
        if done.added:
            count = f"{len(done.added)} phrasings"
            desk.note("added phrasings from the inbox", slug, count)
    refused = [
        {"phrasing": text, "findings": [f"{one.what}. {one.how}" for one in findings]}
        for text, findings in done.refused
    ]
    found = {"entry": group_id, "faq": slug, "added": list(done.added), "refused": refused}
    show(found, json_, _added_text)
    if refused:
        raise typer.Exit(1)


def _added_text(found: Mapping[str, Any]) -> str:
    lines = [f"Added to {found['faq']}: {text}" for text in found["added"]]
    for one in found["refused"]:
        lines.append(f"Refused: {one['phrasing']}")
        lines += [f"  {finding}" for finding in one["findings"]]
    return "\n".join([*lines, NEXT] if found["added"] else lines)


@inbox_app.command("out-of-scope")
def not_for_us(group_id: GroupId, json_: AsJson = False) -> None:
    """Teach an entry as what the clinic has nothing to say about."""
    from faq import inbox

    with _desk() as desk:
        taught = inbox.teach_out_of_scope(
            desk.engine,
            desk.meanings,
            content=desk.settings.content,
            group_id=desk.find(group_id).id,
            by=ACTOR,
            now=time.time(),
        )
        desk.note("taught as out of scope", f"inbox group {group_id}", f"{len(taught)} examples")
    found = {"entry": group_id, "taught": list(taught)}
    show(found, json_, lambda _: f"{len(taught)} taught as not for you. {NEXT}")


@inbox_app.command("dismiss")
def dismiss(group_id: GroupId, json_: AsJson = False) -> None:
    """Close an entry without learning from it; what is asked like it later is closed, too."""
    from faq import inbox

    with _desk() as desk:
        count = inbox.dismiss(
            desk.engine, group_id=desk.find(group_id).id, by=ACTOR, now=time.time()
        )
        desk.note("dismissed", f"inbox group {group_id}")
    show({"entry": group_id, "dismissed": count}, json_, lambda _: f"{group_id} is dismissed.")


@inbox_app.command("reopen")
def reopen(group_id: GroupId, json_: AsJson = False) -> None:
    """Have an entry open again; what was taught as out of scope is taught no more."""
    from faq import inbox

    with _desk() as desk:
        count = inbox.reopen(desk.engine, content=desk.settings.content, group_id=group_id)
        desk.note("reopened", f"inbox group {group_id}")
    show({"entry": group_id, "reopened": count}, json_, lambda _: f"{group_id} is open again.")


def _row(group: Group, zone: tzinfo) -> dict[str, Any]:
    suggestion = group.suggestion
    return {
        "entry": group.id,
        "state": group.state,
        "question": group.title,
        "asked": group.count,
        "reasons": dict(group.reasons),
        "last_asked_at": _moment(group.last_at, zone),
        "suggested": suggestion.slug if suggestion else None,
        "likeness": round(suggestion.likeness, 3) if suggestion else None,
        "chosen_by_visitors": suggestion.chosen if suggestion else 0,
    }


def _group_text(row: Mapping[str, Any]) -> str:
    lines = [f"{row['question']}  (entry {row['entry']}, {row['state']})"]
    if row["suggested"]:
        chosen = row["chosen_by_visitors"]
        why = f"chosen by {chosen}" if chosen else f"likeness {row['likeness']}"
        lines.append(f"Suggested FAQ: {row['suggested']} ({why})")
    lines += [f"  {one['asked_at']}  {one['reason']}: {one['text']}" for one in row["questions"]]
    return "\n".join(lines)


def _moment(seconds: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone(zone).isoformat(timespec="minutes")
