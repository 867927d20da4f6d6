"""What the console's pages work with; put together once in `web.app`."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request
from fastapi.templating import Jinja2Templates
from sqlalchemy import Engine

from booking.clinic import Clinic
from booking.links import ManageLinks
from faq.rasa_project import RasaMissing, RasaProject, TrainingFailed
from faq.trying import ModelTrial
from web.limits import RateLimits
from web.live_model import Live
from web.staff.dashboard_figures import KeptFigures
from web.staff.sessions import Throttle
from web.staff.teaching import PROJECT, Teaching

log = logging.getLogger(__name__)


class ConsoleSettings(Protocol):
    """What the console needs of the settings."""

    @property
    def signing_secret(self) -> str: ...
    @property
    def public_base_url(self) -> str: ...
    @property
    def content(self) -> Path: ...
    @property
    def models_dir(self) -> Path: ...
    @property
    def live_model_pointer(self) -> Path: ...
    @property
    def clinic(self) -> Path: ...


@dataclass(frozen=True)
class Console:
    """`now` is the clinic's clock, which may be fixed; `real_now` the true time."""

    settings: ConsoleSettings
    templates: Jinja2Templates
    clinic: Clinic
    limits: RateLimits
    staff_engine: Engine
    booking_engine: Engine
    chat_engine: Engine
    now: Callable[[], datetime]
    # The addresses there are pages for.
    paths: frozenset[str]
    real_now: Callable[[], datetime] = lambda: datetime.now(UTC)
    throttle: Throttle = field(default_factory=Throttle.fresh)
    figures: KeptFigures = field(default_factory=KeptFigures)

    @property
    def content(self) -> Path:
        """Folder of the FAQs and articles."""
        return self.settings.content

    @cached_property
    def teaching(self) -> Teaching:
        """What works on FAQs; its files are kept beside the pointer to the live model."""
        return Teaching.of(self.content, self.settings.live_model_pointer.parent)

    @property
    def live(self) -> Live:
        """The model that visitors talk to."""
        return Live(self.settings.live_model_pointer, self.settings.models_dir)

    @cached_property
    def project(self) -> RasaProject:
        """What models are trained from, and by."""
        return RasaProject(
            root=PROJECT,
            python=PROJECT / ".venv-rasa" / "bin" / "python",
            content=self.content,
            clinic=self.settings.clinic,
            models=self.settings.models_dir,
        )

    def is_loadable(self, model: str) -> bool:
        """Whether today's code can load a model; takes a second."""
        try:
            return self.project.is_loadable(model)
        except (RasaMissing, TrainingFailed) as error:
            log.error("which code trained %s can't be told: %s", model, error)
            return False

    @cached_property
    def trial(self) -> ModelTrial:
        """Where questions are tried; to be closed in the end."""
        return ModelTrial(self.project.root, self.project.python)

    @property
    def links(self) -> ManageLinks:
        return ManageLinks(self.settings.signing_secret, self.settings.public_base_url)


def console_of(request: Request) -> Console:
    console = request.app.state.console
    assert isinstance(console, Console)
    return console


Staffed = Annotated[Console, Depends(console_of)]
