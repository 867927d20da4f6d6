"""The web process put together: everything that is shared is made here and nowhere else."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from sqlalchemy import Engine
from starlette.middleware import Middleware

from booking.clinic import Clinic
from booking.links import ManageLinks
from faq.articles import Articles
from web import chat, health, metrics, models_endpoint
from web.chat_store import ChatStore
from web.conversation import Conversations
from web.errors import LastResort, PageFor, install_error_handlers
from web.headers import CrossOrigin, SafeHeaders
from web.limits import BodyLimit, RateLimits
from web.manage import Desk, manage_router
from web.metrics import Metrics
from web.missed import MissedQuestions
from web.parts import Parts, WebSettings
from web.rasa_client import RasaClient
from web.reference import describe_bodies, reference_router
from web.site import STATIC, not_found_page, site_router, site_templates, wants_page
from web.staff import paths, routers
from web.staff.console import Console
from web.staff.errors import install_console_errors, page_of_status
from web.staff.pages import add_filters
from web.texts import read_texts
from web.tokens import Tokens

# Articles that staff upload.
LARGEST_UPLOAD = 5 * 1024 * 1024

_ABOUT = """\
Ask a clinic's website about microneedling and book a consultation.

Begin with `POST /api/sessions`, then send the token it returns as `Authorization: Bearer <token>`.
Every error is `{"error": {"code", "message"}}`."""


def create_app(
    settings: WebSettings,
    *,
    rasa: RasaClient,
    chat_engine: Engine,
    booking_engine: Engine,
    staff_engine: Engine,
    clinic: Clinic,
    articles: Articles,
    now: Callable[[], datetime],
) -> FastAPI:
    """The app. It closes `rasa` and the engines when it stops; `now` is the clinic's clock."""
    counts = Metrics()
    texts = read_texts(clinic)
    store = ChatStore(chat_engine, counts.store_failures.inc)
    missed = MissedQuestions(staff_engine, chat_engine, counts.inbox_lost.inc)
    parts = Parts(
        settings=settings,
        texts=texts,
        tokens=Tokens(settings.signing_secret),
        limits=RateLimits(settings.rate_limit, settings.trusted_proxies),
        metrics=counts,
        rasa=rasa,
        store=store,
        conversations=Conversations(rasa, store, articles, texts, counts, missed),
        missed=missed,
        databases=(booking_engine,),
    )
    desk = Desk(
        engine=booking_engine,
        clinic=clinic,
        links=ManageLinks(settings.signing_secret, settings.public_base_url),
        limits=parts.limits,
        public_url=settings.public_base_url,
        now=now,
    )
    templates = site_templates()
    console = Console(
        settings=settings,
        templates=templates,
        clinic=clinic,
        limits=parts.limits,
        staff_engine=staff_engine,
        booking_engine=booking_engine,
        chat_engine=chat_engine,
        now=now,
        paths=paths(),
    )
    page_for = _page_for_people(templates, clinic)
    app = FastAPI(
        title=f"Chat of {clinic.name}",
        description=_ABOUT,
        lifespan=_lifespan,
        docs_url=None,
        redoc_url=None,
        middleware=[
            Middleware(SafeHeaders),
            Middleware(CrossOrigin, origins=settings.allowed_origins),
            Middleware(LastResort, texts=texts, page_for=page_for),
            Middleware(BodyLimit, texts=texts, page_for=page_for, paths=("/api/", "/manage/")),
            Middleware(
                BodyLimit, texts=texts, page_for=page_for, paths=("/staff",), largest=LARGEST_UPLOAD
            ),
        ],
    )
    app.state.parts, app.state.console = parts, console
    install_error_handlers(app, texts, page_for)
    _add_routes(app, templates, articles, desk)
    _add_console(app, console)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    await app.state.parts.rasa.open()
    yield
    await app.state.parts.rasa.close()
    await run_in_threadpool(app.state.parts.missed.close)
    app.state.parts.store.close()
    for engine in app.state.parts.databases:
        engine.dispose()
    await run_in_threadpool(app.state.console.trial.close)
    app.state.console.staff_engine.dispose()


def _add_routes(app: FastAPI, templates: Jinja2Templates, articles: Articles, desk: Desk) -> None:
    for router in (chat.router, health.router, metrics.router, models_endpoint.router):
        app.include_router(router)
    describe_bodies(app, chat.BODIES)
    app.include_router(reference_router(templates))
    app.include_router(site_router(templates, articles, desk.clinic))
    app.include_router(manage_router(templates, desk))
    app.mount("/static", StaticFiles(directory=STATIC), name="static")


def _add_console(app: FastAPI, console: Console) -> None:
    add_filters(console.templates, console)
    install_console_errors(app)
    for router in routers():
        app.include_router(router)


def _page_for_people(templates: Jinja2Templates, clinic: Clinic) -> PageFor:
    def page(request: Request, status: int) -> Response | None:
        of_console = page_of_status(request, status)
        if of_console is not None or status != 404 or not wants_page(request):
            return of_console
        return not_found_page(request, templates, clinic)

    return page
