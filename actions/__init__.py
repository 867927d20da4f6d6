"""The action server's actions.

Each reads slots, makes one call to `booking`, and utters what the result calls for. No words
for visitors are written here: they are `utter_*` responses in domain.yml.
"""

from rasa_sdk import Action

from actions.clarification import NotUnderstood
from actions.consultation import (
    AskPreferredTime,
    CancelConsultation,
    SubmitConsultation,
    ValidateConsultationForm,
)
from actions.desk import Desk
from actions.manage import AskManageTime, NothingToStop, ValidateManageForm
from actions.message import CancelMessage, LeaveMessage, ValidateMessageForm

__all__ = ["Desk", "all_actions"]


def all_actions(desk: Desk) -> list[Action]:
    """Every action of the domain, ready to be registered."""
    return [
        ValidateConsultationForm(desk),
        AskPreferredTime(),
        SubmitConsultation(desk),
        CancelConsultation(desk),
        ValidateMessageForm(desk),
        LeaveMessage(desk),
        CancelMessage(),
        ValidateManageForm(desk),
        AskManageTime(),
        NothingToStop(),
        NotUnderstood(),
    ]
