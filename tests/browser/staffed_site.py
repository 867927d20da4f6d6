"""The whole web server with its console, for the browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page

from tests.web.booked import Book, open_book
from tests.web.staffed import PASSWORD, Staffed, console


@contextmanager
def clinic_with_console(folder: Path) -> Iterator[tuple[Staffed, Book]]:
    """A running server, and the book that its board shows; nobody has an account yet."""
    book = open_book(folder)
    try:
        with console(folder, now=book.now) as staffed:
            yield staffed, book
    finally:
        book.engine.dispose()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """From the sign-in page, as people do."""
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
