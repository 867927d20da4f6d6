"""Who works in the console: the accounts (for admins), one's own password, and the log."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from web.staff import accounts, log, sessions
from web.staff.accounts import AccountRefused
from web.staff.auth import Sent, Signed, SignedAdmin, SignedIn, audit, go_to, render
from web.staff.pages import SIGN_IN

PEOPLE = "/staff/people"
LOG_PAGE = 100

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.get("/people")
def show_people(request: Request, signed: SignedAdmin) -> Response:
    return _people(request, signed)


@router.post("/people")
def add_person(request: Request, signed: SignedAdmin, form: Sent) -> Response:
    name, password, typed_role = (str(form.get(one, "")) for one in ("name", "password", "role"))
    try:
        role = accounts.read_role(typed_role)
        account = accounts.add_account(signed.console.staff_engine, name, password, role)
    except AccountRefused as refused:
        return _people(request, signed, problem=str(refused), name=name, role=typed_role)
    audit(signed, "added to staff", account.name, account.role)
    return go_to(request, PEOPLE, f"{account.name} can sign in now.")


@router.post("/people/deactivate")
def deactivate(request: Request, signed: SignedAdmin, form: Sent) -> Response:
    try:
        account = accounts.deactivate(signed.console.staff_engine, str(form.get("name", "")))
    except AccountRefused as refused:
        return _people(request, signed, refused=str(refused))
    audit(signed, "deactivated", account.name)
    return go_to(request, PEOPLE, f"{account.name} can no longer sign in.")


@router.post("/people/role")
def change_role(request: Request, signed: SignedAdmin, form: Sent) -> Response:
    try:
        role = accounts.read_role(str(form.get("role", "")))
        account = accounts.set_role(signed.console.staff_engine, str(form.get("name", "")), role)
    except AccountRefused as refused:
        return _people(request, signed, refused=str(refused))
    audit(signed, "changed the role of", account.name, role)
    return go_to(request, PEOPLE, f"{account.name} is an {role} now.")


@router.post("/people/password")
def give_password(request: Request, signed: SignedAdmin, form: Sent) -> Response:
    name, password = str(form.get("name", "")), str(form.get("password", ""))
    try:
        account = accounts.set_password(signed.console.staff_engine, name, password)
    except AccountRefused as refused:
        return _people(request, signed, refused=str(refused))
    audit(signed, "gave a new password to", account.name)
    return go_to(request, PEOPLE, f"{account.name} has a new password and is signed out.")


@router.get("/me")
def show_me(request: Request, signed: Signed) -> Response:
    return render(request, "staff/me.html", signed, problem=None)


@router.post("/me")
def change_my_password(request: Request, signed: Signed, form: Sent) -> Response:
    """Ask for the old password first: somebody else may sit at a desk that was left."""
    old, new, again = (str(form.get(one, "")) for one in ("old", "new", "again"))
    problem = None if new == again else "The new password was typed in two different ways."
    if problem is None:
        problem = _my_new_password(request, signed, old, new)
    if problem is not None:
        return render(request, "staff/me.html", signed, status=422, problem=problem)
    audit(signed, "changed their own password")
    return go_to(request, SIGN_IN, "Your password is changed. Please sign in with the new one.")


def _my_new_password(request: Request, signed: SignedIn, old: str, new: str) -> str | None:
    """Change it; returns why it could not be. Raises `TooManyTries`."""
    console = signed.console
    try:
        sessions.check(
            *(console.staff_engine, console.throttle, signed.name, old),
            address=console.limits.address(request),
        )
        accounts.set_password(console.staff_engine, signed.name, new)
    except sessions.SignInRefused:
        return "Your present password is another one."
    except AccountRefused as refused:
        return str(refused)
    return None


@router.get("/log")
def show_log(request: Request, signed: SignedAdmin, page: int = 1) -> Response:
    engine = signed.console.staff_engine
    pages = max(1, -(-log.log_size(engine) // LOG_PAGE))
    shown = min(max(page, 1), pages)
    entries = log.read_log(engine, limit=LOG_PAGE, skip=(shown - 1) * LOG_PAGE)
    return render(request, "staff/log.html", signed, lines=entries, shown=shown, pages=pages)


def _people(
    request: Request,
    signed: SignedIn,
    *,
    problem: str | None = None,
    refused: str | None = None,
    name: str = "",
    role: str = "editor",
) -> Response:
    engine = signed.console.staff_engine
    facts = {
        "accounts": accounts.list_accounts(engine),
        "last_seen": sessions.last_seen(engine),
        "roles": accounts.ROLES,
        "problem": problem,
        "refused": refused,
        "name": name,
        "role": role,
    }
    status = 422 if problem or refused else 200
    return render(request, "staff/people.html", signed, status=status, **facts)
