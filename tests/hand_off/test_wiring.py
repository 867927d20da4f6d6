"""Which adapters a clinic gets, and what it is told when one lacks its secret."""

from __future__ import annotations

from typing import Any

import pytest

from booking.clinic import Clinic, HandOff
from booking.hand_off.caldav import CalDav
from booking.hand_off.email import ClinicMail, VisitorMail
from booking.hand_off.notice import Channel
from booking.hand_off.webhook import Webhook
from booking.hand_off.wiring import MissingSecret, adapters

SECRETS: dict[str, Any] = {
    "smtp_url": "smtp://desk:secret@mail.example:587",
    "webhook_secret": "whsec_bmVlZGxlcG9pbnQgdGVzdHMgc2lnbiB3aXRoIHRoaXM=",
    "caldav_password": "secret",
}


def with_only(clinic: Clinic, name: str) -> Clinic:
    on = HandOff().model_copy(update={name: getattr(clinic.hand_off, name)})
    return clinic.model_copy(update={"hand_off": on})


def test_a_clinic_without_hand_offs_needs_no_secrets(clinic):
    assert adapters(clinic.model_copy(update={"hand_off": HandOff()})) == {}


def test_secrets_without_a_hand_off_switch_nothing_on(clinic):
    assert adapters(clinic.model_copy(update={"hand_off": HandOff()}), **SECRETS) == {}


def test_all_that_is_on_has_an_adapter(clinic):
    found = adapters(clinic, **SECRETS)

    assert {channel: type(adapter) for channel, adapter in found.items()} == {
        Channel.EMAIL_CLINIC: ClinicMail,
        Channel.EMAIL_VISITOR: VisitorMail,
        Channel.WEBHOOK: Webhook,
        Channel.CALENDAR: CalDav,
    }


@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("email", {Channel.EMAIL_CLINIC, Channel.EMAIL_VISITOR}),
        ("webhook", {Channel.WEBHOOK}),
        ("caldav", {Channel.CALENDAR}),
    ],
)
def test_one_that_is_on_needs_no_other(name, channels, clinic):
    assert set(adapters(with_only(clinic, name), **SECRETS)) == channels


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize(
    ("name", "argument", "setting"),
    [
        ("email", "smtp_url", "NEEDLEPOINT_SMTP_URL"),
        ("webhook", "webhook_secret", "NEEDLEPOINT_WEBHOOK_SECRET"),
        ("caldav", "caldav_password", "NEEDLEPOINT_CALDAV_PASSWORD"),
    ],
)
def test_one_that_is_on_without_its_secret_is_told_by_the_settings_name(
    name, argument, setting, value, clinic
):
    with pytest.raises(MissingSecret) as missing:
        adapters(with_only(clinic, name), **(SECRETS | {argument: value}))

    assert missing.value.setting == setting
    assert str(missing.value) == f"clinic.yml has hand_off.{name} on, but {setting} is not set"


@pytest.mark.parametrize(
    ("name", "argument", "value", "told"),
    [
        ("email", "smtp_url", "mail.example:587", "NEEDLEPOINT_SMTP_URL needs a URL such as"),
        ("email", "smtp_url", "smtp://u:hush-ö@mail.example", "need to be ASCII"),
        ("webhook", "webhook_secret", "whsec_", "NEEDLEPOINT_WEBHOOK_SECRET is not"),
        ("webhook", "webhook_secret", "whsec_hush5", "NEEDLEPOINT_WEBHOOK_SECRET is not"),
    ],
)
def test_a_secret_that_cannot_be_one_is_told_without_showing_it(
    name, argument, value, told, clinic
):
    with pytest.raises(MissingSecret) as wrong:
        adapters(with_only(clinic, name), **(SECRETS | {argument: value}))

    assert told in str(wrong.value)
    assert "hush" not in str(wrong.value)
    assert wrong.value.__suppress_context__
