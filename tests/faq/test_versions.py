"""Versions: what goes live is told whole, whatever is cut off; one can go back."""

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from booking.database import open_database, run_migrations
from faq import versions
from faq.contents import Snapshot, contents_of
from faq.database import StaffDatabaseUnavailable, reading
from faq.library import read_faq
from faq.models import ContentText, ModelVersion, StaffBase
from faq.versions import NoWayBack, Refused, UnknownVersion, publish, rollback
from faq.writing import Draft, digest_of, remove_faq, save_faq
from tests.faq.content import faq_text
from tests.faq.live import add_model, make_live
from web.live_model import Live, UnknownModel

A, B, C = "a.tar.gz", "b.tar.gz", "c.tar.gz"
REFUSED = {"refusals": ["‘How long am I red?’ loses 4 questions that it answered."]}
MARA = "Mara Quinn"


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/staff.db"
    run_migrations(url, chain="staff", metadata=StaffBase.metadata)
    return url


@pytest.fixture
def engine(url: str) -> Iterator[Engine]:
    engine = open_database(url)
    yield engine
    engine.dispose()


@pytest.fixture
def live(tmp_path: Path) -> Live:
    return make_live(tmp_path, A, B, C)


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    path = tmp_path / "clinic.yml"
    path.write_text("name: Linden\n")
    return path


def any_model(model: str) -> bool:
    return True


def note(engine: Engine, model: str, content: Path, clinic: Path) -> None:
    """As if the model were trained from the files as they are."""
    versions.note_contents(engine, model, Snapshot(content, clinic, contents_of(content, clinic)))


def edit(content: Path, slug: str, **changes: Any) -> None:
    path = content / "faq" / f"{slug}.yml"
    save_faq(content, replace(Draft.of(read_faq(path)), **changes), expected=digest_of(path))


def add(content: Path, slug: str, title: str) -> None:
    text = faq_text(slug, title).replace("how long is the downtime", f"what of {slug}")
    (content / "faq" / f"{slug}.yml").write_text(text, encoding="utf-8")


def numbers(engine: Engine, live: Live) -> list[tuple[int, str]]:
    return [(one.number, one.model) for one in versions.versions(engine, live)]


def test_what_goes_live_is_told_with_who_when_and_why(engine: Engine, live: Live) -> None:
    before = time.time()

    version = publish(engine, live, A, by=MARA, why="Our first answers")

    assert live.name() == A
    found = versions.live_version(engine, live)
    assert found == version
    assert (version.number, version.by, version.why) == (1, MARA, "Our first answers")
    assert before <= version.published_at <= time.time()


def test_a_model_that_is_live_already_is_no_new_version(engine: Engine, live: Live) -> None:
    first = publish(engine, live, A, by=MARA)

    again = publish(engine, live, A, by="Jonas Field")

    assert again == first
    assert numbers(engine, live) == [(1, A)]


def test_what_had_changed_is_told_by_title(
    engine: Engine, live: Live, content: Path, clinic: Path
) -> None:
    add(content, "parking", "Where can I park?")
    note(engine, A, content, clinic)
    publish(engine, live, A, by=MARA)
    edit(content, "downtime", title="Is there downtime?")
    remove_faq(content, "parking", expected=digest_of(content / "faq" / "parking.yml"))
    add(content, "gift-cards", "Are there gift cards?")
    clinic.write_text("name: Linden Skin\n")
    note(engine, B, content, clinic)

    version = publish(engine, live, B, by=MARA)

    changes = version.changes
    assert [(one.slug, one.title) for one in changes.added] == [
        ("gift-cards", "Are there gift cards?")
    ]
    assert [one.title for one in changes.edited] == [
        "The clinic’s facts (clinic.yml)",
        "Is there downtime?",
    ]
    assert [one.title for one in changes.removed] == ["Where can I park?"]
    assert changes.in_words() == ("1 FAQ added, 1 FAQ edited, 1 FAQ removed, 1 facts file edited")


