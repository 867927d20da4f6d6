"""Staff's trainings on the running system: real ones, killed ones, and the way back."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from sqlalchemy import Engine

from booking.database import open_database
from faq import jobs, versions
from faq.contents import contents_of
from faq.library import read_faq
from faq.versions import publish, rollback
from faq.writing import Draft, digest_of, save_faq
from needlepoint.models import live_of, project_of
from needlepoint.settings import PROJECT_ROOT, Settings
from tests.e2e.stack import Stack, make_stack, newest_model, settings_from
from tests.e2e.visitor import Visitor
from web.live_model import Live

MARA = "Mara Quinn"
TRAINING_SECONDS = 240
QUESTION = "how long will my face look red afterwards"


class Desk:
    """A running system with content and models of its own, so that nothing is trained elsewhere."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.settings: Settings = stack.settings
        self.live: Live = live_of(stack.settings)
        self.engine: Engine = open_database(stack.settings.staff_database_url)

    def ask(self) -> str:
        """What a visitor is told just now."""
        return Visitor(self.stack.url).say(QUESTION)[0]

    def loaded(self) -> str | None:
        found: str | None = httpx.get(f"{self.stack.url}/healthz", timeout=5).json()["model"]
        return found

    def wait_until_taken_up(self) -> None:
        self.stack.wait_for(lambda: self.loaded() == self.live.name(), seconds=30)

    def job(self, number: int) -> jobs.Job:
        return jobs.job(self.engine, number)

    def wait_until_over(self, number: int) -> jobs.Job:
        self.stack.wait_for(lambda: self.job(number).is_over, seconds=TRAINING_SECONDS)
        return self.job(number)

    def edit_answer(self, text: str) -> None:
        path = self.settings.content / "faq" / "redness-and-swelling.yml"
        draft = replace(Draft.of(read_faq(path)), answer=text)
        save_faq(self.settings.content, draft, expected=digest_of(path))

    def files(self) -> dict[str, str]:
        return contents_of(self.settings.content, self.settings.clinic)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("teaching")
    shipped = settings_from(dict(os.environ))
    content, models = folder / "data", folder / "models"
    shutil.copytree(shipped.content, content)
    models.mkdir()
    for path in shipped.models_dir.glob(f"{newest_model(shipped).removesuffix('.tar.gz')}.*"):
        shutil.copy2(path, models)
    stack = make_stack(folder, NEEDLEPOINT_CONTENT=str(content), NEEDLEPOINT_MODELS_DIR=str(models))
    stack.start()
    try:
        stack.wait_until_healthy()
        desk = Desk(stack)
        yield desk
        desk.engine.dispose()
    finally:
        stack.stop()


def programs_of(desk: Desk) -> list[int]:
    """The processes that train into this desk's folder of models."""
    found = subprocess.run(
        ["pgrep", "-f", f"nlu.trial.*{desk.settings.models_dir}"], capture_output=True, text=True
    )
    return [int(line) for line in found.stdout.split()]


def is_training(desk: Desk, number: int) -> bool:
    return bool(desk.job(number).state == jobs.RUNNING and programs_of(desk))


def test_a_worker_killed_while_it_trains_leaves_everything_as_it_was(desk: Desk) -> None:
    live, files, answer = desk.live.name(), desk.files(), desk.ask()
    models = sorted(path.name for path in desk.settings.models_dir.glob("*.tar.gz"))
    desk.edit_answer("It is over within hours, for nearly everybody who comes to us for this.")
    edited = desk.files()
    job = jobs.enqueue(desk.engine, by=MARA)
    desk.stack.wait_for(lambda: is_training(desk, job.id), seconds=60)
    training = programs_of(desk)

    desk.stack.stop("worker", hard=True)

    assert desk.ask() == answer
    desk.stack.wait_for(lambda: not programs_of(desk), seconds=10)
    assert training
    desk.stack.start("worker")
    failed = desk.wait_until_over(job.id)
    assert (failed.state, failed.error) == (jobs.FAILED, jobs.STOPPED_SHORT)
    assert (desk.live.name(), desk.ask()) == (live, answer)
    assert sorted(path.name for path in desk.settings.models_dir.glob("*.tar.gz")) == models
    assert desk.files() == edited != files


def test_the_next_training_goes_live_and_one_goes_back_within_seconds(desk: Desk) -> None:
    before, answer = desk.live.name(), desk.ask()
    assert before is not None
    desk.edit_answer("Most people look red for a few hours, and hardly anybody for longer.")

    done = desk.wait_until_over(jobs.enqueue(desk.engine, by=MARA, why="Clearer").id)

    assert done.state == jobs.DONE, (done.error, done.findings)
    assert done.refusals == ()
    assert done.model == desk.live.name()
    desk.wait_until_taken_up()
    assert desk.ask() == "Most people look red for a few hours, and hardly anybody for longer."

    project = project_of(desk.settings)
    version = rollback(desk.engine, desk.live, by=MARA, loadable=project.is_loadable)
    desk.wait_until_taken_up()

    assert version.model == before
    assert desk.ask() == answer


def test_a_training_that_is_stopped_ends_within_seconds(desk: Desk) -> None:
    desk.edit_answer("Redness is gone within a day for most of those who come to see us here.")
    job = jobs.enqueue(desk.engine, by=MARA)
    waits = jobs.enqueue(desk.engine, by="Jonas Field", publish=False)
    desk.stack.wait_for(lambda: is_training(desk, job.id), seconds=60)

    jobs.cancel(desk.engine, job.id)
    jobs.cancel(desk.engine, waits.id)

    began = time.monotonic()
    assert desk.wait_until_over(job.id).state == jobs.CANCELLED
    assert time.monotonic() - began < 10
    assert desk.job(waits.id).state == jobs.CANCELLED
    desk.stack.wait_for(lambda: not programs_of(desk), seconds=10)


def test_publishing_killed_in_the_middle_leaves_a_system_that_answers(desk: Desk) -> None:
    present = desk.live.name()
    trained = [path.name for path in desk.settings.models_dir.glob("*.tar.gz")]
    [other] = [name for name in trained if name != present]
    code = (
        "import os, signal, sys\n"
        "from booking.database import open_database\n"
        "from faq.versions import publish\n"
        "from needlepoint.models import live_of\n"
        "from needlepoint.settings import read_settings\n"
        "from web.live_model import Live\n"
        "class Killed(Live):\n"
        "    def put(self, name):\n"
        "        super().put(name)\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "settings = read_settings()\n"
        "live = live_of(settings)\n"
        "engine = open_database(settings.staff_database_url)\n"
        "publish(engine, Killed(live.pointer, live.models_dir), sys.argv[1], by='Mara Quinn')\n"
    )
    command = [str(PROJECT_ROOT / ".venv/bin/python"), "-c", code, other]

    killed = subprocess.run(command, cwd=PROJECT_ROOT, env=desk.stack.environment)

    assert killed.returncode == -signal.SIGKILL
    desk.wait_until_taken_up()
    assert desk.ask()
    newest = versions.versions(desk.engine, desk.live, limit=1)[0]
    assert (newest.model, newest.by) == (other, MARA)
    assert publish(desk.engine, desk.live, present or "", by=MARA).model == present
