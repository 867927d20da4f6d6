"""A new model is taken up from the server that has it, while the old one goes on answering."""

import asyncio
import tarfile
from io import BytesIO
from pathlib import Path
from threading import Event
from typing import Any, Awaitable, Callable, Iterator, List, Text

import pytest
import rasa.core.agent
from aiohttp import web
from aiohttp.test_utils import TestServer
from rasa.core.agent import Agent
from rasa.core.channels.channel import CollectingOutputChannel, UserMessage
from rasa.shared.core.domain import Domain
from rasa.utils.endpoints import EndpointConfig

from nlu import model_swap
from nlu.model_swap import ModelSwap, swap_beside_the_talk
from nlu.train import train
from tests.nlu.small_project import make_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds two models that differ in one answer, and a file that is none."""
    folder = tmp_path_factory.mktemp("models")
    project = make_project(folder / "project")
    for name, answer in (("old", "Hardly."), ("new", "Most people feel little.")):
        nlu = project.data / "nlu.yml"
        nlu.write_text(nlu.read_text(encoding="utf-8").replace("Hardly.", answer), "utf-8")
        trained = train(project, folder / "trained")
        (folder / "trained" / trained.model).rename(folder / f"{name}.tar.gz")
    (folder / "broken.tar.gz").write_bytes(b"this was never packed")
    return folder


class LiveModel:
    """What the web process does: serves one model, with its name for an ETag."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, "old"
        self.served: List[Text] = []

    async def handle(self, request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == self.name:
            return web.Response(status=304)
        self.served.append(self.name)
        headers = {"ETag": self.name, "filename": f"{self.name}.tar.gz"}
        return web.Response(body=(self.folder / headers["filename"]).read_bytes(), headers=headers)


def with_live_model(
    folder: Path, work: Callable[[LiveModel, EndpointConfig], Awaitable[None]]
) -> None:
    async def run() -> None:
        live, app = LiveModel(folder), web.Application()
        app.router.add_get("/model", live.handle)
        async with TestServer(app) as server:
            await work(live, EndpointConfig(str(server.make_url("/model"))))

    asyncio.run(run())


async def answer_of(agent: Agent, text: Text) -> Text:
    channel = CollectingOutputChannel()
    await agent.handle_message(UserMessage(text, channel, "somebody"))
    return " ".join(said["text"] for said in channel.messages)


def new_agent() -> Agent:
    return Agent(domain=Domain.empty())


def test_the_live_model_is_taken_up_and_answers(folder: Path) -> None:
    async def work(live: LiveModel, server: EndpointConfig) -> None:
        swap, agent = ModelSwap(), new_agent()

        await swap.update(server, agent)
        before = await answer_of(agent, "does it hurt")
        live.name = "new"
        await swap.update(server, agent)
        await swap.update(server, agent)

        assert before == "Hardly."
        assert await answer_of(agent, "does it hurt") == "Most people feel little."
        assert agent.processor.model_filename == "new.tar.gz"
        assert live.served == ["old", "new"]

    with_live_model(folder, work)


def test_a_turn_under_way_is_answered_by_the_model_it_began_with(folder: Path) -> None:
    async def work(live: LiveModel, server: EndpointConfig) -> None:
        swap, agent = ModelSwap(), new_agent()
        await swap.update(server, agent)
        channel, began_with = CollectingOutputChannel(), agent.processor

        live.name = "new"
        await swap.update(server, agent)
        await began_with.handle_message(UserMessage("does it hurt", channel, "somebody"))

        assert [said["text"] for said in channel.messages] == ["Hardly."]

    with_live_model(folder, work)


def test_visitors_are_answered_while_a_model_is_loaded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, answered = Event(), Event()
    really_load = model_swap.load

    def slow_load(*arguments: Any) -> Any:
        loading.set()
        assert answered.wait(30), "nobody was answered meanwhile"
        return really_load(*arguments)

    async def work(live: LiveModel, server: EndpointConfig) -> None:
        swap, agent = ModelSwap(), new_agent()
        await swap.update(server, agent)
        monkeypatch.setattr(model_swap, "load", slow_load)
        live.name = "new"

        swapping = asyncio.ensure_future(swap.update(server, agent))
        while not loading.is_set():
            await asyncio.sleep(0.01)
        meanwhile = await answer_of(agent, "does it hurt")
        answered.set()
        await swapping

        assert meanwhile == "Hardly."
        assert await answer_of(agent, "does it hurt") == "Most people feel little."

    with_live_model(folder, work)


def of_other_code(folder: Path) -> None:
    """Packs a model one of whose components today's code has not."""
    whole, other = folder / "old.tar.gz", folder / "of-other-code.tar.gz"
    with tarfile.open(whole) as source, tarfile.open(other, "w:gz") as packed:
        for member in source.getmembers():
            content = source.extractfile(member).read() if member.isfile() else b""
            content = content.replace(b"nlu.joint_classifier", b"nlu.classifier_of_old")
            member.size = len(content)
            packed.addfile(member, BytesIO(content))


@pytest.mark.parametrize("bad", ["broken", "of-other-code"])
def test_a_model_that_cannot_be_loaded_leaves_the_one_before(
    folder: Path, bad: Text, monkeypatch: pytest.MonkeyPatch
) -> None:
    of_other_code(folder)
    logged: List[Text] = []
    monkeypatch.setattr(model_swap.log, "exception", logged.append)

    async def work(live: LiveModel, server: EndpointConfig) -> None:
        swap, agent = ModelSwap(), new_agent()
        await swap.update(server, agent)

        live.name = bad
        await swap.update(server, agent)
        await swap.update(server, agent)
        still = await answer_of(agent, "does it hurt")
        live.name = "new"
        await swap.update(server, agent)

        assert still == "Hardly."
        assert live.served == ["old", bad, "new"], "a bad model is not fetched again at once"
        assert await answer_of(agent, "does it hurt") == "Most people feel little."

    with_live_model(folder, work)
    assert logged == ["The live model could not be loaded; the one before stays."]


def test_a_bad_model_is_tried_again_later(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_swap, "RETRY_SECONDS", 0.0)

    async def work(live: LiveModel, server: EndpointConfig) -> None:
        swap, agent = ModelSwap(), new_agent()
        live.name = "broken"

        await swap.update(server, agent)
        await swap.update(server, agent)

        assert live.served == ["broken", "broken"]
        assert not agent.is_ready()

    with_live_model(folder, work)


def test_a_server_that_is_down_changes_nothing(folder: Path) -> None:
    async def work(live: LiveModel, server: EndpointConfig) -> None:
        swap, agent = ModelSwap(), new_agent()
        await swap.update(server, agent)

        await swap.update(EndpointConfig("http://127.0.0.1:9/model"), agent)

        assert await answer_of(agent, "does it hurt") == "Hardly."

    with_live_model(folder, work)


@pytest.fixture
def rasas_own() -> Iterator[Any]:
    own = rasa.core.agent._update_model_from_server
    yield own
    rasa.core.agent._update_model_from_server = own


def test_rasas_polling_swaps_this_way(rasas_own: Any) -> None:
    swap_beside_the_talk()

    assert rasa.core.agent._update_model_from_server is not rasas_own
    assert isinstance(rasa.core.agent._update_model_from_server.__self__, ModelSwap)
