"""Time limits of bodies: for whoever sends one slowly, and not for whoever listens to a stream."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from pipelines.page.doors.bodies import Bodies
from pipelines.page.doors.refusal import Refused
from tests.support.loops import in_a_loop

PATIENCE = 0.2


async def through_the_door(app: Any, receive: Any) -> None:
    scope = {"door": SimpleNamespace(body=SimpleNamespace(most=1000)), "headers": []}
    await Bodies(app, patience=PATIENCE)(scope, receive, lambda _: asyncio.sleep(0))


def test_two_who_listen_to_the_same_stream_do_so_until_the_client_leaves() -> None:
    """Starlette waits for the end of a client and Gradio looks for it; on Ray Serve a request comes after its head."""

    async def run() -> list[str]:
        messages, heard = asyncio.Queue[dict[str, Any]](), []

        async def app(_: Any, receive: Any, send: Any) -> None:
            listening = asyncio.create_task(receive())
            await asyncio.sleep(0)
            messages.put_nowait({"type": "http.request"})
            heard.append((await receive())["type"])  # before the one that has waited for it
            await asyncio.wait([listening], timeout=2 * PATIENCE)
            messages.put_nowait({"type": "http.disconnect"})
            heard.append((await listening)["type"])

        await through_the_door(app, messages.get)
        return heard

    assert in_a_loop(run) == ["http.request", "http.disconnect"]


def test_a_body_that_does_not_come_is_refused() -> None:
    async def run() -> None:
        async def app(_: Any, receive: Any, send: Any) -> None:
            await receive()

        with pytest.raises(Refused) as refused:
            await through_the_door(app, asyncio.Queue[dict[str, Any]]().get)
        assert refused.value.status == 408

    in_a_loop(run)
