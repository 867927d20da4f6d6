"""Signing in and staying signed in: sessions are random tokens of which only a hash is kept."""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from threading import BoundedSemaphore, Lock

from argon2.exceptions import InvalidHashError, VerificationError
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import Engine, delete, select, update
from sqlalchemy.orm import joinedload

from faq.database import StaffDatabaseUnavailable, reading, writing
from faq.models import StaffAccount, StaffSession
from web.limits import Windows
from web.staff.accounts import HASHER, LONGEST_PASSWORD, hash_password, name_key, typed_password

SESSION_SECONDS = 12 * 3600
# How exactly it is known when somebody was here last.
SEEN_SECONDS = 300
PER_ACCOUNT = RateLimitItemPerMinute(8, 15)
PER_ADDRESS = RateLimitItemPerMinute(30, 15)
# More than an address is allowed, so that nobody locks somebody else out who knows their name.
PER_ACCOUNT_ANYWHERE = RateLimitItemPerMinute(100, 15)
# Each hash takes 32 MB and a core for a while.
HASHES_AT_ONCE = 2
HASH_WAIT_SECONDS = 10.0


class SignInRefused(Exception):
    """Name and password do not go together, whichever of them is wrong."""


class TooManyTries(Exception):
    """Too many wrong passwords for this name or from this address; `seconds` until the next."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries, the next one in {seconds} s")
        self.seconds = seconds


@dataclass(frozen=True)
class Throttle:
    """Counts wrong passwords: of an account from an address, of each; one for the process."""

    _limiter: FixedWindowRateLimiter
    _lock: Lock
    _hashing: BoundedSemaphore

    @classmethod
    def fresh(cls) -> Throttle:
        limiter = FixedWindowRateLimiter(Windows())
        return cls(limiter, Lock(), BoundedSemaphore(HASHES_AT_ONCE))

    def spend(self, name: str, address: str) -> None:
        """Count a try before it is made, so that many at once are counted, too.

        Raises `TooManyTries`, which counts nothing.
        """
        with self._lock:
            for limit, key in _keys(name, address):
                if not self._limiter.test(limit, key):
                    opens = self._limiter.get_window_stats(limit, key).reset_time
                    raise TooManyTries(max(1, math.ceil(opens - time.time())))
            for limit, key in _keys(name, address):
                self._limiter.hit(limit, key)

    def forget(self, name: str, address: str) -> None:
        """After the right password; address and account go on being counted by themselves."""
        limit, key = _keys(name, address)[0]
        with self._lock:
            self._limiter.clear(limit, key)

    @contextmanager
    def hashing(self) -> Iterator[None]:
        """Keeps the memory and cores that passwords take within bounds."""
        if not self._hashing.acquire(timeout=HASH_WAIT_SECONDS):
            raise TooManyTries(round(HASH_WAIT_SECONDS))
        try:
            yield
        finally:
            self._hashing.release()


def _keys(name: str, address: str) -> tuple[tuple[RateLimitItem, str], ...]:
    # Hashed, as a name may be as long as somebody likes.
    account = hashlib.sha256(name_key(name).encode()).hexdigest()
    return (
        (PER_ACCOUNT, f"account {account} from {address}"),
        (PER_ADDRESS, f"address {address}"),
        (PER_ACCOUNT_ANYWHERE, f"account {account}"),
    )


def sign_in(engine: Engine, throttle: Throttle, name: str, password: str, address: str) -> str:
    """Check a password and open a session; returns its token.

    Raises `SignInRefused`, `TooManyTries`, `StaffDatabaseUnavailable`.
    """
    account, stored = check(engine, throttle, name, password, address)
    renewed = stored
    if HASHER.check_needs_rehash(stored):
        with throttle.hashing():
            renewed = hash_password(password)
    return _open(engine, account, stored, renewed)


def check(
    engine: Engine, throttle: Throttle, name: str, password: str, address: str
) -> tuple[StaffAccount, str]:
    """Whose name and password these are, with the hash it was checked against.

    An unknown name takes as long as a known one. Raises as `sign_in` does.
    """
    throttle.spend(name, address)
    with reading(engine) as session:
        account = session.scalar(
            select(StaffAccount).where(StaffAccount.name_key == name_key(name))
        )
    stored = account.password_hash if account and account.active else None
    with throttle.hashing():
        nobodys = _hash_of_nobody()
        fits = _fits(stored or nobodys, password)
    if account is None or stored is None or not fits:
        raise SignInRefused
    throttle.forget(name, address)
    return account, stored


def _fits(stored: str, password: str) -> bool:
    try:
        return HASHER.verify(stored, typed_password(password[: LONGEST_PASSWORD + 1]))
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hash_of_nobody() -> str:
    """Of a password that nobody has: an unknown name takes as long as a known one."""
    return hash_password(secrets.token_urlsafe())


def _open(engine: Engine, account: StaffAccount, stored: str, renewed: str) -> str:
    token, now = secrets.token_urlsafe(32), time.time()
    with writing(engine) as session:
        # The password may have been changed, or the account closed, while it was being checked.
        still = session.execute(
            update(StaffAccount)
            .where(
                StaffAccount.id == account.id,
                StaffAccount.active,
                StaffAccount.password_hash == stored,
            )
            .values(password_hash=renewed)
            .returning(StaffAccount.id)
        ).scalar()
        if still is None:
            raise SignInRefused
        session.execute(delete(StaffSession).where(StaffSession.expires_at <= now))
        session.add(
            StaffSession(
                token_hash=token_hash(token),
                account_id=account.id,
                expires_at=now + SESSION_SECONDS,
                seen_at=now,
            )
        )
    return token


def account_of(engine: Engine, token: str) -> StaffAccount | None:
    """Whose session a token opens; None when it is over or never was one."""
    now = time.time()
    with reading(engine) as session:
        found = session.scalar(
            select(StaffSession)
            .join(StaffSession.account)
            .where(
                StaffSession.token_hash == token_hash(token),
                StaffSession.expires_at > now,
                StaffAccount.active,
            )
            .options(joinedload(StaffSession.account))
        )
    if found is None:
        return None
    if now - found.seen_at > SEEN_SECONDS:
        _note_seen(engine, found.token_hash, now)
    return found.account


def _note_seen(engine: Engine, hashed: str, now: float) -> None:
    # Somebody who only looks need not wait for whoever writes.
    with suppress(StaffDatabaseUnavailable), writing(engine) as session:
        session.execute(
            update(StaffSession).where(StaffSession.token_hash == hashed).values(seen_at=now)
        )


def sign_out(engine: Engine, token: str) -> None:
    """End a session; one that is over already is no mistake."""
    with writing(engine) as session:
        session.execute(delete(StaffSession).where(StaffSession.token_hash == token_hash(token)))


def last_seen(engine: Engine) -> dict[int, float]:
    """When each account (by id) with an open session was here last, in seconds since 1970."""
    with reading(engine) as session:
        found = session.execute(
            select(StaffSession.account_id, StaffSession.seen_at)
            .where(StaffSession.expires_at > time.time())
            .order_by(StaffSession.seen_at)
        ).all()
    return {one.account_id: one.seen_at for one in found}


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def form_token(secret: str, token: str) -> str:
    """What the forms of a session carry, so that nobody else can make one up."""
    return hmac.new(secret.encode(), f"staff form {token}".encode(), hashlib.sha256).hexdigest()
