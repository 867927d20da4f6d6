"""A console with models, and the worker's part of it played by hand."""

from dataclasses import dataclass, field, replace
from pathlib import Path

from faq import jobs, versions
from faq.contents import Snapshot, contents_of
from faq.library import read_faq
from faq.writing import Draft, digest_of, save_faq
from tests.faq.training import FakeTrainer, make_workshop
from tests.web.staffed import Staffed
from web.live_model import Live
from web.staff import log


@dataclass
class Desk:
    """Somebody's desk: `work` does the job that waits longest, as the worker would."""

    staffed: Staffed
    live: Live
    trainer: FakeTrainer = field(init=False)

    def __post_init__(self) -> None:
        self.trainer = FakeTrainer(self.live)

    @property
    def content(self) -> Path:
        return self.staffed.server.settings.content

    def note(self, model: str) -> None:
        clinic = self.staffed.server.settings.clinic
        copied = Snapshot(self.content, clinic, contents_of(self.content, clinic))
        versions.note_contents(self.staffed.engine, model, copied)

    def work(self) -> jobs.Job:
        shop = make_workshop(self.staffed.engine, self.content, self.live, self.trainer)
        done = jobs.run_next(replace(shop, clinic=self.staffed.server.settings.clinic))
        assert done is not None
        return done

    def edit(self, title: str) -> None:
        path = self.content / "faq" / "downtime.yml"
        draft = replace(Draft.of(read_faq(path)), title=title)
        save_faq(self.content, draft, expected=digest_of(path))

    def logged(self) -> list[tuple[str, str, str]]:
        entries = log.read_log(self.staffed.engine, limit=50)
        return [(one.what, one.about, one.detail) for one in entries]
