"""Sets of questions are read, and slips in them are told where they are."""

from pathlib import Path

import pytest

from nlu.evaluation.questions import BadQuestions, Question, Set, Turn, read_sets

QUESTIONS = """version: "3.1"
nlu:
  - intent: faq/downtime
    examples: |
      - how long is the [downtime](thing)
      - is there any recovery time
  - intent: ordinary_after_effect
    examples: |
      - my face is a bit pink
"""
SEVERAL = """
several:
  - text: "does it hurt and when can i go out?"
    answers: [faq/pain, [faq/downtime, faq/healing]]
  - text: "collagen and elastin?"
    answers: [faq/collagen]
"""
FOLLOW_UPS = """
dialogues:
  - - {user: "will i be red", expects: faq/redness}
    - {user: "how long?", expects: [faq/redness, faq/downtime]}
"""


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text, encoding="utf-8")
    return folder


def test_each_folder_is_a_set(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write(tmp_path / name, faq=QUESTIONS)

    sets = read_sets([tmp_path])

    assert sets.names() == [Set("first"), Set("second")]
    assert [question.set.name for question in sets.questions] == ["first"] * 3 + ["second"] * 3
    assert sets.questions[0].text == "how long is the [downtime](thing)"
    assert sets.questions[1] == Question(Set("first"), "is there any recovery time", "faq/downtime")
    assert sets.questions[2].expected == "ordinary_after_effect"


def test_messages_of_several_questions_and_dialogues_are_read(tmp_path: Path) -> None:
    sets = read_sets([write(tmp_path / "first", several=SEVERAL, follow_ups=FOLLOW_UPS)])

    assert [message.answers for message in sets.several] == [
        (("faq/pain",), ("faq/downtime", "faq/healing")),
        (("faq/collagen",),),
    ]
    assert [message.single for message in sets.several] == [False, True]
    assert sets.dialogues[0].turns == (
        Turn("will i be red", ("faq/redness",)),
        Turn("how long?", ("faq/redness", "faq/downtime")),
    )
    assert sets.labels() == [
        "faq/collagen",
        "faq/downtime",
        "faq/healing",
        "faq/pain",
        "faq/redness",
    ]


def test_a_set_named_in_the_list_beside_it_is_held_out(tmp_path: Path) -> None:
    (tmp_path / "held_out.txt").write_text("# unseen\nfifth\n")
    write(tmp_path / "first", faq=QUESTIONS)
    write(tmp_path / "fifth" / "more", faq=QUESTIONS)

    assert read_sets([tmp_path]).names() == [Set("first"), Set("more", held_out=True)]
    assert read_sets([tmp_path / "fifth"]).names() == [Set("more", held_out=True)]


def test_a_folder_without_questions_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadQuestions, match="no questions in"):
        read_sets([tmp_path])


@pytest.mark.parametrize(
    ("name", "text", "complaint"),
    [
        ("faq", "nlu: [", "not valid YAML (line"),
        ("faq", "- a\n", "must start with a key such as 'nlu:'"),
        ("faq", "nlu: []\n", "'nlu' must be a list with at least one entry"),
        ("faq", "several: []\n", "unknown key 'several': only 'nlu' is allowed here"),
        ("faq", "nlu: [{intent: faq/a}]", "entry 1 of 'nlu': 'examples' is missing"),
        ("faq", "nlu: [{lookup: a, examples: '- b'}]", "unknown 'lookup': only 'intent' and"),
        ("faq", "nlu: [{intent: faq/a, examples: [b]}]", "'examples' must be a block"),
        ("faq", "nlu: [{intent: faq/a, examples: b}]", "line 1 of 'examples' must be '- '"),
        ("faq", "nlu: [{intent: faq, examples: '- b'}]", "'faq' lacks its slug"),
        ("faq", "nlu: [{intent: a b, examples: '- b'}]", "'a b' is no label"),
        ("faq", "nlu: [{intent: medical/skin, examples: '- b'}]", "stands for all its kinds"),
        ("several", "several: [{text: a}]", "entry 1 of 'several': 'answers' is missing"),
        ("several", "several: [{text: a, answers: b}]", "'answers' must be a list of labels"),
        ("several", "several: [{text: a, answers: []}]", "'answers' must be a list of labels"),
        ("several", "several: [{text: a, answers: [[]]}]", "an empty list of alternatives"),
        ("several", "several: [{text: yes, answers: [b]}]", "'text' must be a text: put it in"),
        ("follow_ups", "dialogues: [{user: a}]", "entry 1 of 'dialogues': must be a list of"),
        ("follow_ups", "dialogues: [[{user: a}]]", "turn 1: 'expects' is missing"),
        ("follow_ups", "dialogues: [[{user: a, expects: 1}]]", "turn 1: 'expects': 1 is no label"),
    ],
)
def test_a_slip_is_told_with_its_file_its_entry_and_what_is_allowed(
    tmp_path: Path, name: str, text: str, complaint: str
) -> None:
    folder = write(tmp_path / "first", **{name: text})

    with pytest.raises(BadQuestions) as told:
        read_sets([folder])

    assert str(told.value).startswith(str(folder / f"{name}.yml"))
    assert complaint in str(told.value)


def test_a_slip_in_a_set_does_not_quote_its_messages(tmp_path: Path) -> None:
    folder = write(tmp_path / "first", several='several: [{text: "words unseen", answer: [a]}]')

    with pytest.raises(BadQuestions) as told:
        read_sets([folder])

    assert "words unseen" not in str(told.value)


def test_a_file_that_is_not_text_is_told(tmp_path: Path) -> None:
    (write(tmp_path / "first") / "faq.yml").write_bytes(b"nlu: \xff")

    with pytest.raises(BadQuestions, match="not UTF-8 at byte 5"):
        read_sets([tmp_path / "first"])
