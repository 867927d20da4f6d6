"""Who may work in the console: accounts and their passwords.

Passwords are kept as argon2id hashes, sessions as hashes of random tokens. Whoever leaves is
deactivated, not deleted: the log and the history of requests go on naming them.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from typing import Literal, get_args

from argon2 import PasswordHasher
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from faq.database import reading, writing
from faq.models import StaffAccount, StaffSession

Role = Literal["editor", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)

LONGEST_NAME = 60
SHORTEST_PASSWORD, LONGEST_PASSWORD = 12, 256
FEWEST_CHARACTERS = 4  # different ones in a password
# They stand for somebody else in the history of a request.
RESERVED_NAMES = frozenset({"visitor", "clinic"})
NAME = re.compile(r"[^\W_](?:[\w .'-]*[\w.])?")

# OWASP's advice for argon2id, with more memory than its least: about 40 ms on a small server.
HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)


class AccountRefused(Exception):
    """An account cannot be made or changed so; the text says why, and what to do."""


class UnknownAccount(AccountRefused):
    """Nobody of this name works here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no account {name!r}.")


def read_name(typed: str) -> str:
    """The name as it is shown and logged. Raises `AccountRefused`."""
    name = " ".join(unicodedata.normalize("NFC", typed).split())
    if not name or len(name) > LONGEST_NAME:
        raise AccountRefused(f"A name has 1 to {LONGEST_NAME} characters.")
    if not NAME.fullmatch(name):
        raise AccountRefused("A name consists of letters, digits, blanks and . - ' _")
    if name_key(name) in RESERVED_NAMES:
        raise AccountRefused(f"{name!r} stands for somebody else: please choose another name.")
    return name


def name_key(name: str) -> str:
    """A name as it is compared: its case and the blanks around it don't count."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def read_role(typed: str) -> Role:
    """Raises `AccountRefused`."""
    for role in ROLES:
        if typed.strip().lower() == role:
            return role
    raise AccountRefused(f"A role is {' or '.join(ROLES)}.")


def check_password(password: str, name: str) -> None:
    """Refuse what is soon guessed. Raises `AccountRefused`."""
    if len(password) < SHORTEST_PASSWORD:
        raise AccountRefused(
            f"A password has at least {SHORTEST_PASSWORD} characters; several words do well."
        )
    if len(password) > LONGEST_PASSWORD:
        raise AccountRefused(f"A password has at most {LONGEST_PASSWORD} characters.")
    if len(set(password)) < FEWEST_CHARACTERS or name_key(name) in name_key(password):
        raise AccountRefused("That password is soon guessed: please choose another one.")


def hash_password(password: str) -> str:
    return HASHER.hash(typed_password(password))


def typed_password(password: str) -> str:
    """The same whichever keyboard it was typed on."""
    return unicodedata.normalize("NFKC", password)


def add_account(engine: Engine, name: str, password: str, role: Role) -> StaffAccount:
    """Add somebody, or let somebody who had left back in with a new password.

    Raises `AccountRefused` when the name is in use, or it or the password will not do.
    """
    shown = read_name(name)
    check_password(password, shown)
    hashed = hash_password(password)
    try:
        return _add(engine, shown, hashed, role)
    except IntegrityError:
        # Somebody else added the same name at the same moment.
        raise AccountRefused(f"There is an account {shown!r} already.") from None


def _add(engine: Engine, shown: str, hashed: str, role: Role) -> StaffAccount:
    with writing(engine) as session:
        account = _find(session, shown)
        if account is not None and account.active:
            raise AccountRefused(f"There is an account {account.name!r} already.")
        if account is None:
            account = StaffAccount(name_key=name_key(shown), created_at=time.time())
            session.add(account)
        account.name, account.role = shown, role
        account.password_hash, account.active = hashed, True
    return account


def list_accounts(engine: Engine) -> Sequence[StaffAccount]:
    """All accounts by name; those who left come last."""
    with reading(engine) as session:
        return session.scalars(
            select(StaffAccount).order_by(StaffAccount.active.desc(), StaffAccount.name_key)
        ).all()


def has_accounts(engine: Engine) -> bool:
    """Whether anybody can sign in at all."""
    with reading(engine) as session:
        return bool(
            session.scalar(
                select(func.count()).select_from(StaffAccount).where(StaffAccount.active)
            )
        )


def set_password(engine: Engine, name: str, password: str) -> StaffAccount:
    """Give somebody a new password; whoever is signed in under their name is signed out.

    Raises `AccountRefused`, `UnknownAccount`.
    """
    check_password(password, name)
    hashed = hash_password(password)
    with writing(engine) as session:
        account = _active(session, name)
        account.password_hash = hashed
        _sign_out_everywhere(session, account)
    return account


def set_role(engine: Engine, name: str, role: Role) -> StaffAccount:
    """Raises `UnknownAccount`, or `AccountRefused` when no admin would be left."""
    with writing(engine) as session:
        account = _active(session, name)
        if role != "admin":
            _check_not_last_admin(session, account)
        account.role = role
    return account


def deactivate(engine: Engine, name: str) -> StaffAccount:
    """Let somebody in no more, from this moment on; their name stays in the log.

    Raises `UnknownAccount`, or `AccountRefused` when no admin would be left.
    """
    with writing(engine) as session:
        account = _active(session, name)
        _check_not_last_admin(session, account)
        account.active, account.password_hash = False, None
        _sign_out_everywhere(session, account)
    return account


def as_json(account: StaffAccount, tz: tzinfo) -> dict[str, str | bool]:
    """name, role, active, created_at (ISO 8601 with the offset of `tz`)."""
    created_at = datetime.fromtimestamp(account.created_at, UTC).astimezone(tz)
    return {
        "name": account.name,
        "role": account.role,
        "active": account.active,
        "created_at": created_at.isoformat(timespec="seconds"),
    }


def _find(session: Session, name: str) -> StaffAccount | None:
    return session.scalar(
        select(StaffAccount).where(StaffAccount.name_key == name_key(name)).with_for_update()
    )


def _active(session: Session, name: str) -> StaffAccount:
    account = _find(session, name)
    if account is None or not account.active:
        raise UnknownAccount(name)
    return account


def _check_not_last_admin(session: Session, account: StaffAccount) -> None:
    # Locked as a whole on PostgreSQL: two admins could otherwise see each other out.
    admins = session.scalars(
        select(StaffAccount.id)
        .where(StaffAccount.active, StaffAccount.role == "admin")
        .order_by(StaffAccount.id)
        .with_for_update()
    ).all()
    if account.role == "admin" and list(admins) == [account.id]:
        raise AccountRefused(f"{account.name} is the only admin: make somebody else one first.")


def _sign_out_everywhere(session: Session, account: StaffAccount) -> None:
    session.execute(delete(StaffSession).where(StaffSession.account_id == account.id))
