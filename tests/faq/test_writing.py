import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from faq import writing
from faq.check import check_library
from faq.library import Faq, UnknownFaq, read_faq, read_faqs
from faq.writing import (
    BadSlug,
    Draft,
    DraftRefused,
    EditConflict,
    add_faq_file,
    add_phrasing,
    check_draft,
    digest_of,
    remove_faq,
    save_faq,
    slug_for,
)
from tests.faq.content import ANSWER, faq_text

ROOT = Path(__file__).resolve().parents[2]

NUMBING = Draft(
    slug="numbing",
    title="Is my skin numbed first?",
    phrasings=(
        "is my skin numbed",
        "do you put cream on before",
        "anaesthetic?",
        "will I feel the needles",
        "what takes the pain away",
    ),
    answer="Yes. A numbing cream usually goes on first and is given some time to work before the "
    "treatment begins. Tell us about allergies at your consultation.",
    source="your-treatment#numbing-cream",
    reviewer="Clinic content team",
    reviewed="2026-11-21",
)

COMMENTED = """# Our most asked question.
version: "3.1"

nlu:
  # one intent a file
  - intent: faq/downtime
    metadata:
      source: 'your-treatment#downtime'   # checked with the doctor
      title: How long is the downtime?
      reviewer: Clinic content team
      reviewed: "2026-11-20"
      topic: the downtime
      next: [numbing]
    examples: |
      - how long is the downtime
      - can i go back to work the next day
      - recovery time
      - when will i look normal again
      - do i have to take days off
# what they are told
responses:
  utter_faq/downtime:
    - text: "Usually very little."   # short on purpose
      custom: {faq: downtime, title: How long is the downtime?, source: your-treatment#downtime}
# the end
"""


def path_in(content: Path, slug: str = "downtime") -> Path:
    return content / "faq" / f"{slug}.yml"


def the_faq(content: Path, slug: str = "downtime") -> Faq:
    return read_faq(path_in(content, slug))


def save_over(content: Path, **changes: object) -> Faq:
    draft = replace(Draft.of(the_faq(content)), **changes)  # type: ignore[arg-type]
    return save_faq(content, draft, expected=digest_of(path_in(content)))


def test_a_new_faq_is_a_file_that_the_check_accepts(content: Path) -> None:
    saved = save_faq(content, NUMBING, expected=None)

    assert saved == the_faq(content, "numbing")
    assert Draft.of(saved) == NUMBING
    assert check_library(content) == []


def test_a_change_touches_its_own_lines_only(content: Path) -> None:
    path_in(content).write_text(COMMENTED, encoding="utf-8")

    save_over(
        content, answer=ANSWER, title="Is there downtime?", source="your-treatment#numbing-cream"
    )

    wanted = (
        COMMENTED.replace("Usually very little.", ANSWER)
        .replace("How long is the downtime?", "Is there downtime?")
        .replace("your-treatment#downtime", "your-treatment#numbing-cream")
    )
    # A comment keeps its column where it can, so the spaces before it may be fewer.
    text = path_in(content).read_text(encoding="utf-8")
    assert re.sub(" +#", " #", text) == re.sub(" +#", " #", wanted)


def test_phrasings_change_and_what_stands_below_them_stays(content: Path) -> None:
    path_in(content).write_text(COMMENTED, encoding="utf-8")

    save_over(content, phrasings=("one", "two: three # four", "\"five\" 'six'"))

    assert the_faq(content).phrasings == ("one", "two: three # four", "\"five\" 'six'")
    text = path_in(content).read_text(encoding="utf-8")
    assert "# what they are told\nresponses:" in text
    assert text.endswith("# the end\n")


def test_what_leads_on_is_kept_unless_it_is_given(content: Path) -> None:
    path_in(content).write_text(COMMENTED, encoding="utf-8")

    save_over(content, title="Downtime?")
    assert the_faq(content).leads_to == ("numbing",)

    save_over(content, topic="", why="numbing", next=())
    assert the_faq(content).leads_to == ("numbing",)
    text = path_in(content).read_text(encoding="utf-8")
    assert "why: numbing" in text
    assert "topic:" not in text
    assert "next:" not in text


def test_saving_what_did_not_change_leaves_every_shipped_file_as_it_is(tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "data" / "faq", content / "faq")

    for faq in read_faqs(content):
        save_faq(content, Draft.of(faq), expected=digest_of(faq.path))

    for path in sorted((ROOT / "data" / "faq").glob("*.yml")):
        assert path_in(content, path.stem).read_bytes() == path.read_bytes()


def test_what_pasting_brings_is_tidied(content: Path) -> None:
    saved = save_over(
        content,
        phrasings=("- recovery\u00a0time", "  • days off ", "", "1. how  long"),
        answer="First line.\r\nSecond\u00a0line. ",
        title=" How\tlong? ",
    )

    assert saved.phrasings == ("recovery time", "days off", "how long")
    assert saved.answer == "First line.\nSecond line."
    assert saved.title == "How long?"


