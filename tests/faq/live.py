"""The model that visitors talk to, in a folder made to order."""

from pathlib import Path

from web.live_model import Live


def make_live(folder: Path, *models: str) -> Live:
    """Models that are a few bytes, none of them live yet."""
    live = Live(folder / "live-model", folder / "models")
    live.models_dir.mkdir(parents=True, exist_ok=True)
    for name in models:
        add_model(live, name)
    return live


def add_model(live: Live, name: str) -> str:
    (live.models_dir / name).write_bytes(name.encode())
    return name
