"""The live model: published in one step, and served to Rasa alone."""

import hashlib
import threading
from pathlib import Path

import httpx
import pytest

from tests.web.conftest import Serve
from tests.web.running import RASA_TOKEN, Server
from web.live_model import UnknownModel, live_model_name, read_live_model, set_live_model

URL = "/internal/model"
TOKEN = {"Authorization": f"Bearer {RASA_TOKEN}"}


def train(folder: Path, name: str, content: bytes = b"a model") -> str:
    models = folder / "models"
    models.mkdir(exist_ok=True)
    (models / name).write_bytes(content)
    return name


def publish(server: Server, name: str, content: bytes = b"a model") -> None:
    folder = server.settings.folder
    train(folder, name, content)
    set_live_model(server.settings.live_model_pointer, server.settings.models_dir, name)


def fetch(server: Server, **headers: str) -> httpx.Response:
    return server.http.get(URL, headers={**TOKEN, **headers})


def test_without_a_published_model_there_is_nothing_to_fetch(server: Server) -> None:
    assert fetch(server).status_code == 204


def test_rasa_fetches_a_model_once_and_the_next_one_when_it_is_published(server: Server) -> None:
    publish(server, "first.tar.gz", b"1" * 100_000)
    first = fetch(server, **{"If-None-Match": "what Rasa starts with"})
    same = fetch(server, **{"If-None-Match": first.headers["etag"]})
    publish(server, "second.tar.gz", b"2")
    second = fetch(server, **{"If-None-Match": first.headers["etag"]})

    assert (first.status_code, first.content) == (200, b"1" * 100_000)
    assert first.headers["filename"] == "first.tar.gz"
    assert first.headers["etag"] == f'"{hashlib.sha256(b"1" * 100_000).hexdigest()}"'
    assert (same.status_code, same.content) == (304, b"")
    assert (second.status_code, second.headers["filename"]) == (200, "second.tar.gz")


def test_a_model_retrained_under_its_old_name_is_a_new_one(server: Server) -> None:
    publish(server, "same.tar.gz", b"before")
    etag = fetch(server).headers["etag"]
    publish(server, "same.tar.gz", b"after it")

    assert fetch(server, **{"If-None-Match": etag}).content == b"after it"


def test_the_token_also_counts_in_the_address_as_rasa_sends_it(server: Server) -> None:
    publish(server, "m.tar.gz")

    assert server.http.get(URL, params={"token": RASA_TOKEN}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer no"}, {"Authorization": "Bearer"}, {"Authorization": "Basic x"}],
)
def test_without_the_token_there_is_no_model(server: Server, headers: dict[str, str]) -> None:
    publish(server, "m.tar.gz")

    refused = server.http.get(URL, headers=headers)

    assert refused.status_code == 401
    assert refused.json()["error"]["code"] == "token_invalid"


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
def test_what_a_proxy_passes_on_is_not_from_this_machine(serve: Serve, header: str) -> None:
    server = serve(trusted_proxies=("127.0.0.1",))
    publish(server, "m.tar.gz")

    assert fetch(server, **{header: "127.0.0.1"}).status_code == 404


def test_a_model_that_was_deleted_is_not_served(server: Server) -> None:
    publish(server, "m.tar.gz")
    (server.settings.models_dir / "m.tar.gz").unlink()

    assert fetch(server).status_code == 404


def test_publishing_names_the_model_before(tmp_path: Path) -> None:
    pointer = tmp_path / "state" / "live-model"
    names = [train(tmp_path, f"{n}.tar.gz") for n in range(3)]

    before = [set_live_model(pointer, tmp_path / "models", name) for name in names]

    assert before == [None, "0.tar.gz", "1.tar.gz"]
    assert live_model_name(pointer) == "2.tar.gz"
    assert [path.name for path in pointer.parent.iterdir()] == ["live-model"]


@pytest.mark.parametrize("name", ["", "gone.tar.gz", "../m.tar.gz", "m.txt", "/etc/passwd", "."])
def test_what_is_no_trained_model_is_not_published(tmp_path: Path, name: str) -> None:
    train(tmp_path, "live.tar.gz")
    train(tmp_path, "m.txt")
    (tmp_path / "m.tar.gz").write_bytes(b"outside the folder")
    pointer = tmp_path / "live-model"
    set_live_model(pointer, tmp_path / "models", "live.tar.gz")

    with pytest.raises(UnknownModel):
        set_live_model(pointer, tmp_path / "models", name)

    assert live_model_name(pointer) == "live.tar.gz"


def test_a_pointer_is_never_seen_half_written(tmp_path: Path) -> None:
    pointer, models = tmp_path / "live-model", tmp_path / "models"
    names = [train(tmp_path, f"model-{n}-{'x' * n * 40}.tar.gz") for n in range(3)]
    set_live_model(pointer, models, names[0])
    done = threading.Event()

    def keep_publishing() -> None:
        while not done.is_set():
            for name in names:
                set_live_model(pointer, models, name)

    publisher = threading.Thread(target=keep_publishing)
    publisher.start()
    try:
        seen = {live_model_name(pointer) for _ in range(2000)}
        model = read_live_model(pointer, models)
    finally:
        done.set()
        publisher.join()

    assert seen <= set(names)
    assert model is not None
