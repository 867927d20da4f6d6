"""From save to live: what is generated for it, and how it is told."""

from pathlib import Path

from bench import teaching
from bench.teaching import Figures, make_content, told
from faq.library import read_faqs


def test_a_thousand_faqs_can_be_generated_of_ten_phrasings_each() -> None:
    pairs = {(thing, aspect) for thing in teaching.THINGS for aspect in teaching.ASPECTS}

    assert len(pairs) == 1000
    assert len(set(teaching.WAYS)) == 10


def test_what_is_generated_are_faqs_and_the_same_each_time(tmp_path: Path) -> None:
    first, second = make_content(tmp_path / "a", 30), make_content(tmp_path / "b", 30)

    faqs = list(read_faqs(first))
    assert len(faqs) == 30
    assert {len(faq.phrasings) for faq in faqs} == {10}
    assert [file.read_bytes() for file in sorted((first / "faq").iterdir())] == [
        file.read_bytes() for file in sorted((second / "faq").iterdir())
    ]
    assert (first / "safety.yml").is_file()


def test_stock_rasa_is_given_the_generated_faqs_and_no_others(tmp_path: Path) -> None:
    files = teaching._stock_files(make_content(tmp_path / "a", 3), epochs=1)

    assert files["data/nlu.yml"].count("intent: faq/") == 3
    assert "utter_faq/locker-price" in files["domain.yml"]
    assert "utter_faq/downtime" not in files["domain.yml"]
    assert "epochs: 1," in files["config.yml"]
    assert "epochs: 100" not in files["config.yml"]


def test_what_was_reckoned_is_marked() -> None:
    shipped = Figures("shipped data", 71, 4880, 11000, 11.04, 14.2, 412.4)
    thousand = Figures("1,000 FAQs of 10", 1001, 10_006, 17_000, 80.0, 84.1, 9120.2, True)

    lines = told([shipped, thousand]).splitlines()

    assert lines[-2].split()[-2:] == ["412", "9120*"]
    assert lines[-1] == "* reckoned from trainings of 1 and 3 epochs"


def test_without_stock_there_is_no_row_of_it() -> None:
    assert "stock" not in told([Figures("shipped data", 71, 4880, 11000, 11.04, 14.2)])
