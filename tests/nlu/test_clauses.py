"""Which parts of a message may be questions of their own."""

import pytest

from nlu.clauses import MOST_CLAUSES, asks, clauses_of, keywords_of


def texts(*sentences):
    return [clause.text for clause in clauses_of(sentences)]


def asking(*sentences):
    return [clause.text for clause in clauses_of(sentences) if clause.asks]


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("does it hurt and how long will I be red", ["does it hurt", "how long will I be red"]),
        ("does it hurt, is it safe", ["does it hurt", "is it safe"]),
        ("does it hurt; is it safe", ["does it hurt", "is it safe"]),
        ("does it hurt - is it safe", ["does it hurt", "is it safe"]),
        ("does it hurt & is it safe", ["does it hurt", "is it safe"]),
        ("does it hurt also how much is it", ["does it hurt", "how much is it"]),
        ("does it hurt how long does it take", ["does it hurt", "how long does it take"]),
        ("does it hurt but is it worth it", ["does it hurt", "is it worth it"]),
        ("tell me what it is and how it works", ["tell me what it is", "how it works"]),
        (
            "will I bleed plus how many sessions do I need",
            ["will I bleed", "how many sessions do I need"],
        ),
        (
            "is it safe, does it hurt, and what does it cost",
            ["is it safe", "does it hurt", "what does it cost"],
        ),
        (
            "I'd like to know what it costs and whether it hurts",
            ["I'd like to know what it costs", "whether it hurts"],
        ),
    ],
)
def test_questions_in_one_sentence_are_told_apart(sentence, parts):
    assert asking(sentence) == parts


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("ana@example.com does it hurt", "does it hurt"),
        ("202 555 0164 what are your hours", "what are your hours"),
        ("my mail is ana@example.com can it scar", "can it scar"),
        ("ana@example.com is it safe", "is it safe"),
    ],
)
def test_a_question_behind_an_address_or_a_number_is_told_apart(sentence, question):
    assert asking(sentence) == [question]


@pytest.mark.parametrize(
    "sentence",
    ["ana@example.com is my address", "202 555 0164 is the best", "ana@example.com would be fine"],
)
def test_what_is_said_of_an_address_is_no_question(sentence):
    assert texts(sentence) == [sentence]


@pytest.mark.parametrize(
    "sentence",
    [
        "does it hurt",
        "what do collagen and elastin do?",
        "what happens before and after the treatment?",
        "can I swim and sunbathe afterwards?",
        "when can I wear make-up and go to the gym?",
        "do I need a numbing cream or is it painless?",
        "can you tell me how long it takes?",
        "I wonder what it costs",
        "is it safe if I have eczema?",
    ],
)
def test_a_single_question_stays_whole(sentence):
    assert asking(sentence) == [sentence]


def test_each_sentence_is_split_for_itself():
    sentences = ["Does it hurt?", "Is it safe and how much is it?"]

    assert asking(*sentences) == ["Does it hurt?", "Is it safe", "how much is it?"]


@pytest.mark.parametrize(
    ("sentence", "keywords"),
    [
        ("downtime, pain, price", ["downtime", "pain", "price"]),
        ("downtime and pain?", ["downtime", "pain"]),
        ("downtime / swelling", ["downtime", "swelling"]),
        ("numbing cream + aftercare", ["numbing cream", "aftercare"]),
    ],
)
def test_keywords_ask_one_by_one(sentence, keywords):
    found = clauses_of([sentence])

    assert [clause.text for clause in found] == keywords
    assert all(clause.asks and clause.keyword for clause in found)


@pytest.mark.parametrize(
    "sentence",
    ["is it safe, really", "downtime", "lots of different things matter to me, pain and price"],
)
def test_what_is_no_list_of_short_pieces_has_no_keywords(sentence):
    assert keywords_of(sentence) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "two things: 1) does it hurt 2) how long am I red",
        "1. does it hurt 2. how long am I red",
        "(1) does it hurt (2) how long am I red",
    ],
)
def test_a_numbered_list_asks_point_by_point(sentence):
    assert asking(sentence) == ["does it hurt", "how long am I red"]


@pytest.mark.parametrize(
    ("sentences", "told", "asked"),
    [
        (["I have eczema, is it safe?"], ["I have eczema"], ["is it safe?"]),
        (["I have eczema.", "Is it safe?"], ["I have eczema."], ["Is it safe?"]),
        (["Is it safe?", "I'm 52."], ["I'm 52."], ["Is it safe?"]),
        (["hello", "does it hurt?"], ["hello"], ["does it hurt?"]),
        (["thanks, and is it safe?"], ["thanks"], ["is it safe?"]),
        (
            ["I have acne scars and I'm 52, can it help?"],
            ["I have acne scars", "I'm 52"],
            ["can it help?"],
        ),
    ],
)
def test_statements_beside_a_question_do_not_ask(sentences, told, asked):
    found = clauses_of(sentences)

    assert [clause.text for clause in found if not clause.asks] == told
    assert [clause.text for clause in found if clause.asks] == asked


def test_short_words_ask_where_nothing_else_does():
    assert asking("Downtime.", "Pain.") == ["Downtime.", "Pain."]
    assert asking("Downtime.", "Is it safe?") == ["Is it safe?"]


def test_a_long_statement_by_itself_asks_nothing():
    assert asking("I had it done at another clinic last summer.") == []


def test_what_is_said_after_too_many_clauses_stays_with_the_last():
    many = [f"is it {word}?" for word in "safe quick loud cold dear new old fun".split()]

    found = texts(*many)

    assert len(found) == MOST_CLAUSES
    assert found[:-1] == many[: MOST_CLAUSES - 1]
    assert found[-1] == " ".join(many[MOST_CLAUSES - 1 :])


@pytest.mark.parametrize("sentences", [[], [""], ["  "]])
def test_nothing_said_has_no_clauses(sentences):
    assert clauses_of(sentences) == []


@pytest.mark.parametrize(
    "text",
    ["does it hurt", "hi, is it safe", "it is safe?", "please tell me the price", "so how long"],
)
def test_a_question_is_known_by_its_form(text):
    assert asks(text)


@pytest.mark.parametrize("text", ["I have eczema", "my skin is dry", "acne scars", "thank you"])
def test_a_statement_is_no_question(text):
    assert not asks(text)