WORDS = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(title=WORDS, answer=WORDS, reviewer=WORDS, phrasings=st.lists(WORDS, max_size=6))
def test_any_words_come_back_as_they_were_saved(
    content: Path, title: str, answer: str, reviewer: str, phrasings: list[str]
) -> None:
    draft = replace(
        NUMBING, title=title, answer=answer, reviewer=reviewer, phrasings=tuple(phrasings)
    )
    path = path_in(content, "numbing")
    expected = digest_of(path) if path.exists() else None

    saved = save_faq(content, draft, expected=expected)

    assert Draft.of(the_faq(content, "numbing")) == Draft.of(saved) == draft.tidied()


def test_nothing_is_saved_over_what_somebody_saved_meanwhile(content: Path) -> None:
    seen = digest_of(path_in(content))
    save_over(content, answer="Theirs. " + ANSWER)

    mine = replace(Draft.of(the_faq(content)), answer="Mine. " + ANSWER)

    with pytest.raises(EditConflict) as refused:
        save_faq(content, mine, expected=seen)

    assert refused.value.current == the_faq(content)
    assert the_faq(content).answer.startswith("Theirs.")


def test_a_new_faq_takes_no_others_place(content: Path) -> None:
    with pytest.raises(EditConflict) as refused:
        save_faq(content, replace(NUMBING, slug="downtime"), expected=None)

    assert refused.value.current == the_faq(content)


def test_a_faq_removed_meanwhile_does_not_come_back_unnoticed(content: Path) -> None:
    draft, seen = Draft.of(the_faq(content)), digest_of(path_in(content))
    remove_faq(content, "downtime")

    with pytest.raises(EditConflict) as refused:
        save_faq(content, draft, expected=seen)

    assert refused.value.current is None
    assert not path_in(content).exists()


def test_of_many_who_save_at_once_one_wins(content: Path) -> None:
    draft, seen = Draft.of(the_faq(content)), digest_of(path_in(content))

    def save(number: int) -> bool:
        try:
            save_faq(content, replace(draft, title=f"Title {number}"), expected=seen)
        except EditConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(save, range(8)))

    assert won.count(True) == 1
    assert the_faq(content).title == f"Title {won.index(True)}"


def test_phrasings_added_at_once_are_all_there(content: Path) -> None:
    new = [f"way number {number} to ask" for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda phrasing: add_phrasing(content, "downtime", phrasing), new))

    assert sorted(the_faq(content).phrasings[5:]) == new


def test_a_phrasing_is_added_without_touching_the_review(content: Path) -> None:
    before = the_faq(content)

    after = add_phrasing(content, "downtime", "how soon can I see people again")

    assert after == replace(
        before, phrasings=(*before.phrasings, "how soon can I see people again")
    )
    assert add_phrasing(content, "downtime", "Recovery time?!") == after


@pytest.mark.parametrize(
    ("phrasing", "complaint"),
    [
        ("is my skin numbed?", "also belongs to faq/numbing"),
        ("<b>hello</b> there", "holds HTML"),
        ("?!", "has no words"),
        ("", "is empty"),
    ],
)
def test_a_phrasing_that_the_check_refuses_is_not_added(
    content: Path, phrasing: str, complaint: str
) -> None:
    save_faq(content, NUMBING, expected=None)
    before = path_in(content).read_bytes()

    with pytest.raises(DraftRefused, match=complaint):
        add_phrasing(content, "downtime", phrasing)

    assert path_in(content).read_bytes() == before


def test_a_phrasing_needs_a_faq(content: Path) -> None:
    with pytest.raises(UnknownFaq):
        add_phrasing(content, "gone", "hello")
    with pytest.raises(UnknownFaq):
        add_phrasing(content, "../faq/downtime", "hello")


def test_removing_a_faq_leaves_no_dead_ends(content: Path) -> None:
    path_in(content).write_text(COMMENTED.replace("Usually", f"{ANSWER} Usually"), encoding="utf-8")
    save_faq(content, NUMBING, expected=None)

    led = remove_faq(content, "numbing")

    assert led == ("downtime",)
    assert not path_in(content, "numbing").exists()
    assert the_faq(content).leads_to == ()
    assert check_library(content) == []


def test_only_the_faq_that_was_looked_at_is_removed(content: Path) -> None:
    seen = digest_of(path_in(content))
    save_over(content, title="Another title")

    with pytest.raises(EditConflict):
        remove_faq(content, "downtime", expected=seen)

    assert path_in(content).exists()


@pytest.mark.parametrize("slug", ["", "../x", "Down", "a b", "x/y", "a--b", "a" * 61, "a\n"])
def test_no_file_is_written_outside_or_under_a_bad_name(content: Path, slug: str) -> None:
    with pytest.raises(BadSlug):
        writing.path_of(content, slug)

    findings = check_draft(content, replace(NUMBING, slug=slug), None)
    assert [finding.part for finding in findings] == (["slug"] if slug != "a\n" else [])


