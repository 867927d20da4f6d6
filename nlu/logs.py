"""Keeps e-mail addresses and phone numbers out of Rasa's log, which quotes a message that failed.

The processes of the other environment do the same with needlepoint/logs.py.
"""

from __future__ import annotations

import logging
import re
from typing import Any, Text

# Bounded, or a long word without any @ would keep the matching busy.
EMAIL = re.compile(r"[^\s\"'<>()\[\],;:\\]{1,64}@[\w-]+(?:\.[\w-]+)+")
# Seven digits or more, however they are grouped; no day, moment, version or IP address.
PHONE = re.compile(
    r"(?<![\w.-])(?!\d{4}-\d\d-\d\d|\d{1,3}(?:\.\d{1,3}){3}(?!\d))"
    r"\+?\(?\d(?:[ ().\-\u2010-\u2015]{0,2}\d){6,14}(?!\w)"
)


def masked(text: Text) -> Text:
    """The text without e-mail addresses and phone numbers."""
    return PHONE.sub("[number]", EMAIL.sub("[address]", text))


class MaskedRecord(logging.LogRecord):
    """A record that is masked whoever formats it; an error's text and traceback are, too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exc_info:
            # A formatter takes this text where there is one.
            self.exc_text = masked(logging.Formatter().formatException(self.exc_info))

    def getMessage(self) -> Text:
        return masked(super().getMessage())


def mask_logs() -> None:
    """Mask all that is logged from now on, whatever library logs it."""
    logging.setLogRecordFactory(MaskedRecord)
