"""What our pipeline adds to Rasa's parse data, and how to read an answer out of it."""

from __future__ import annotations

from typing import Any, Dict, Optional, Text

# The questions of a message that asks several, in order.
QUESTIONS = "questions"
# What each clause that asks was understood as, whatever the message came to; not put out.
CLAUSES = "clauses"
# The text, or the label, that a message came down to when it is not its own.
UNDERSTOOD_AS = "understood_as"


def best_response(parse_data: Dict[Text, Any], intent: Optional[Text]) -> Optional[Text]:
    """The best full label of a retrieval intent (`faq/downtime`); None for any other intent."""
    selected = parse_data.get("response_selector", {}).get(intent, {})
    found: Optional[Text] = selected.get("response", {}).get("intent_response_key")
    return found
