"""`rasa data validate` on the project, failing on any warning that is not expected.

`--fail-on-warnings` lets warnings pass that Rasa only prints, so what it prints is read here.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
WARNING = re.compile(r"UserWarning: ((?:Issue found in .*\n)?.*)")
UNUSED = re.compile(r"The (utterance|intent) '(\w+)' is not used in any story or rule\.")
# Retrieval intents enter the domain with their examples, after this check of Rasa's.
RETRIEVAL_INTENTS = tuple(
    f"Found intent '{intent}' in stories which is not part of the domain."
    for intent in ("faq", "emergency", "medical", "out_of_scope")
)
# What the classifier makes of "tell me more" when there is nothing more, without any examples.
MADE_UP = "The intent 'all_told' is listed in the domain file, but is not found in the NLU"
# Read inside the form, by the action behind it.
FORM_INTENTS = {"inform", "change_details"}


def unexpected_warnings(output: str, called: str) -> list[str]:
    """Warnings in Rasa's output, but for responses that forms ask with or that `called` names."""
    return [text for text in WARNING.findall(output) if not _expected(text, called)]


def _expected(warning: str, called: str) -> bool:
    unused = UNUSED.match(warning)
    if unused is None:
        return warning.endswith(RETRIEVAL_INTENTS) or warning.startswith(MADE_UP)
    kind, name = unused.groups()
    if kind == "intent":
        return name in FORM_INTENTS
    # Rasa's own actions utter these two; forms ask with utter_ask_<form>_<slot>.
    built_in = name in {"utter_default", "utter_restart"} or name.startswith("utter_ask_")
    return built_in or f'"{name}"' in called


def main() -> int:
    result = subprocess.run(
        [".venv-rasa/bin/rasa", "data", "validate", "--fail-on-warnings"],
        cwd=PROJECT,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    output = result.stdout + result.stderr
    callers = [*(PROJECT / "actions").glob("*.py"), PROJECT / "nlu" / "form_rules.py"]
    actions = "".join(path.read_text() for path in callers)
    found = unexpected_warnings(output, actions)
    for warning in found:
        print(f"rasa data validate: {warning}", file=sys.stderr)
    if result.returncode != 0:
        print(output, file=sys.stderr)
    print(f"rasa data validate: exit code {result.returncode}, {len(found)} unexpected warnings")
    return 1 if found or result.returncode != 0 else 0


if __name__ == "__main__":
    sys.exit(main())
