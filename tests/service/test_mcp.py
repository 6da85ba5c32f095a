"""Model Context Protocol: a real client of the package mcp finds the four endpoints, and stands at the same doors."""

import base64
import json
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import httpx
import pytest

from pipelines.page.doors.front import Front
from pipelines.provenance.save import is_marked
from tests.support.loops import in_a_loop
from tests.support.server import Server, page_server, selfie
from tests.support.studio_kit import small

mcp = pytest.importorskip("mcp", reason="the package mcp is not installed (requirements-mcp.txt)")
pytestmark = [pytest.mark.service, pytest.mark.slow]

PASSWORD = "correct horse battery"
PHOTO = base64.b64encode(small(selfie(6))).decode()
RUN_SECONDS = 4
PUBLIC = ["check_photos", "headshot", "looks", "recipe"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with page_server(tmp_path_factory.mktemp("server"), ["--mcp"]) as server:
        yield server


@asynccontextmanager
async def connected(server: Server, http: httpx.AsyncClient | None = None) -> AsyncIterator[Any]:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamable_http_client

    url = f"{server.url}gradio_api/mcp"
    async with streamable_http_client(url, http_client=http) as (read, write, _), ClientSession(read, write) as session:
        await session.initialize()
        yield session


def run(server: Server, work: Callable[[Any], Any], http: httpx.AsyncClient | None = None) -> Any:
    async def main() -> Any:
        async with connected(server, http) as session:
            return await work(session)

    return in_a_loop(main)


def answer(result: Any) -> Any:
    """The JSON of a result."""
    assert not result.isError, result.content
    return json.loads(result.content[-1].text)


def refusal(result: Any) -> str:
    assert result.isError
    (content,) = result.content
    return str(content.text)


def test_a_client_finds_the_four_public_endpoints_and_no_other(server: Server) -> None:
    tools = {tool.name: tool for tool in run(server, lambda session: session.list_tools()).tools}
    assert sorted(tools) == PUBLIC
    schema = tools["headshot"].inputSchema
    api = httpx.get(f"{server.url}gradio_api/info").json()["named_endpoints"]["/headshot"]["parameters"]
    assert list(schema["properties"]) == [parameter["parameter_name"] for parameter in api]
    assert schema["required"] == ["photos"]
    assert "best likeness first" in tools["headshot"].description
    assert any(line.startswith("Model Context Protocol: http") for line in server.log)


def test_a_client_makes_headshots_and_hears_how_far_they_are(server: Server) -> None:
    heard: list[float] = []

    async def hear(done: float, total: float | None, message: str | None) -> None:
        heard.append(done)

    async def work(session: Any) -> Any:
        wanted = {"photos": [PHOTO], "consent": True, "seed": 5, "look": "cv"}
        return await session.call_tool("headshot", wanted, progress_callback=hear)

    result = run(server, work)
    (picture,) = answer(result)["pictures"]
    image, _ = result.content
    assert image.mimeType == "image/jpeg" and is_marked(base64.b64decode(image.data))
    assert picture["likeness"] == 0.6
    assert heard == sorted(heard) and heard[-1] == 1.0
    file = httpx.get(picture["file"])  # from the same address; it is another visitor's for everybody else
    assert file.status_code == 200


def test_looks_photos_and_recipes_work_with_base64_and_with_uploads(server: Server) -> None:
    with httpx.Client(base_url=server.url) as http:
        (path,) = http.post("gradio_api/upload", files={"files": ("me.jpg", base64.b64decode(PHOTO))}).json()

    async def work(session: Any) -> list[Any]:
        photos = [path, f"data:image/jpeg;base64,{PHOTO}"]
        return [
            await session.call_tool("looks", {}),
            await session.call_tool("check_photos", {"photos": photos, "consent": True}),
            await session.call_tool("recipe", {"picture": PHOTO}),
        ]

    looks, photos, recipe = run(server, work)
    assert "corporate" in [look["id"] for look in answer(looks)["looks"]]
    assert [report["usable"] for report in answer(photos)] == [True, True]
    assert "no recipe" in refusal(recipe)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("headshot", {"photos": [PHOTO]}, "Please confirm first"),
        ("headshot", {"photos": ["@@@"], "consent": True}, "must be base64"),
        ("headshot", {"photos": ["/etc/passwd"], "consent": True}, ""),
        ("headshot", {"photos": [7], "consent": True}, "must be base64"),
        ("headshot", {"photos": [], "consent": True}, ""),
        ("headshot", {"photos": [PHOTO], "consent": True, "wardobe": "x"}, "takes no argument wardobe"),
        ("headshot", {"consent": True}, "needs the argument photos"),
        ("headshot", {"photos": [PHOTO], "consent": True, "count": 99}, "whole number from 1 to 8"),
        ("generate", {}, "no tool called that"),
    ],
)
def test_nonsense_gets_a_sentence(tool: str, arguments: dict[str, Any], said: str, server: Server) -> None:
    sentence = refusal(run(server, lambda session: session.call_tool(tool, arguments)))
    assert said in sentence and sentence.endswith(".") and PHOTO[:40] not in sentence


def test_the_doors_are_the_same(server: Server) -> None:
    address = f"{server.url}gradio_api/mcp"
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    accept = {"accept": "application/json, text/event-stream"}
    assert httpx.post(address, json=ping, headers=accept).status_code == 200
    assert httpx.get(address, headers=accept).status_code == 405
    assert httpx.post(address, json=ping, headers={**accept, "host": "evil.example"}).status_code == 421
    assert httpx.post(address, json=ping, headers={**accept, "origin": "https://evil.example"}).status_code == 403
    large = {**accept, "content-type": "application/json"}
    assert httpx.post(address, content=b"x" * (50 * 2**20), headers=large).status_code == 413


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with a password, whose runs take long."""
    words = ["--mcp", "--password", PASSWORD]
    with page_server(tmp_path_factory.mktemp("guarded"), words, run_seconds=RUN_SECONDS) as server:
        yield server


def entered(server: Server) -> httpx.AsyncClient:
    answered = httpx.post(f"{server.url}login", data={"password": PASSWORD})
    return httpx.AsyncClient(cookies=answered.cookies, timeout=60)


def test_the_password_holds_for_it(guarded: Server) -> None:
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    assert httpx.post(f"{guarded.url}gradio_api/mcp", json=ping).status_code == 401
    tools = run(guarded, lambda session: session.list_tools(), entered(guarded)).tools
    assert sorted(tool.name for tool in tools) == PUBLIC


def test_a_run_ends_when_its_client_goes(guarded: Server) -> None:
    wanted = {"photos": [PHOTO], "consent": True}

    async def leave(session: Any) -> None:
        with anyio.move_on_after(0.5):
            await session.call_tool("headshot", wanted)

    begun = time.monotonic()
    for _ in range(3):
        run(guarded, leave, entered(guarded))
    assert answer(run(guarded, lambda session: session.call_tool("headshot", wanted), entered(guarded)))["pictures"]
    assert time.monotonic() - begun < 3 * RUN_SECONDS, "it waited for runs that nobody was there for"


def test_without_the_option_there_is_nothing() -> None:
    front = Front(port=1, anothers=lambda visitor, file: False)
    assert not any(re.fullmatch(route.path, "/gradio_api/mcp") for route in front._routes())
