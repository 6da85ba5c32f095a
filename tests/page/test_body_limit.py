import asyncio
from concurrent.futures import ThreadPoolExecutor

from pipelines.page.body_limit import BodyLimit


def answer(path: str, chunks: list[bytes], headers: list[tuple[bytes, bytes]] = []) -> int:  # noqa: B006 - read only
    sent: list[dict] = []

    async def app(scope, receive, send):
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def receive():
        return {"type": "http.request", "body": chunks.pop(0), "more_body": bool(chunks)}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "path": path, "headers": headers}
    with ThreadPoolExecutor(1) as thread:  # in this one, a browser that another test has started keeps a loop running
        thread.submit(lambda: asyncio.run(BodyLimit(app, uploads=1000, calls=100)(scope, receive, send))).result()
    return sent[0]["status"]


def test_a_body_that_fits_passes() -> None:
    assert answer("/gradio_api/queue/join", [b"x" * 50, b"x" * 50]) == 200
    assert answer("/gradio_api/upload", [b"x" * 1000]) == 200


def test_a_body_that_grows_too_large_is_refused() -> None:
    assert answer("/gradio_api/queue/join", [b"x" * 50, b"x" * 51]) == 413
    assert answer("/gradio_api/upload", [b"x" * 1001]) == 413


def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    assert answer("/gradio_api/run/headshot", [], [(b"content-length", b"101")]) == 413
