"""Makes the adapters that a clinic has switched on."""

from __future__ import annotations

from booking.clinic import Clinic
from booking.hand_off.caldav import CalDav
from booking.hand_off.email import ClinicMail, VisitorMail
from booking.hand_off.notice import Adapter, Channel
from booking.hand_off.smtp import Smtp
from booking.hand_off.webhook import Webhook


class MissingSecret(Exception):
    """A hand-off is on in clinic.yml, and the setting it cannot do without is not set, or wrong."""

    def __init__(self, hand_off: str, setting: str, problem: str = "is not set") -> None:
        super().__init__(f"clinic.yml has hand_off.{hand_off} on, but {setting} {problem}")
        self.setting = setting


def adapters(
    clinic: Clinic,
    *,
    smtp_url: str | None = None,
    webhook_secret: str | None = None,
    caldav_password: str | None = None,
) -> dict[Channel, Adapter]:
    """One adapter for each channel that is on; raises `MissingSecret`."""
    found: dict[Channel, Adapter] = {}
    smtp = _smtp(clinic, smtp_url)
    if smtp is not None:
        found[Channel.EMAIL_CLINIC] = ClinicMail(smtp, clinic)
        found[Channel.EMAIL_VISITOR] = VisitorMail(smtp, clinic)
    webhook = _webhook(clinic, webhook_secret)
    if webhook is not None:
        found[Channel.WEBHOOK] = webhook
    calendar = _calendar(clinic, caldav_password)
    if calendar is not None:
        found[Channel.CALENDAR] = calendar
    return found


def _smtp(clinic: Clinic, url: str | None) -> Smtp | None:
    on = clinic.hand_off.email
    if on is None:
        return None
    if not url:
        raise MissingSecret("email", "NEEDLEPOINT_SMTP_URL")
    try:
        return Smtp(url, on.sender)
    except ValueError as wrong:
        raise MissingSecret("email", "NEEDLEPOINT_SMTP_URL", str(wrong)) from None


def _webhook(clinic: Clinic, secret: str | None) -> Webhook | None:
    on = clinic.hand_off.webhook
    if on is None:
        return None
    if not secret:
        raise MissingSecret("webhook", "NEEDLEPOINT_WEBHOOK_SECRET")
    try:
        return Webhook(on.url, secret, zone=clinic.zone)
    except Exception:
        # Whatever standardwebhooks says of a wrong key, it may quote it.
        raise MissingSecret(
            "webhook", "NEEDLEPOINT_WEBHOOK_SECRET", "is not whsec_ and a key in base64"
        ) from None


def _calendar(clinic: Clinic, password: str | None) -> CalDav | None:
    on = clinic.hand_off.caldav
    if on is None:
        return None
    if not password:
        raise MissingSecret("caldav", "NEEDLEPOINT_CALDAV_PASSWORD")
    return CalDav(on.url, on.username, password, clinic)
