"""An upload serves whoever sent it: a page's its visitor, a script's the address that it came from."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file

from tests.service.doors.conftest import Serve
from tests.support.loops import in_a_loop
from tests.support.page_client import FILE, PageClient, headshot
from tests.support.server import Server, selfie

pytestmark = [pytest.mark.service, pytest.mark.slow]

NOT_THERE = "The file is not there"
NO_FACES = [None] * 6
PASSWORD = "correct horse battery"


@pytest.fixture
def come(server: Server) -> Iterator[Callable[..., PageClient]]:
    """Let somebody come to the server; see PageClient."""
    with ExitStack() as stack:

        def come(at: Server = server, **how: Any) -> PageClient:
            client = PageClient(at, **how)
            stack.callback(client.close)
            return client

        yield come


def answers(client: PageClient, path: str) -> dict[str, str]:
    """Answers of all that reads an upload to this client; the page's own only where it has a page."""
    photo = {"path": path, "meta": FILE}
    said = {
        "check_photos": client.answer("check_photos", [[photo], None, True])[1],
        "recipe": client.answer("recipe", [photo])[1],
        "headshot": client.answer("headshot", headshot(client, photos=[photo]))[1],
        "file": client.http.get(f"gradio_api/file={path}").content[:4].hex(),
    }
    if client.http.cookies:
        said["add_photos"] = client.result("add_photos", [[photo], True, *NO_FACES])["output"]
    return {name: json.dumps(one) for name, one in said.items()}


def served(said: dict[str, str]) -> set[str]:
    """Names of the answers that show the photo was read."""
    signs = {
        "check_photos": '"usable": true',
        "recipe": "no recipe",
        "headshot": '"pictures"',
        "file": "ffd8ff",
        "add_photos": "data:image",
    }
    return {name for name, one in said.items() if signs[name] in one}


@pytest.mark.scorecard("R15")
def test_a_page_s_upload_serves_that_page_s_visitor_only(come: Callable[..., PageClient]) -> None:
    ann = come()
    path = ann.photo()["path"]
    for other in (come(), come(cookie=False), come(address="127.0.0.2"), come(cookie=False, address="127.0.0.2")):
        said = answers(other, path)
        assert served(said) == set()
        assert all(NOT_THERE in one for name, one in said.items() if name != "file"), said
    assert served(answers(ann, path)) == {"check_photos", "recipe", "headshot", "file", "add_photos"}


@pytest.mark.scorecard("R15")
def test_a_script_s_upload_serves_the_address_that_it_came_from(come: Callable[..., PageClient]) -> None:
    script = come(cookie=False)
    path = script.photo()["path"]
    for other in (come(cookie=False, address="127.0.0.2"), come(address="127.0.0.2"), come()):
        assert served(answers(other, path)) == set()
    another_process = come(cookie=False)  # as curl is one for each of its calls
    assert served(answers(another_process, path)) == {"check_photos", "recipe", "headshot", "file"}


@pytest.mark.scorecard("R15")
def test_the_path_of_an_upload_cannot_be_guessed_from_the_photo(come: Callable[..., PageClient]) -> None:
    ann, eve = come(cookie=False), come(cookie=False)
    paths = [Path(client.photo()["path"]) for client in (ann, eve, eve)]
    assert len(set(paths)) == 3 and {path.name for path in paths} == {"me.jpg"}
    assert {len(path.parent.name) for path in paths} == {64}
    assert hashlib.sha256(selfie(6).read_bytes()).hexdigest() not in [path.parent.name for path in paths]


@pytest.mark.scorecard("R15", cases=0)
def test_without_the_check_and_the_names_whoever_knows_a_photo_reads_it(
    serve: Serve, come: Callable[..., PageClient]
) -> None:
    careless = serve(without=["senders"])
    ann, eve = come(careless), come(careless, cookie=False, address="127.0.0.2")
    assert served(answers(eve, ann.photo()["path"])) >= {"check_photos", "recipe", "headshot"}
    stock = serve(without=["uploads"])
    assert len({come(stock, cookie=False).photo()["path"] for _ in range(2)}) == 1


def test_gradio_s_client_uses_what_it_sends_with_and_without_a_password(serve: Serve, tmp_path: Path) -> None:
    for server, login in ((serve(), None), (serve("--password", PASSWORD), ("anybody", PASSWORD))):
        client = Client(server.url, auth=login, verbose=False, analytics_enabled=False, download_files=str(tmp_path))
        photo = handle_file(selfie(6))
        assert client.predict([photo], consent=True, api_name="/check_photos")[0]["usable"]
        assert client.predict([photo], count=1, consent=True, api_name="/headshot")["pictures"]
        client.close()


@pytest.mark.scorecard("R15")
@pytest.mark.skipif(find_spec("mcp") is None, reason="the package mcp is not installed (requirements-mcp.txt)")
def test_a_program_of_the_protocol_reads_its_own_uploads_only(serve: Serve, come: Callable[..., PageClient]) -> None:
    server = serve("--mcp")
    script, page = come(server, cookie=False), come(server)
    own, other = script.photo()["path"], page.photo()["path"]
    text = base64.b64encode(selfie(6).read_bytes()).decode()

    async def ask() -> list[Any]:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamable_http_client

        url = f"{server.url}gradio_api/mcp"
        async with streamable_http_client(url) as (read, write, _), ClientSession(read, write) as session:
            await session.initialize()
            return [
                await session.call_tool("check_photos", {"photos": [photo], "consent": True})
                for photo in (own, text, other, f"{other}x")
            ]

    *served, refused, missing = in_a_loop(ask)
    assert [result.isError for result in served] == [False, False]
    assert refused.isError and refused.content[0].text == missing.content[0].text
