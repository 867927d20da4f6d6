"""The models of an installation: what they are trained from, and which of them is live."""

from __future__ import annotations

from faq.rasa_project import RasaProject
from needlepoint.settings import PROJECT_ROOT, Settings
from web.live_model import Live


def live_of(settings: Settings) -> Live:
    """The model that visitors talk to."""
    return Live(settings.live_model_pointer, settings.models_dir)


def project_of(settings: Settings) -> RasaProject:
    """The Rasa project that models are trained from."""
    return RasaProject(
        root=PROJECT_ROOT,
        python=PROJECT_ROOT / ".venv-rasa" / "bin" / "python",
        content=settings.content,
        clinic=settings.clinic,
        models=settings.models_dir,
    )
