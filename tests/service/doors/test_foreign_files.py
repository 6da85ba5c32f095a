"""Files that are not the visitor's: no spelling of their path and no way of asking gives a byte of them."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from pipelines.paths import ROOT
from tests.service.doors.conftest import Serve
from tests.support.page_client import FILE, PageClient, headshot
from tests.support.server import Server

pytestmark = [pytest.mark.service, pytest.mark.slow]

SECRET = b"CANARYSECRET" * 8
PIECE = 48  # bytes of a file that are looked for in an answer


@pytest.fixture(scope="module")
def server(serve: Serve) -> Server:
    return serve(environment={"CANARY": SECRET.decode()})


@pytest.fixture(scope="module")
def files(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """Files that exist and that the server may read, by what they are."""
    folder = tmp_path_factory.mktemp("foreign")
    (secret := folder / "secret.jpg").write_bytes(SECRET)
    (dotenv := folder / ".env").write_bytes(SECRET)
    (link := server.folder / "link.jpg").symlink_to(secret)
    ann = PageClient(server)
    upload = Path(ann.photo(5)["path"])
    _, data = ann.answer("headshot", headshot(ann))
    yield {
        "secret": secret,
        ".env": dotenv,
        "link": link,
        "program": ROOT / "pipelines" / "studio.py",
        "model": next((ROOT / "models").rglob("*.safetensors")),
        "system": Path("/etc/passwd"),
        "environment": Path(f"/proc/{server.process.pid}/environ"),
        "another visitor's photo": upload,
        "another visitor's picture": Path(data[0]["pictures"][0]["file"]["path"]),
    }
    link.unlink()
    ann.close()


def piece(file: Path) -> bytes:
    """A part of a file that no other file has; its beginning may be any JPEG's."""
    content = file.read_bytes()[:200_000]
    return content[len(content) // 2 :][:PIECE]


def got(client: PageClient, path: str) -> bytes:
    return client.http.get(path).content


def told(client: PageClient, **photo: str) -> bytes:
    """Answers of the two endpoints that read files, as a script names a file in a call of its own."""
    handed = {"meta": FILE, **photo}
    answers = []
    for name, data in (("check_photos", [[handed], None, True]), ("recipe", [handed])):
        answer = client.call(name, data)
        answers.append(answer.content)
        if answer.status_code == 200:
            answers.append(json.dumps(client.last_event(name, answer.json()["event_id"])).encode())
    return b"".join(answers)


def up(file: Path) -> str:
    """A path that climbs out of the folder for uploads."""
    return f"uploads/{'../' * 12}{str(file).lstrip('/')}"


WAYS: dict[str, Callable[["Eve", Path], bytes]] = {
    "by its path": lambda client, file: got(client, f"gradio_api/file={file}"),
    "climbing": lambda client, file: got(client, f"gradio_api/file={client.server_folder}/{up(file)}"),
    "encoded": lambda client, file: got(client, f"gradio_api/file={quote(up(file), safe='').replace('.', '%2e')}"),
    "encoded twice": lambda client, file: got(client, f"gradio_api/file={quote(quote(str(file), safe=''), safe='')}"),
    "backslashes": lambda client, file: got(client, f"gradio_api/file={quote(str(file).replace('/', chr(92)))}"),
    "as a static file": lambda client, file: got(client, f"static/{quote(up(file), safe='')}"),
    "as an asset": lambda client, file: got(client, f"assets/..%2f{quote(up(file), safe='')}"),
    "as a stream": lambda client, file: got(client, f"gradio_api/stream/x/1/{quote(str(file), safe='')}"),
    "a photo's path": lambda client, file: told(client, path=str(file)),
    "a photo's climbing path": lambda client, file: told(client, path=f"{client.server_folder}/{up(file)}"),
    "a photo's address": lambda client, file: told(client, path="", url=f"file://{file}"),
    "a photo's address here": lambda client, file: told(client, url=f"{client.http.base_url}gradio_api/file={file}"),
}


class Eve(PageClient):
    """Somebody who knows where the server keeps what."""

    server_folder = ""


@pytest.fixture(scope="module")
def eve(server: Server) -> Iterator[Eve]:
    client = Eve(server)
    client.server_folder = str(server.folder)
    yield client
    client.close()


@pytest.mark.scorecard("R15")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    "what",
    [
        "secret",
        ".env",
        "link",
        "program",
        "model",
        "system",
        "environment",
        "another visitor's photo",
        "another visitor's picture",
    ],
)
def test_no_byte_of_a_foreign_file(eve: Eve, files: dict[str, Path], what: str, way: str) -> None:
    assert piece(files[what]) not in WAYS[way](eve, files[what])


@pytest.mark.scorecard("R15", cases=0)
def test_one_s_own_files_are_given_and_without_the_door_everybody_s(server: Server, serve: Serve) -> None:
    for at, expected in ((server, 403), (serve(without=["files"]), 200)):
        ann, bob = PageClient(at), PageClient(at)
        _, data = ann.answer("headshot", headshot(ann))
        for path in (ann.photo(4)["path"], data[0]["pictures"][0]["file"]["path"]):
            assert ann.http.get(f"gradio_api/file={path}").status_code == 200
            assert bob.http.get(f"gradio_api/file={path}").status_code == expected
        ann.close()
        bob.close()


@pytest.mark.scorecard("R15", cases=0)
def test_a_server_that_gives_files_is_noticed(serve: Serve, tmp_path: Path) -> None:
    (secret := tmp_path / "secret.jpg").write_bytes(SECRET)
    careless = PageClient(serve(environment={"GRADIO_ALLOWED_PATHS": os.fspath(tmp_path)}))
    assert piece(secret) in got(careless, f"gradio_api/file={secret}")
    careless.close()
