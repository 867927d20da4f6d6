"""The demo clinic's pages: home, articles, privacy, and the page for an address that isn't there.

``site_router`` is all that an app needs besides the static files at ``/static``. For addresses
that no route knows, the app's 404 handler answers with ``not_found_page`` where a person is
looking (``wants_page``) and with its own JSON where a program is.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined

from faq.articles import Article, Articles

STATIC = Path(__file__).with_name("static")
TEMPLATES = Path(__file__).with_name("templates")

# Nothing on these pages comes from elsewhere, and nothing is inline.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "object-src 'none'"
)
PAGE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Content-Type-Options": "nosniff",
}

# Shown on the home page: what people ask first, and where to read on without the chat.
FIRST_QUESTIONS = (
    ("Does microneedling hurt?", "your-treatment-and-aftercare#comfort-and-numbing"),
    ("How much downtime is there?", "your-treatment-and-aftercare#downtime"),
    ("Does it help acne scars?", "what-microneedling-improves#acne-scars"),
    ("How many sessions do I need?", "your-treatment-and-aftercare#how-many-sessions"),
    (
        "Who should see a dermatologist first?",
        "is-microneedling-right-for-you#see-a-dermatologist-first",
    ),
)
MECHANISM = "how-microneedling-works"


class Privacy(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def retention_days(self) -> int: ...


class Clinic(Protocol):
    """The facts of ``clinic.yml`` that the pages show."""

    @property
    def name(self) -> str: ...
    @property
    def tagline(self) -> str: ...
    @property
    def phone(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def address(self) -> Sequence[str]: ...
    @property
    def emergency_number(self) -> str: ...
    @property
    def privacy(self) -> Privacy: ...
    def opening_hours_text(self) -> str: ...
    def phone_text(self) -> str: ...


def site_templates() -> Jinja2Templates:
    """The page templates; a name that a page does not know is an error, not an empty string."""
    templates = Jinja2Templates(directory=TEMPLATES)
    templates.env.undefined = StrictUndefined
    templates.env.filters["art"] = _art
    return templates


def site_router(templates: Jinja2Templates, articles: Articles, clinic: Clinic) -> APIRouter:
    """Routes for ``/``, ``/articles``, ``/articles/{slug}`` and ``/privacy``."""
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)

    def page(request: Request, name: str, **facts: object) -> HTMLResponse:
        return _page(request, templates, name, {"clinic": clinic, **facts})

    @router.get("/")
    def home(request: Request) -> HTMLResponse:
        return page(
            request,
            "home.html",
            articles=articles,
            mechanism=articles.get(MECHANISM),
            questions=_first_questions(articles),
        )

    @router.get("/articles")
    def article_index(request: Request) -> HTMLResponse:
        return page(request, "articles.html", articles=articles)

    @router.get("/articles/{slug}")
    def article(request: Request, slug: str) -> HTMLResponse:
        found = articles.get(slug)
        if found is None:
            return not_found_page(request, templates, clinic)
        before, after = _neighbours(articles, found)
        return page(request, "article.html", article=found, before=before, after=after)

    @router.get("/privacy")
    def privacy(request: Request) -> HTMLResponse:
        return page(request, "privacy.html")

    return router


def not_found_page(request: Request, templates: Jinja2Templates, clinic: Clinic) -> HTMLResponse:
    """The 404 page, with the way back to what there is."""
    return _page(request, templates, "not_found.html", {"clinic": clinic}, status=404)


def wants_page(request: Request) -> bool:
    """Whether a person's browser asks, so that a page says more than an error object."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(
        "/api/"
    )


def _page(
    request: Request,
    templates: Jinja2Templates,
    name: str,
    context: dict[str, object],
    status: int = 200,
) -> HTMLResponse:
    return templates.TemplateResponse(request, name, context, status, headers=PAGE_HEADERS)


def _first_questions(articles: Articles) -> list[tuple[str, str]]:
    """Questions with the address of their section, without those a clinic has no section for."""
    sources = ((question, articles.source(section)) for question, section in FIRST_QUESTIONS)
    return [(question, source.url) for question, source in sources if source]


def _neighbours(articles: Articles, article: Article) -> tuple[Article | None, Article | None]:
    ordered = list(articles)
    at = ordered.index(article)
    before = ordered[at - 1] if at > 0 else None
    after = ordered[at + 1] if at + 1 < len(ordered) else None
    return before, after


def _art(slug: str) -> str:
    """The drawing of an article; a clinic's own article has the linden leaf until it has one."""
    name = slug if (STATIC / "art" / f"{slug}.svg").is_file() else "leaf"
    return f"/static/art/{name}.svg"
