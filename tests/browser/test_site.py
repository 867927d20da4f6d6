"""The clinic's pages in a browser."""

import re
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin

import httpx
import pytest
from playwright.sync_api import Locator

from .accessibility import shortcomings
from .conftest import DESKTOP, PHONE, OpenPage

PAGES = ("/", "/articles", "/articles/how-microneedling-works", "/privacy", "/nowhere")
SMALLEST = (320, 568)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_a_page_is_accessible(
    site: str, open_page: OpenPage, path: str, size: tuple[int, int]
) -> None:
    page = open_page(site + path, size)

    assert shortcomings(page) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [SMALLEST, PHONE, (820, 1100), DESKTOP, (2560, 1300)])
def test_a_page_never_scrolls_sideways(
    site: str, open_page: OpenPage, path: str, size: tuple[int, int]
) -> None:
    page = open_page(site + path, size)

    assert page.evaluate("document.documentElement.scrollWidth") == size[0]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_allows_nothing_inline_and_nothing_from_elsewhere(site: str, path: str) -> None:
    answer = httpx.get(site + path)

    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=\"/static/)", answer.text)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", answer.text)


@pytest.mark.parametrize(
    ("path", "heading"),
    [
        ("/", "Very fine needles. The rest is your own skin."),
        ("/articles", "Articles"),
        ("/articles/how-microneedling-works", "How microneedling works"),
        ("/privacy", "Privacy"),
    ],
)
def test_each_page_says_what_it_is(site: str, open_page: OpenPage, path: str, heading: str) -> None:
    page = open_page(site + path)

    assert page.get_by_role("heading", level=1).inner_text().replace("\n", " ") == heading


def test_an_address_that_is_not_there_leads_back(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/articles/gone")

    page.get_by_role("link", name="Look through the articles").click()

    assert httpx.get(f"{site}/articles/gone").status_code == 404
    assert page.url == f"{site}/articles"


def test_a_section_that_is_linked_to_stands_out(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/articles/what-microneedling-improves#acne-scars")

    section = page.locator("#acne-scars")
    plain = page.locator("#pores")

    box = section.bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 200
    assert _background(section) != _background(plain)


def _background(locator: Locator) -> str:
    return str(locator.evaluate("element => getComputedStyle(element).backgroundColor"))


def test_the_contents_lead_to_each_section(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/articles/how-microneedling-works")
    contents = page.get_by_role("navigation", name="In this article")

    contents.get_by_role("link", name="Elastin").click()

    assert page.url.endswith("#elastin")
    assert page.get_by_role("heading", name="Elastin").is_visible()


def test_without_script_a_question_leads_to_its_section(site: str, open_page: OpenPage) -> None:
    page = open_page(site, script=False)

    page.get_by_role("link", name="Does microneedling hurt?").click()

    assert page.url == f"{site}/articles/your-treatment-and-aftercare#comfort-and-numbing"


def test_the_keyboard_can_skip_to_the_content(site: str, open_page: OpenPage) -> None:
    page = open_page(f"{site}/articles")

    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    assert page.evaluate("document.activeElement.id") == "content"


class _Addresses(HTMLParser):
    """Every address that a page points to, and every place in it that can be pointed to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and name in ("href", "src"):
                self.targets.add(value)
            if value and name == "id":
                self.anchors.add(value)


def test_every_link_and_picture_leads_somewhere(site: str) -> None:
    with httpx.Client() as client:
        to_read = ["/"]
        known: dict[str, tuple[int, _Addresses]] = {}
        while to_read:
            path = to_read.pop()
            answer = client.get(site + path)
            known[path] = (answer.status_code, _Addresses(answer.text))
            for target in known[path][1].targets:
                address = urldefrag(urljoin(site + path, target))[0]
                found = address.removeprefix(site)
                if address.startswith(site) and found not in known and found not in to_read:
                    to_read.append(found)

    assert len(known) > 15
    assert [path for path, (status, _) in known.items() if status != 200] == []
    for path, (_, addresses) in known.items():
        for target in addresses.targets:
            address, fragment = urldefrag(urljoin(site + path, target))
            if fragment and address.startswith(site):
                assert fragment in known[address.removeprefix(site)][1].anchors, (path, target)
