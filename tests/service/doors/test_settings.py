"""Gradio's own protections, as this server sets them; each control is a server without that setting."""

from pathlib import Path

import httpx
import pytest

from pipelines.paths import ROOT
from tests.service.doors.conftest import Serve
from tests.support.page_client import PageClient
from tests.support.server import Server

pytestmark = [pytest.mark.service, pytest.mark.slow]

ALLOWED = {"GRADIO_ALLOWED_PATHS": str(ROOT)}


def status(server: Server, file: Path) -> int:
    return httpx.get(f"{server.url}gradio_api/file={file}").status_code


def test_files_of_the_program_are_served_to_nobody(server: Server, serve: Serve, tmp_path: Path) -> None:
    (secret := tmp_path / "secret.txt").write_text("secret")
    for file in (ROOT / "app.py", ROOT / "pipelines" / "studio.py", secret, Path("/proc/self/environ")):
        assert status(server, file) == 403
    careless = serve(environment=ALLOWED)  # whoever runs it has allowed the whole folder
    assert status(careless, ROOT / "README.md") == 200
    assert status(careless, ROOT / "pipelines" / "studio.py") == 403
    assert status(careless, ROOT / "presets" / "corporate.toml") == 403
    open_to_all = serve(environment=ALLOWED, without=["blocked_paths"])
    assert status(open_to_all, ROOT / "pipelines" / "studio.py") == 200


def test_one_file_of_an_upload_is_limited(server: Server, serve: Serve) -> None:
    def send(to: Server) -> int:
        client = PageClient(to, address="127.0.0.77")
        answer = client.upload(b"\xff\xd8\xff" + bytes(31 * 2**20))
        client.close()
        return answer.status_code

    assert send(server) == 413
    assert send(serve(without=["max_file_size"])) == 200


def test_gradio_is_told_to_report_nothing(serve: Serve) -> None:
    server = serve(environment={"GRADIO_ANALYTICS_ENABLED": "True"})
    assert httpx.get(f"{server.url}config").json()["analytics_enabled"] is False


def test_an_upload_that_waits_its_turn_stays(serve: Serve) -> None:
    def second(server: Server) -> tuple[str, object]:
        """Answer to a check that waits behind another for longer than uploads are kept."""
        client = PageClient(server, cookie=False)
        values = [[[client.photo(person)], None, True] for person in (5, 6)]
        events = [client.call("check_photos", data).json()["event_id"] for data in values]
        answer = client.last_event("check_photos", events[1])
        client.close()
        return answer

    assert second(serve(check_seconds=5, upload_seconds=1))[0] == "complete"
    kind, data = second(serve(check_seconds=5, upload_seconds=1, without=["waiting"]))
    assert kind == "error" and "not there" in str(data)
