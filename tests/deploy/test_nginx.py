"""The page behind a real nginx at a sub-path, with the very file of deploy/: page, upload, stream, download, API.

Debian's nginx (package nginx-light) is skipped where it is missing.
"""

import dataclasses
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client, handle_file
from playwright.sync_api import Page

from pipelines.paths import ROOT
from tests.browser.conftest import browser_type_launch_args  # noqa: F401 - a fixture
from tests.browser.steps import add
from tests.support.nginx import LOCATION, PROGRAM, bytes_on_disk, nginx
from tests.support.page_client import PageClient, headshot
from tests.support.server import Server, free_port, page_server, selfie

pytestmark = [
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="nginx is not here; Debian's package is nginx-light"),
]

LARGE = b"\xff\xd8\xff" + bytes(3 * 2**20)


@dataclasses.dataclass(frozen=True)
class Behind:
    server: Server
    """The studio's own address replaced by the one that people see."""
    direct: int
    """Port of the studio."""
    folder: Path
    """Folder of nginx."""


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    """The studio behind nginx; its runs take a second and a half."""
    folder, port = tmp_path_factory.mktemp("behind"), free_port()
    told = ("--root-path", f"http://localhost:{port}/studio")
    with page_server(folder / "server", told, run_seconds=1.5) as server:
        direct = urlsplit(server.url).port
        assert direct is not None
        with nginx(folder / "nginx", port, direct) as url:
            yield Behind(dataclasses.replace(server, url=url), direct, folder / "nginx")


@pytest.fixture
def visitor(behind: Behind) -> Iterator[PageClient]:
    client = PageClient(behind.server)
    yield client
    client.close()


def test_the_page_names_its_public_address_and_everything_it_loads_is_there(
    behind: Behind, visitor: PageClient
) -> None:
    root = behind.server.url.rstrip("/")
    assert visitor.config["root"] == root
    text = visitor.http.get("").text
    assert "window.gradio_config" in text and "Headshot Studio" in text
    assert visitor.http.get("theme.css").status_code == 200
    assert visitor.http.get("healthz").json() == {"status": "ok"}
    assert visitor.http.get("config", headers={"host": "evil.example"}).status_code == 421


def test_a_large_photo_is_taken_and_without_its_line_refused(
    behind: Behind, visitor: PageClient, tmp_path: Path
) -> None:
    assert visitor.upload(LARGE).status_code == 200
    with nginx(tmp_path / "control", free_port(), behind.direct, {"client_max_body_size": ""}) as url:
        files = {"files": ("me.jpg", LARGE, "image/jpeg")}
        assert httpx.post(f"{url}gradio_api/upload", files=files).status_code == 413


def test_progress_comes_while_the_run_goes_on(behind: Behind, visitor: PageClient) -> None:
    event = visitor.call("headshot", headshot(visitor)).json()["event_id"]
    began = time.monotonic()
    with visitor.http.stream("GET", f"gradio_api/call/headshot/{event}") as stream:
        moments = [time.monotonic() - began for _ in stream.iter_lines()]
    assert moments[0] < 1.0 < moments[-1]


@pytest.mark.browser
def test_a_browser_finds_everything_below_the_sub_path(behind: Behind, page: Page) -> None:
    answers: list[tuple[int, str]] = []
    page.on("response", lambda answer: answers.append((answer.status, answer.url)))
    page.goto(behind.server.url)
    page.wait_for_selector("#generate")
    add(page, selfie(6))
    assert len(answers) > 20 and not [answer for answer in answers if answer[0] >= 400]
    assert all(url.startswith((behind.server.url, "data:", "blob:")) for _, url in answers)


def test_pictures_are_made_and_downloaded_through_the_api(behind: Behind, tmp_path: Path) -> None:
    client = Client(behind.server.url, verbose=False, analytics_enabled=False, download_files=str(tmp_path))
    made = client.predict(photos=[handle_file(selfie(6))], seed=5, consent=True, api_name="/headshot")
    client.close()
    assert Path(made["pictures"][0]["file"]).stat().st_size > 1000


def test_a_photo_on_its_way_is_not_on_nginx_s_disk(behind: Behind, tmp_path: Path) -> None:
    assert on_disk_half_way(behind.server.url, behind.folder) == 0
    with nginx(tmp_path / "control", free_port(), behind.direct, {"proxy_request_buffering": ""}) as url:
        assert on_disk_half_way(url, tmp_path / "control") > 0


def on_disk_half_way(url: str, folder: Path) -> int:
    """Bytes of an upload that lie in nginx's folder after half of it was sent."""
    address = urlsplit(url)
    assert address.port is not None
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="me.jpg"\r\n\r\n' + LARGE + b"\r\n--x--\r\n"
    head = (
        f"POST {address.path}gradio_api/upload HTTP/1.1\r\nHost: localhost:{address.port}\r\n"
        f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", address.port)) as connection:
        connection.sendall(head.encode() + body[: len(body) // 2])
        time.sleep(0.3)
        lying = bytes_on_disk(folder)
        connection.sendall(body[len(body) // 2 :])
        connection.settimeout(20)
        assert b" 200 " in connection.recv(100)
    return lying


def test_no_address_is_kept(behind: Behind, visitor: PageClient) -> None:
    assert visitor.http.get("").status_code == 200
    assert (behind.folder / "access.log").read_text() == ""


def test_the_readme_names_the_file_that_was_tried() -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"({LOCATION.relative_to(ROOT).as_posix()})" in readme
