import os
import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import safehttpx

from pipelines.page import server
from pipelines.page.private_folder import PrivateFolder
from pipelines.page.server import LOCALHOST, given_hosts, parse, serve, settings
from tests.support.loops import in_a_loop


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPACE_ID", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "HEADSHOT_PASSWORD", "GRADIO_ROOT_PATH"):
        monkeypatch.delenv(name, raising=False)


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    def build(engine, sessions):
        raise AssertionError("the engine must not be loaded first")

    assert serve(arguments, build) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1
    return said.err


def test_by_default_only_this_machine_can_reach_the_page() -> None:
    given = parse([])
    assert (given.host, given.engine, given.share) == (LOCALHOST, "auto", False)
    assert settings(given)["share"] is False


def test_a_space_is_reached_from_outside_without_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPACE_ID", "somebody/headshot-studio")
    assert parse([]).host == "0.0.0.0"
    monkeypatch.setenv("GRADIO_SERVER_NAME", "127.0.0.2")
    assert parse([]).host == "127.0.0.2"


def test_sharing_needs_a_password(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert "needs a password" in refusal(capsys, "--share")
    monkeypatch.setenv("HEADSHOT_PASSWORD", "open sesame")
    assert parse(["--share"]).password == "open sesame"
    assert "8 characters or more" in refusal(capsys, "--share", "--password", "sesame!")


def test_whoever_hosts_it_says_how_long_things_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (parse([]).keep_seconds, parse([]).keep_at_most) == (30 * 60, 4 * 60 * 60)
    monkeypatch.setenv("HEADSHOT_KEEP_SECONDS", "60")
    monkeypatch.setenv("HEADSHOT_KEEP_AT_MOST_SECONDS", "90.5")
    assert (parse([]).keep_seconds, parse([]).keep_at_most) == (60, 90.5)


def test_the_server_s_names_are_those_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    def known(*arguments: str) -> list[str]:
        hosts = given_hosts(parse(arguments))
        names = ("localhost", "10.0.0.7", "studio.example.org", "somebody-headshot-studio.hf.space", "evil.example")
        return [name for name in names if hosts.knows(name)]

    assert known() == ["localhost"]
    assert known("--host", "0.0.0.0") == ["localhost", "10.0.0.7"]
    assert known("--root-path", "https://studio.example.org/faces") == ["localhost", "studio.example.org"]
    monkeypatch.setenv("SPACE_ID", "somebody/Headshot_Studio")
    assert known("--host", "127.0.0.1") == ["localhost", "somebody-headshot-studio.hf.space"]


@pytest.mark.scorecard("R24", cases=5)
def test_start_up_faults_are_one_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind((LOCALHOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"Port {port} cannot be used" in refusal(capsys, "--port", str(port))
    assert "no port 0" in refusal(capsys, "--port", "0")
    assert "There is no engine called 'dall-e'. Choose one of: builtin, " in refusal(capsys, "--engine", "dall-e")
    assert "no address 203.0.113.1" in refusal(capsys, "--host", "203.0.113.1")
    assert "invalid int value" in refusal(capsys, "--port", "many")


@pytest.mark.scorecard("R22", cases=0)
def test_nothing_about_people_is_kept_or_sent() -> None:
    told = settings(parse([]))
    off = ("run_history", "enable_monitoring", "show_error", "mcp_server", "ssr_mode", "pwa", "share")
    assert not any(told[name] for name in off)
    assert told["strict_cors"] and told["footer_links"] == []


def fetched(port: int) -> str:
    """Outcome of fetching a file from this machine as Gradio does for a client that names an address."""

    async def fetch() -> str:
        try:
            return (await safehttpx.get(f"http://studio.example.org:{port}/me.jpg")).text
        except ValueError as refused:
            return str(refused)

    return in_a_loop(fetch)


def test_nothing_is_fetched_for_anybody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    async def allow(_hostname: str) -> str:
        return LOCALHOST

    class Photo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"fetched")

        def log_message(self, *_: object) -> None: ...

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    monkeypatch.setattr(safehttpx, "async_validate_url", allow)
    with HTTPServer((LOCALHOST, 0), Photo) as site:
        threading.Thread(target=site.serve_forever, daemon=True).start()
        assert fetched(site.server_port) == "fetched"  # the control
        server.keep_to_ourselves(PrivateFolder())
        assert fetched(site.server_port) == "this server fetches nothing"
        site.shutdown()
    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