def test_each_text_is_kept_once_and_shown_part_by_part(
    engine: Engine, live: Live, content: Path, clinic: Path
) -> None:
    note(engine, A, content, clinic)
    kept = ("recovery time", "when will i look normal again", "do i have to take days off")
    phrasings = ("any downtime", *kept, "can i work")
    edit(content, "downtime", title="Is there downtime?", phrasings=phrasings)
    note(engine, B, content, clinic)
    first, second = versions.trained_from(engine, A), versions.trained_from(engine, B)
    assert first is not None
    assert second is not None

    [difference] = versions.differences_between(engine, first, second)

    assert difference.file.slug == "downtime"
    first_part = difference.parts[0]
    assert (first_part.name, first_part.now) == ("title", "Is there downtime?")
    assert difference.added == ("any downtime", "can i work")
    assert difference.removed == ("how long is the downtime", "can i go back to work the next day")
    with reading(engine) as session:
        assert len(session.scalars(select(ContentText.digest)).all()) == 4


def test_files_that_were_changed_since_are_told(
    engine: Engine, live: Live, content: Path, clinic: Path
) -> None:
    note(engine, A, content, clinic)
    contents = versions.trained_from(engine, A)
    assert contents is not None
    unchanged = versions.differing(engine, content, clinic, contents)
    edit(content, "downtime", title="Is there downtime?")

    changed = versions.differing(engine, content, clinic, contents)

    assert not unchanged
    assert [one.title for one in changed.edited] == ["Is there downtime?"]


def test_a_refused_model_goes_live_only_with_a_reason_which_is_kept(
    engine: Engine, live: Live
) -> None:
    publish(engine, live, A, by=MARA)

    for reason in (None, "", "   "):
        with pytest.raises(Refused, match="loses 4 questions"):
            publish(engine, live, B, by=MARA, verdict=REFUSED, override_reason=reason)
    assert live.name() == A

    version = publish(engine, live, B, by=MARA, verdict=REFUSED, override_reason="Asked for by us")

    assert live.name() == B
    assert version.override_reason == "Asked for by us"
    assert version.refusals == tuple(REFUSED["refusals"])


def test_a_model_that_is_not_there_leaves_no_version(engine: Engine, live: Live) -> None:
    publish(engine, live, A, by=MARA)

    with pytest.raises(UnknownModel):
        publish(engine, live, "gone.tar.gz", by=MARA)

    assert numbers(engine, live) == [(1, A)]
    assert live.name() == A


