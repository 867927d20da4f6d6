"""Brings the clinic's facts (clinic.yml) into the domain as slots that responses can quote."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, Dict, List, Optional, Text, Union

import yaml
from rasa.shared.core.domain import Domain
from rasa.shared.importers.rasa import RasaFileImporter
from rasa.shared.nlu.constants import INTENT, INTENT_RESPONSE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

# What the assistant says it can't answer: a FAQ's phrasing is taken out of these. faq/check.py lets
# staff write such a FAQ.
GIVES_WAY = frozenset({"medical/visit", "out_of_scope/off-topic"})
_NOT_IN_WORDS = re.compile(r"[\W_]+")

CLINIC_FILE = Path(__file__).resolve().parents[1] / "clinic.yml"


class ClinicImporter(RasaFileImporter):
    """Rasa's file importer, with the clinic's facts as initial values of the `clinic_*` slots.

    So `utter_emergency` and the like carry the clinic's numbers without an action server, and a
    change in clinic.yml is a change of the domain that Rasa's training cache sees. The file is
    `NEEDLEPOINT_CLINIC`, or clinic.yml beside config.yml.
    """

    def __init__(
        self,
        config_file: Optional[Text] = None,
        domain_path: Optional[Text] = None,
        training_data_paths: Optional[Union[List[Text], Text]] = None,
    ) -> None:
        super().__init__(config_file, domain_path, training_data_paths)
        self._clinic_file = Path(os.environ.get("NEEDLEPOINT_CLINIC") or CLINIC_FILE)
        self._nlu_data: Dict[Optional[Text], TrainingData] = {}

    def get_nlu_data(self, language: Optional[Text] = "en") -> TrainingData:
        """The files' NLU data, read once: Rasa asks for them several times, and merges copies."""
        if language not in self._nlu_data:
            self._nlu_data[language] = without_declined(super().get_nlu_data(language))
        return self._nlu_data[language]

    def get_domain(self) -> Domain:
        """The domain, each slot that clinic.yml has a fact for starting with that fact."""
        domain = super().get_domain()
        if not any(slot.name.startswith("clinic_") for slot in domain.slots):
            return domain
        facts = clinic_facts(yaml.safe_load(self._clinic_file.read_text(encoding="utf-8")))
        described = domain.as_dict()
        for name, value in facts.items():
            if name in described["slots"]:
                described["slots"][name]["initial_value"] = value
        return Domain.from_dict(described)


def without_declined(data: TrainingData) -> TrainingData:
    """The training data without declined examples that are a FAQ's phrasings in the same words."""
    asked = {_words(one) for one in data.training_examples if _label(one).startswith("faq/")}
    return data.filter_training_examples(
        lambda one: _label(one) not in GIVES_WAY or _words(one) not in asked
    )


def _label(example: Message) -> Text:
    return example.get(INTENT_RESPONSE_KEY) or example.get(INTENT) or ""


def _words(example: Message) -> Text:
    return _NOT_IN_WORDS.sub("", str(example.get(TEXT) or "").casefold())


def clinic_facts(clinic: Dict[Text, Any]) -> Dict[Text, Text]:
    """The facts responses may quote, by slot name, out of clinic.yml as read."""
    return {
        "clinic_name": clinic["name"],
        "clinic_phone": clinic["phone"],
        "clinic_email": clinic["email"],
        "clinic_address": ", ".join(clinic["address"]),
        "clinic_hours": opening_hours_text(clinic["opening_hours"]),
        "clinic_emergency_number": str(clinic["emergency_number"]),
        "clinic_retention_days": str(clinic["privacy"]["retention_days"]),
        "clinic_consent": clinic["consent"]["text"],
    }


def opening_hours_text(hours: Dict[Text, List[Text]]) -> Text:
    """Days with like hours in one phrase: `Monday to Friday 9:00-18:00, Saturday 10:00-15:00`."""
    groups: List[List[Text]] = []
    for day, spans in hours.items():
        shown = " and ".join(span.lstrip("0").replace("-0", "-") for span in spans)
        if not shown:
            continue
        if groups and groups[-1][2] == shown and _follows(groups[-1][1], day, hours):
            groups[-1][1] = day
        else:
            groups.append([day, day, shown])
    phrases = [
        f"{first.capitalize()} to {last.capitalize()} {shown}"
        if first != last
        else f"{first.capitalize()} {shown}"
        for first, last, shown in groups
    ]
    return ", ".join(phrases)


def _follows(before: Text, day: Text, hours: Dict[Text, List[Text]]) -> bool:
    days = list(hours)
    return days.index(day) == days.index(before) + 1
