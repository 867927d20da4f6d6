"""The console at /staff: where the clinic's people answer requests and teach the assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import APIRouter


def routers() -> Sequence[APIRouter]:
    """Every group of pages; each has `/staff` in front of its addresses."""
    # Imported here: the command line uses accounts and log without the pages.
    from web.staff import auth, dashboard, drafts, faqs, inbox, people, publish, requests

    return (
        *(auth.router, inbox.router, faqs.router, drafts.router, requests.router, dashboard.router),
        *(publish.router, people.router),
    )


def paths() -> frozenset[str]:
    """The addresses of all these pages."""
    from starlette.routing import Route

    return frozenset(
        route.path for router in routers() for route in router.routes if isinstance(route, Route)
    )