def test_a_pointer_that_cannot_be_written_leaves_no_version(
    engine: Engine, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(engine, live, A, by=MARA)

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("web.live_model.os.fsync", full)
        with pytest.raises(OSError, match="No space left"):
            publish(engine, live, B, by=MARA)

    assert live.name() == A
    assert numbers(engine, live) == [(1, A)]


def test_a_database_that_does_not_answer_publishes_nothing(tmp_path: Path, live: Live) -> None:
    empty = open_database(f"sqlite:///{tmp_path}/empty.db")

    with pytest.raises(StaffDatabaseUnavailable):
        publish(empty, live, A, by=MARA)

    assert live.name() is None
    empty.dispose()


def test_a_model_made_live_by_hand_is_found_and_told(engine: Engine, live: Live) -> None:
    publish(engine, live, A, by=MARA)

    live.put(B)

    assert numbers(engine, live) == [(2, B), (1, A)]
    assert versions.version(engine, 2).by == versions.OUTSIDE


# --- going back ---


def test_one_goes_back_to_the_version_before_and_files_stay(
    engine: Engine, live: Live, content: Path, clinic: Path
) -> None:
    note(engine, A, content, clinic)
    publish(engine, live, A, by=MARA)
    edit(content, "downtime", title="Is there downtime?")
    note(engine, B, content, clinic)
    publish(engine, live, B, by=MARA)
    files = contents_of(content, clinic)

    version = rollback(engine, live, by="Jonas Field", why="Wrong answer", loadable=any_model)

    assert live.name() == A
    assert (version.number, version.rolled_back_from, version.rolled_back_to) == (3, 2, 1)
    assert (version.by, version.why) == ("Jonas Field", "Wrong answer")
    assert [one.slug for one in version.changes.edited] == ["downtime"]
    assert contents_of(content, clinic) == files
    assert version.contents is not None
    assert versions.differing(engine, content, clinic, version.contents)


def test_going_back_again_goes_further_back(engine: Engine, live: Live) -> None:
    for model in (A, B, C):
        publish(engine, live, model, by=MARA)

    gone_back = [rollback(engine, live, by=MARA, loadable=any_model).model for _ in range(2)]

    assert gone_back == [B, A]
    with pytest.raises(NoWayBack, match="no earlier version"):
        rollback(engine, live, by=MARA, loadable=any_model)
    assert live.name() == A


def test_one_goes_back_to_any_version_by_its_number(engine: Engine, live: Live) -> None:
    for model in (A, B, C):
        publish(engine, live, model, by=MARA)

    rollback(engine, live, by=MARA, loadable=any_model, to=1)
    forward = rollback(engine, live, by=MARA, loadable=any_model, to=3)

    assert live.name() == C
    assert (forward.number, forward.rolled_back_to) == (5, 3)


def test_one_cannot_go_back_to_what_is_not_there_or_not_loadable(
    engine: Engine, live: Live
) -> None:
    publish(engine, live, A, by=MARA)
    publish(engine, live, B, by=MARA)

    with pytest.raises(NoWayBack, match="earlier release"):
        rollback(engine, live, by=MARA, loadable=lambda model: False)
    with pytest.raises(NoWayBack, match="visitors talk to already"):
        rollback(engine, live, by=MARA, loadable=any_model, to=2)
    with pytest.raises(UnknownVersion):
        rollback(engine, live, by=MARA, loadable=any_model, to=9)
    (live.models_dir / A).unlink()
    with pytest.raises(NoWayBack, match="no longer kept"):
        rollback(engine, live, by=MARA, loadable=any_model)

    assert live.name() == B
    assert len(numbers(engine, live)) == 2


def test_there_is_nothing_to_go_back_to_before_the_first_publish(
    engine: Engine, live: Live
) -> None:
    with pytest.raises(NoWayBack, match="Nothing was published yet"):
        rollback(engine, live, by=MARA, loadable=any_model)


# --- killed ---


class Killed(Live):
    """A pointer whose process is killed just before, or just after, it was moved."""

    def put(self, name: str) -> str | None:
        if name == B:
            os.kill(os.getpid(), signal.SIGKILL)
        super().put(name)
        os.kill(os.getpid(), signal.SIGKILL)
        return None


def _publish_and_be_killed(url: str, live: Live, model: str, back: bool) -> None:
    engine = open_database(url)
    killed = Killed(live.pointer, live.models_dir)
    if back:
        rollback(engine, killed, by=MARA, loadable=any_model, to=1)
    else:
        publish(engine, killed, model, by=MARA, why="Killed")


@pytest.mark.parametrize(
    ("model", "back", "expected"),
    [
        (B, False, [(1, A)]),
        (C, False, [(2, C), (1, A)]),
        (A, True, [(3, A), (2, C), (1, A)]),
    ],
    ids=["before the pointer", "after the pointer", "rolling back"],
)
def test_a_process_killed_in_the_middle_leaves_a_history_that_is_right(
    engine: Engine, url: str, live: Live, model: str, back: bool, expected: list[tuple[int, str]]
) -> None:
    publish(engine, live, A, by=MARA)
    if back:
        publish(engine, live, C, by=MARA)
    process = multiprocessing.get_context("spawn").Process(
        target=_publish_and_be_killed, args=(url, live, model, back)
    )
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    with reading(engine) as session:
        pending = session.scalars(select(ModelVersion).where(~ModelVersion.confirmed)).all()
    assert len(pending) == 1

    assert numbers(engine, live) == expected

    present = versions.live_version(engine, live)
    assert present is not None
    assert present.model == live.name()
    publish(engine, live, B, by=MARA)
    assert live.name() == B


def test_a_version_that_is_just_going_live_is_not_taken_for_one_cut_off(
    engine: Engine, live: Live
) -> None:
    publish(engine, live, A, by=MARA)

    class Looking(Live):
        def put(self, name: str) -> str | None:
            assert numbers(engine, live) == [(1, A)]
            return super().put(name)

    publish(engine, Looking(live.pointer, live.models_dir), B, by=MARA)

    assert numbers(engine, live) == [(2, B), (1, A)]


# --- cleaning up ---


def test_only_models_that_nobody_needs_are_removed(
    engine: Engine, live: Live, content: Path, clinic: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "KEPT_VERSIONS", 2)
    for model in (A, B, C):
        publish(engine, live, model, by=MARA)
    for model in ("draft.tar.gz", "old-draft.tar.gz"):
        add_model(live, model)
        note(engine, model, content, clinic)
    now = 1_000_000.0
    ages = dict.fromkeys((A, B, C, "old-draft.tar.gz"), now - 2 * versions.DRAFT_SECONDS)
    ages |= {"draft.tar.gz": now - 60, "somebody-elses.tar.gz": 0.0}

    gone = versions.models_to_remove(engine, live, ages, now)

    assert gone == [A, "old-draft.tar.gz"]
