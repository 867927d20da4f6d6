import pytest

from tests.data_validation import unexpected_warnings

LINE = "site-packages/rasa/shared/utils/io.py:100: UserWarning: {}\n"


@pytest.mark.parametrize(
    "warning",
    [
        "The utterance 'utter_orphan' is not used in any story or rule.",
        "The intent 'greet' is listed in the domain file, but is not found in the NLU data.",
        "The intent 'greet' is not used in any story or rule.",
        "Issue found in 'data/dialogue/rules.yml': \nFound intent 'grete' in stories which is not "
        "part of the domain.",
    ],
)
def test_an_unexpected_warning_is_found(warning: str) -> None:
    assert unexpected_warnings(LINE.format(warning), called="") == [warning]


@pytest.mark.parametrize("name", ["utter_default", "utter_ask_form_slot", "utter_request_stored"])
def test_responses_that_code_or_forms_use_are_expected(name: str) -> None:
    line = LINE.format(f"The utterance '{name}' is not used in any story or rule.")

    assert unexpected_warnings(line, called='response="utter_request_stored"') == []


def test_the_faqs_intent_may_be_missing_in_the_domain() -> None:
    issue = (
        "Issue found in 'data/dialogue/rules.yml': \nFound intent 'faq' in stories which is not "
    )

    assert unexpected_warnings(LINE.format(issue + "part of the domain."), called="") == []
