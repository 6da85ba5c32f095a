"""The page's response: compressed, described by us, and with its small pictures beside it."""

import gzip
from typing import Any

import pytest

from pipelines.looks.preset import load_looks
from pipelines.page.response.middleware import PageResponse
from pipelines.page.response.pictures import PREVIEW, address, page_files
from tests.support.loops import in_a_loop

GRADIO = b"""<!doctype html><html><head>
<meta property="og:title" content="Gradio" />
<meta
    property="og:image"
    content="https://raw.githubusercontent.com/x.jpg"
/>
<meta name="twitter:creator" content="@Gradio" /></head><body>page</body></html>"""


def answered(path: str, *, kind: str = "text/html", body: bytes = GRADIO, **asked: str) -> tuple[dict, bytes, int]:
    """Headers, body and status of an answer of the middleware around an app that gives `body`, in two parts."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-type", kind.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body[:10], "more_body": True})
        await send({"type": "http.response.body", "body": body[10:]})

    told: list[dict] = []

    async def send(message: Any) -> None:
        told.append(message)

    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in asked.items()]
    scope = {"type": "http", "method": "GET", "path": path, "scheme": "http", "headers": headers, "root_path": ""}
    in_a_loop(lambda: PageResponse(app)(scope, None, send))  # type: ignore[arg-type]
    got = {name.decode().lower(): value.decode() for name, value in told[0]["headers"]}
    return got, b"".join(message.get("body", b"") for message in told), told[0]["status"]


def test_the_page_is_described_by_us_and_not_by_gradio() -> None:
    headers, body, _ = answered("/", host="studio.example", x_forwarded_proto="https")
    page = body.decode()
    assert "Gradio" not in page and "githubusercontent" not in page
    assert '<meta property="og:title" content="Headshot Studio">' in page
    assert f'content="https://studio.example/page-files/{PREVIEW}"' in page
    assert '<meta name="description"' in page and 'rel="icon"' in page and "<body>page</body>" in page
    assert int(headers["content-length"]) == len(body)


def test_the_page_is_compressed_for_who_can_read_that() -> None:
    headers, body, _ = answered("/", accept_encoding="gzip, br", host="a")
    assert headers["content-encoding"] == "gzip" and headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(body)
    assert gzip.decompress(body) == answered("/", host="a")[1]


@pytest.mark.parametrize(("path", "kind"), [("/config", "application/json"), ("/gradio_api/file=a", "text/html")])
def test_everything_else_passes_through(path: str, kind: str) -> None:
    headers, body, _ = answered(path, kind=kind, accept_encoding="gzip")
    assert body == GRADIO and "content-encoding" not in headers


def test_small_files_are_served_by_name_and_nothing_else_is() -> None:
    headers, body, status = answered(f"/{address('look-cv.jpg')}")
    assert status == 200 and headers["content-type"] == "image/jpeg" and body[:2] == b"\xff\xd8"
    assert answered("/under/a/proxy/page-files/icon.png")[0]["content-type"] == "image/png"
    for name in ("look-none.jpg", "../app.py", "..%2fapp.py", ""):
        assert answered(f"/page-files/{name}")[2] == 404


def test_every_look_has_its_picture_beside_the_page() -> None:
    assert all(address(f"look-{look}.jpg") for look in load_looks())
    assert all(len(content) < 150_000 for content in page_files().values())
