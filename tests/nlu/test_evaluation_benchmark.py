"""The benchmark, on a few sentences."""

from pathlib import Path

import pytest

from nlu.evaluation.__main__ import measured_before
from nlu.evaluation.benchmark import (
    Example,
    Predicted,
    bench_fingerprint,
    read_benches,
    run_benches,
    scores,
)
from nlu.evaluation.questions import BadQuestions
from nlu.evaluation.report import Report
from nlu.evaluation.reports import keep
from tests.nlu.small_project import CONFIG

TRAIN = """sentence,label
what is [my](account) balance,check balance/now
how much money do i have,check balance/now
show me my balance,check balance/now
"money left, please",check balance/now
i lost my card,Check Balance: now?
my card was stolen,Check Balance: now?
block my card,Check Balance: now?
my card is gone,Check Balance: now?
"""
TEST = """sentence,label
tell me my balance,check balance/now
somebody has stolen my card,Check Balance: now?
i lost my card,Check Balance: now?
xq zzv jjk,NO_NODES_DETECTED
"""


def predicted(expected: str, got: str, best: str = "") -> Predicted:
    return Predicted(expected, got, best or got, split=False)


def make_folder(folder: Path, train: str = TRAIN, test: str = TEST) -> Path:
    (folder / "bank-4shot-train.csv").write_text(train)
    (folder / "bank-test.csv").write_text(test)
    return folder


def test_scores_with_and_without_the_gate() -> None:
    found = scores(
        [
            predicted("a", "a"),
            predicted("a", "b"),
            predicted("b", "NO_NODES_DETECTED", best="b"),
            predicted("NO_NODES_DETECTED", "NO_NODES_DETECTED", best="a"),
        ]
    )

    assert found["accuracy"] == 0.5
    assert found["accuracy_open"] == pytest.approx(2 / 3)
    # of 3 classes: 2 right of 4; expected 2, 1, 1 times, predicted 1, 1, 2 times
    assert found["matthews"] == pytest.approx((2 * 4 - 5) / (10 * 10) ** 0.5)


def test_how_often_a_message_was_taken_apart_is_told() -> None:
    whole, split = Predicted("a", "a", "a", False), Predicted("a", "a", "a", True)

    assert scores([whole, whole, whole, split])["split"] == 0.25


def test_a_pipeline_is_trained_and_asked(tmp_path: Path) -> None:
    (tmp_path / "config.yml").write_text(CONFIG)

    (result,) = run_benches(read_benches(make_folder(tmp_path)), tmp_path / "config.yml")

    assert (result["name"], result["n"], result["runs"]) == ("bank", 4, 1)
    assert result["accuracy_open"] == 1.0
    assert 0.0 < result["accuracy"] <= 1.0
    assert result["train_seconds"] > 0
    assert result["milliseconds"] > 0


def test_samples_belong_to_the_test_that_they_are_named_after(tmp_path: Path) -> None:
    make_folder(tmp_path)
    (tmp_path / "bank-8shot-train.csv").write_text(TRAIN)
    (tmp_path / "bank-valid.csv").write_text("not read")

    (bench,) = read_benches(tmp_path)

    assert [*bench.samples] == ["bank-4shot", "bank-8shot"]
    assert bench.samples["bank-4shot"][3] == Example("money left, please", "check balance/now")


@pytest.mark.parametrize(
    ("train", "test", "complaint"),
    [
        ("text,label\na,b\n", TEST, "the columns must be 'sentence' and 'label'"),
        ("sentence,label\n", TEST, "is empty"),
        ("sentence,label\na,b\n ,b\n", TEST, "row 2 lacks its sentence or its label"),
        ("sentence,label\na\n", TEST, "row 1 lacks its sentence or its label"),
    ],
)
def test_a_bad_file_is_told(tmp_path: Path, train: str, test: str, complaint: str) -> None:
    with pytest.raises(BadQuestions, match=complaint):
        read_benches(make_folder(tmp_path, train, test))


def test_a_folder_without_benchmarks_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions, match="holds no benchmark"):
        read_benches(tmp_path)

    (tmp_path / "bank-test.csv").write_text(TEST)
    with pytest.raises(BadQuestions, match="to train on"):
        read_benches(tmp_path)


def test_a_benchmark_is_known_by_its_data_and_its_pipeline(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    config.write_text(CONFIG)
    before = bench_fingerprint(make_folder(tmp_path), config)

    assert bench_fingerprint(tmp_path, config) == before
    config.write_text(CONFIG + "# other\n")
    other_config = bench_fingerprint(tmp_path, config)
    make_folder(tmp_path, test=TEST + "one more,check balance/now\n")
    other_data = bench_fingerprint(tmp_path, config)

    assert len({before, other_config, other_data}) == 3


def test_numbers_of_the_same_pipeline_are_taken_from_an_earlier_report(tmp_path: Path) -> None:
    report = Report("a.tar.gz", {}, written="2026-11-21T12:00:00+00:00")
    report.bench = {"fingerprint": "same", "results": [{"name": "bank"}]}
    keep(report, tmp_path, lambda _: "")

    assert measured_before(tmp_path, "same") == report.bench
    assert measured_before(tmp_path, "other") == {}