def test_a_broken_file_can_be_written_anew(content: Path) -> None:
    path_in(content, "numbing").write_text("nlu: [", encoding="utf-8")
    seen = digest_of(path_in(content, "numbing"))

    save_faq(content, NUMBING, expected=seen)

    assert check_library(content) == []


def test_a_file_is_taken_in_byte_for_byte(content: Path, tmp_path: Path) -> None:
    file = tmp_path / "recovery.yml"
    text = "# Hand-written.\n" + faq_text("recovery", "How do I recover?")
    file.write_text(text, encoding="utf-8")

    added = add_faq_file(content, file)

    assert added.slug == "recovery"
    assert path_in(content, "recovery").read_text(encoding="utf-8") == text
    with pytest.raises(EditConflict):
        add_faq_file(content, file)


@pytest.mark.parametrize(
    ("changes", "part", "complaint"),
    [
        ({"answer": ""}, "answer", "the answer is empty"),
        ({"answer": "Yes."}, "answer", "the answer has 4 characters"),
        ({"answer": "x" * 1201}, "answer", "the answer has 1201 characters"),
        ({"answer": "<b>Yes</b>" + ANSWER}, "answer", "holds HTML"),
        ({"answer": ANSWER + " <script src=x"}, "answer", "holds HTML"),
        ({"answer": ANSWER + "\ufffd"}, "answer", "can't be read (U+FFFD)"),
        ({"title": "a\x00b"}, "title", "can't be read (U+0000)"),
        ({"title": "x" * 101}, "title", "101 characters"),
        ({"slug": "Bad Slug"}, "slug", "can't name a FAQ"),
        ({"phrasings": NUMBING.phrasings[:4]}, "phrasings", "only 4 phrasings"),
        ({"phrasings": ()}, "phrasings", "only 0 phrasings"),
        (
            {"phrasings": (*NUMBING.phrasings, "Recovery time?")},
            "phrasings",
            "also belongs to faq/downtime",
        ),
        (
            {"phrasings": (*NUMBING.phrasings, "how long is downtime")},
            "phrasings",
            "means the same as 'how long is the downtime' of faq/downtime",
        ),
        ({"phrasings": (*NUMBING.phrasings, "x" * 301)}, "phrasings", "301 characters"),
        ({"source": "your-treatment#gone"}, "source", "names no section"),
        ({"source": "gone#downtime"}, "source", "there is no article"),
        ({"source": ""}, "source", "the source is missing"),
        ({"reviewer": " "}, "reviewer", "the reviewer is missing"),
        ({"reviewed": "yesterday"}, "reviewed", "reviewed is 'yesterday'"),
    ],
)
def test_a_draft_is_checked_before_it_is_saved(
    content: Path, changes: dict[str, object], part: str, complaint: str
) -> None:
    draft = replace(NUMBING, **changes)  # type: ignore[arg-type]

    findings = check_draft(content, draft, ROOT / "models" / "encoder")

    found = [finding for finding in findings if complaint in finding.what]
    assert [(finding.severity, finding.part) for finding in found] == [("error", part)]
    assert found[0].how
    assert not path_in(content, "numbing").exists()


def test_a_sound_draft_has_no_findings(content: Path) -> None:
    assert check_draft(content, NUMBING, ROOT / "models" / "encoder") == []


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("How long is the downtime?", "how-long-is-the-downtime"),
        ("What's café crème?", "whats-cafe-creme"),
        ("word " * 20, "word-word-word-word-word-word-word-word-word-word-word-word"),
        ("???", ""),
    ],
)
def test_a_title_suggests_a_slug(title: str, slug: str) -> None:
    assert slug_for(title) == slug


def test_a_full_disk_leaves_the_file_as_it_was(
    content: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = path_in(content).read_bytes()

    def fails(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", fails)
    with pytest.raises(OSError, match="No space left"):
        save_over(content, title="Another title")

    assert path_in(content).read_bytes() == before
    assert [path.name for path in (content / "faq").iterdir()] == ["downtime.yml"]


@pytest.mark.parametrize("after", [0.0, 0.003, 0.011, 0.037, 0.071])
def test_killed_while_saving_leaves_a_whole_file(content: Path, after: float) -> None:
    command = [sys.executable, "-m", "tests.faq.saving", str(content)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as saver:
        assert saver.stdout is not None
        saver.stdout.readline()
        time.sleep(after)
        saver.kill()

    faq = the_faq(content)
    assert len(faq.phrasings) == 2000
    assert len({phrasing.split()[0] for phrasing in faq.phrasings}) == 1
    assert [broken.path for broken in read_faqs(content).broken] == []
    # Nobody holds the lock of the one that is gone.
    assert save_over(content, title="Saved again").title == "Saved again"
