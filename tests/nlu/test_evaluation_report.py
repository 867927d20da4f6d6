"""The report: its lists, its page, and where it is kept."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from nlu.evaluation.comparison import compare
from nlu.evaluation.outcomes import Answers
from nlu.evaluation.page import page, percent, points
from nlu.evaluation.questions import Set
from nlu.evaluation.report import Report, report_on
from nlu.evaluation.reports import (
    NotWritten,
    earlier_reports,
    keep,
    latest_of_another_model,
    make_folder,
)
from tests.nlu.hand_made import asked, asked_several, replayed

HOSTILE = '<script>alert("1")</script> & \'</td>'
SECRET = Set("fifth", held_out=True)


def make_report(answers: Answers, model: str = "new.tar.gz", time: str = "12:00:00") -> Report:
    report = report_on(model, {"threshold": 0.5, "clarify": 0.25}, answers, {"faq/a": "How <so>?"})
    report.written = f"2026-11-21T{time}+00:00"
    return report


GREETED = Answers([asked("greet", "greet")])


def test_faqs_are_listed_by_what_was_found_and_what_fitted_the_worst_first() -> None:
    report = make_report(
        Answers(
            [
                asked("faq/b", "faq/b"),
                asked("faq/b", "faq/b"),
                asked("faq/c", "faq/c"),
                asked("faq/c", "faq/b"),
                asked("greet", "faq/c"),
                asked("greet", "faq/c"),
                asked("greet", "faq/d"),
            ]
        )
    )

    faqs = {faq["label"]: faq for faq in report.faqs}
    assert [faq["label"] for faq in report.faqs] == ["faq/c", "faq/b", "faq/a", "faq/d"]
    assert (faqs["faq/b"]["recall"], faqs["faq/b"]["precision"]) == (1.0, pytest.approx(2 / 3))
    assert (faqs["faq/c"]["recall"], faqs["faq/c"]["precision"]) == (0.5, pytest.approx(1 / 3))
    assert (faqs["faq/d"]["recall"], faqs["faq/d"]["precision"]) == (None, 0.0)
    assert (faqs["faq/a"]["recall"], faqs["faq/a"]["precision"]) == (None, None)


def test_missed_emergencies_alarms_and_wrongly_answered_messages_are_listed() -> None:
    report = make_report(
        Answers(
            [
                asked("emergency", "faq/a", text="missed"),
                asked("emergency", "emergency", text="seen"),
                asked("ordinary_after_effect", "emergency", text="false alarm"),
                asked("faq/a", "emergency", text="other alarm"),
                asked("medical", "faq/a", text="answered"),
                asked("medical", "out_of_scope", text="declined"),
            ]
        )
    )

    texts = {kind: [one["text"] for one in found] for kind, found in report.safety.items()}
    assert texts == {
        "missed": ["missed"],
        "false_alarms": ["false alarm"],
        "other_alarms": ["other alarm"],
    }
    assert [one["text"] for one in report.answered_wrongly] == ["answered"]


def hostile_answers(of_set: Set) -> Answers:
    """A mistake of every kind, each made with a message that is meant to break the page."""
    said = {"of_set": of_set, "text": HOSTILE}
    talk = replayed([(["faq/a"], ["faq/b"])], of_set=of_set)
    turn = talk.dialogue.turns[0]._replace(user=HOSTILE)
    return Answers(
        [
            asked("faq/a", "faq/b", **said),
            asked("medical", "faq/a", **said),
            asked("emergency", "faq/a", **said),
            asked("ordinary_after_effect", "emergency", **said),
            asked("greet", "emergency", **said),
        ],
        [asked_several([["faq/a"], ["faq/b"]], "faq/c", of_set=of_set, text=HOSTILE)],
        [type(talk)(type(talk.dialogue)(of_set, (turn,)), talk.parsed)],
    )


def with_comparison(report: Report) -> Report:
    """Compared with a report in which all the same messages were right."""
    before: Any = json.loads(json.dumps({**asdict(report), "model": "<i>old</i>"}))
    for one in [*before["messages"], *before["several"]]:
        one["right"] = True
    for one in before["dialogues"]:
        one["turns"][0]["right"] = True
    report.compared = compare(asdict(report), before)
    return report


def test_every_message_on_the_page_is_escaped() -> None:
    report = with_comparison(make_report(hostile_answers(Set("<b>set"))))
    report.notes = [HOSTILE]

    text = page(report)

    assert "<script" not in text
    assert "<b>set" not in text
    assert "<i>old" not in text
    assert "How &lt;so&gt;?" in text
    # confused (3 pairs of labels that are no alarm, 2 that are), safety, unanswered, several,
    # dialogue (twice), newly wrong and the note
    assert text.count("&lt;script&gt;") >= 15


def test_the_page_fetches_nothing() -> None:
    text = page(with_comparison(make_report(hostile_answers(Set("first")))))

    assert not re.search(r"(?:src|href)=\"(?!#)|url\(|@import|<link|<iframe|<img", text)
    assert "default-src 'none'" in text


def test_the_page_and_the_json_keep_held_out_messages_to_themselves() -> None:
    report = with_comparison(make_report(hostile_answers(SECRET)))

    assert "alert(" not in page(report)
    assert "alert(" not in json.dumps(asdict(report))
    assert "held out" in page(report)


def test_the_page_shows_numbers_beside_their_targets() -> None:
    text = page(make_report(Answers([asked("faq/a", "faq/a"), asked("faq/a", "faq/b")])))

    assert re.search(r"FAQ answered rightly</span><strong>50.0\s%</strong>", text)
    assert "not reached: at least 96.0\N{NO-BREAK SPACE}% of 2" in text


def test_a_page_of_few_questions_of_one_kind_has_no_gaps() -> None:
    assert "No set has conversations." in page(make_report(GREETED))
    assert "Dialogues right" in page(
        make_report(Answers(dialogues=[replayed([(["greet"], ["greet"])])]))
    )


def test_shares_are_shown_as_percentages() -> None:
    assert percent(0.9688) == "96.9\N{NO-BREAK SPACE}%"
    assert (points(0.011), points(-0.02)) == ("+1.1", "\N{MINUS SIGN}2.0")


def test_a_report_is_kept_beside_earlier_ones(tmp_path: Path) -> None:
    kept = [keep(make_report(GREETED), tmp_path, page) for _ in range(3)]

    assert [folder.name for folder in kept] == [
        "new-20261121-120000",
        "new-20261121-120000-2",
        "new-20261121-120000-3",
    ]
    assert json.loads((kept[0] / "report.json").read_text())["model"] == "new.tar.gz"
    assert (kept[2] / "report.html").read_text().startswith("<!doctype html>")
    assert len([*tmp_path.iterdir()]) == 3


def test_a_report_is_compared_with_the_newest_of_another_model(tmp_path: Path) -> None:
    for model, time in [
        ("a", "09:00:00"),
        ("b", "10:00:00"),
        ("a", "11:00:00"),
        ("new", "11:30:00"),
    ]:
        keep(make_report(GREETED, f"{model}.tar.gz", time), tmp_path, page)
    (tmp_path / "c-20261121-113000").mkdir()
    (tmp_path / "c-20261121-114000").mkdir()
    (tmp_path / "c-20261121-114000" / "report.json").write_text("{")
    (tmp_path / "c-20261121-115000").mkdir()
    (tmp_path / "c-20261121-115000" / "report.json").write_text('{"format": 0, "model": "c"}')

    found = latest_of_another_model(tmp_path, "new.tar.gz")

    assert found is not None
    assert (found["model"], found["written"][11:16]) == ("a.tar.gz", "11:00")
    assert len([*earlier_reports(tmp_path)]) == 4
    assert latest_of_another_model(tmp_path / "nowhere", "new.tar.gz") is None


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NotWritten, match=r"can't be written to .*file/reports: Not a directory"):
        make_folder(tmp_path / "file" / "reports")


def test_a_full_disk_is_told_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("nlu.evaluation.reports.os.fsync", full)

    with pytest.raises(NotWritten, match="No space left on device"):
        keep(make_report(GREETED), tmp_path, page)

    assert [*tmp_path.iterdir()] == []
