"""The labels that answers are told apart by."""

from __future__ import annotations

from typing import Any, Dict, Optional, Sequence, Text

from nlu.parse_data import best_response
from nlu.ranking import base_intent

FAQ = "faq"
FALLBACK = "nlu_fallback"
EMERGENCY = "emergency"
# No intent: what treated skin usually does, and what must not be taken for an emergency.
ORDINARY = "ordinary_after_effect"
# Intents of questions that no approved article answers.
UNANSWERED = ("out_of_scope", "medical", "ask_price")


def is_faq(label: Text) -> bool:
    return label.startswith(f"{FAQ}/")


def comparable(label: Text) -> Text:
    """A full label as sets of questions name it: only FAQs are told apart within their intent."""
    return label if is_faq(label) else base_intent(label)


def full_label(intent: Optional[Text], response_key: Optional[Text]) -> Text:
    """`faq/downtime` where the intent is the one that the response belongs to, else the intent."""
    name = intent or FALLBACK
    if response_key and base_intent(response_key) == base_intent(name):
        return response_key
    return name


def own_label(parse_data: Dict[Text, Any]) -> Text:
    """The full label of a whole message, as the dialogue goes by it."""
    name = parse_data["intent"]["name"]
    return full_label(name, best_response(parse_data, name))


def meets(label: Text, expected: Sequence[Text]) -> bool:
    """Whether a label is one of those expected."""
    if ORDINARY in expected and label != EMERGENCY:
        return True
    return comparable(label) in expected
