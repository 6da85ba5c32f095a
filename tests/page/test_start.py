"""Faults of a start: one plain line, within two seconds where no engine is needed, and an exit code that is not 0."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.project_copy import one_bit_flipped, project_copy, replace
from tests.support.server import free_port

pytestmark = [pytest.mark.service, pytest.mark.slow]

SECONDS = 2.0
"""CPU time of a refusal: other programs on the machine do not count."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A program that ended by itself."""

    code: int
    lines: list[str]
    seconds: float


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return project_copy(tmp_path_factory.mktemp("start"))


def start(project: Path, *arguments: str, **environment: str) -> Ended:
    """Start the app and wait until it ends."""
    known = {name: value for name, value in os.environ.items() if not name.upper().startswith(("GRADIO", "HEADSHOT"))}
    before = os.times()
    process = subprocess.run(
        [sys.executable, "app.py", *arguments],
        cwd=project,
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    return Ended(code=process.returncode, lines=(process.stdout + process.stderr).splitlines(), seconds=seconds)


def refused(ended: Ended) -> str:
    assert ended.code == 2 and len(ended.lines) == 1, ended
    assert ended.seconds < SECONDS
    return ended.lines[0]


@pytest.mark.scorecard("R24")
@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        ((), {"GRADIO_SERVER_PORT": "abc"}, "GRADIO_SERVER_PORT must be the number of a port"),
        ((), {"GRADIO_SERVER_PORT": "99999"}, "There is no port 99999."),
        ((), {"HEADSHOT_KEEP_SECONDS": "abc"}, "HEADSHOT_KEEP_SECONDS must be a number above 0"),
        ((), {"HEADSHOT_KEEP_SECONDS": "-1"}, "HEADSHOT_KEEP_SECONDS must be a number above 0"),
        ((), {"HEADSHOT_KEEP_SECONDS": "nan"}, "HEADSHOT_KEEP_SECONDS must be a number above 0"),
        ((), {"HEADSHOT_KEEP_AT_MOST_SECONDS": "0"}, "HEADSHOT_KEEP_AT_MOST_SECONDS must be a number above 0"),
        ((), {"GRADIO_TEMP_DIR": "/proc/none"}, "The folder for temporary files cannot be used"),
        (("--engine", "none"), {}, "There is no engine called 'none'."),
        (("--host", "203.0.113.1"), {}, "This machine has no address 203.0.113.1."),
        (("--port", "many"), {}, "Argument --port: invalid int value: 'many'."),
        (("--share",), {}, "--share puts the page on the internet"),
    ],
    ids=str,
)
def test_a_wrong_setting_is_one_line(
    project: Path, arguments: tuple[str, ...], environment: dict[str, str], sentence: str
) -> None:
    assert refused(start(project, *arguments, **environment)).startswith(sentence)


@pytest.mark.scorecard("R24")
def test_a_taken_port_is_one_line(project: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert refused(start(project, "--port", port)).startswith(f"Port {port} cannot be used")


NESTED = b"a = " + b"[" * 100_000


@pytest.mark.scorecard("R24")
@pytest.mark.parametrize(
    ("file", "damage", "sentence"),
    [
        ("presets/corporate.toml", lambda _: b"title = ", "presets/corporate.toml is not valid TOML"),
        ("presets/corporate.toml", lambda _: b"title = 'One'", "presets/corporate.toml: the key"),
        ("presets/corporate.toml", lambda _: NESTED, "presets/corporate.toml is nested too deeply"),
        ("presets/corporate.toml", lambda _: b"\xff", "presets/corporate.toml is not UTF-8 text."),
        ("pipelines/looks/phrases.toml", None, "looks/phrases.toml cannot be read (No such file or directory)."),
        ("pipelines/looks/phrases.toml", lambda _: b"", "looks/phrases.toml is damaged or incomplete ('skipped')."),
        ("pipelines/looks/phrases.toml", lambda _: NESTED, "looks/phrases.toml is nested too deeply"),
        ("pipelines/wardrobe/garments.toml", None, "wardrobe/garments.toml cannot be read"),
        ("pipelines/wardrobe/colours.toml", lambda _: b"", "wardrobe/colours.toml is damaged or incomplete"),
        ("pipelines/weight_table.toml", None, "pipelines/weight_table.toml cannot be read"),
        ("pipelines/weight_table.toml", lambda _: NESTED, "pipelines/weight_table.toml is nested too deeply"),
        ("pipelines/weight_table.toml", lambda text: text[:20_000], "pipelines/weight_table.toml is"),
        ("models/selfie_segmentation/model.onnx", lambda model: model[:1000], "The model file model.onnx at"),
        ("models/head_parser/model.onnx", one_bit_flipped, "The model file model.onnx at"),
        ("models/builtin/vae/diffusion_pytorch_model.safetensors", None, "The model file diffusion_pytorch_model."),
        ("assets/examples/person-P006.jpg", None, "assets/examples/person-P006.jpg is missing."),
        ("assets/fonts/inter-latin.woff2", None, "assets/fonts/inter-latin.woff2 is missing."),
    ],
)
def test_a_damaged_file_is_one_line(
    project: Path, file: str, damage: Callable[[bytes], bytes] | None, sentence: str
) -> None:
    path = project / file
    content = path.read_bytes()
    try:
        if damage is None:
            path.unlink()
        else:
            replace(path, damage(content))
        assert refused(start(project)).startswith(sentence)
    finally:
        path.write_bytes(content)


@pytest.mark.scorecard("R24")
def test_without_any_look_or_any_example_it_is_one_line(project: Path) -> None:
    for folder, sentence in (("presets", "There are no looks"), ("assets/examples", "assets/examples/person-P006.jpg")):
        away = project / "away"
        (project / folder).rename(away)
        try:
            assert refused(start(project)).startswith(sentence)
        finally:
            away.rename(project / folder)


@pytest.mark.scorecard("R24")
def test_without_the_relay_share_is_refused_before_the_engine_is_loaded(project: Path) -> None:
    """The name of the relay leads nowhere on a machine without a network, nor does it with this resolver."""
    nowhere = project / "sitecustomize.py"
    nowhere.write_text("import socket\ndef fail(*a, **k): raise OSError\nsocket.create_connection = fail\n")
    try:
        said = refused(start(project, "--share", "--password", "a long password", PYTHONPATH=str(project)))
    finally:
        nowhere.unlink()
    assert said.startswith("The public link cannot be made")


@pytest.mark.scorecard("R24")
def test_a_package_that_is_missing_is_named(project: Path) -> None:
    said = project / "sitecustomize.py"
    said.write_text("import sys\nsys.modules['pillow_heif'] = None\n")
    try:
        line = refused(start(project, PYTHONPATH=str(project)))
    finally:
        said.unlink()
    assert line.startswith("The package pillow_heif is not installed here.")


def serves(project: Path, folder: Path, **environment: str) -> list[str]:
    """Lines of a server that starts, until it is ready; it is then stopped, and must end well."""
    known = {name: value for name, value in os.environ.items() if not name.upper().startswith(("GRADIO", "HEADSHOT"))}
    known = {name: value for name, value in known.items() if not name.upper().endswith("_PROXY")}
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(free_port()), "--engine", "builtin"],
        cwd=project,
        env=known | {"GRADIO_TEMP_DIR": str(folder)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Headshot Studio: "):
            break
    process.send_signal(signal.SIGTERM)
    rest = process.communicate(timeout=20)[0]
    assert process.returncode == 0 and "Traceback" not in rest, rest
    return lines


NOBODY = "http://127.0.0.1:9"  # the port discard: nothing listens there


@pytest.mark.parametrize(
    "proxies",
    [
        {"HTTP_PROXY": NOBODY, "HTTPS_PROXY": NOBODY},
        {"http_proxy": NOBODY, "https_proxy": NOBODY, "NO_PROXY": "example.com"},
        {"ALL_PROXY": "socks5://127.0.0.1:9"},
        {"ALL_PROXY": "gopher://127.0.0.1:9"},
    ],
    ids=str,
)
def test_it_starts_behind_a_proxy_that_cannot_reach_this_machine(
    project: Path, tmp_path: Path, proxies: dict[str, str]
) -> None:
    lines = serves(project, tmp_path, **proxies)
    assert lines[-1].startswith("Headshot Studio: http://127.0.0.1:") and lines[-2].startswith("PyTorch ")
    assert len(lines) == (3 if "ALL_PROXY" in proxies else 2)


@pytest.mark.parametrize(
    "proxies", [{"HTTP_PROXY": NOBODY}, {"ALL_PROXY": "socks5://127.0.0.1:9"}], ids=["http", "socks"]
)
def test_without_our_care_gradio_fails_behind_such_a_proxy(proxies: dict[str, str]) -> None:
    """The control: a server asked from the same process, as Gradio asks its own."""
    code = """
import gradio, http.server, httpx, threading
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.handle_request, daemon=True).start()
print(httpx.get(f"http://127.0.0.1:{server.server_port}/").status_code)
"""
    known = {name: value for name, value in os.environ.items() if not name.upper().endswith("_PROXY")}
    direct = subprocess.run([sys.executable, "-c", code], env=known, capture_output=True, text=True)
    through = subprocess.run([sys.executable, "-c", code], env=known | proxies, capture_output=True, text=True)
    assert (direct.returncode, direct.stdout) == (0, "200\n")
    assert through.returncode != 0 and ("ImportError" if "ALL_PROXY" in proxies else "ConnectError") in through.stderr


def test_it_starts_without_a_look_of_the_sample(project: Path, tmp_path: Path) -> None:
    look = project / "presets" / "corporate.toml"
    content = look.read_bytes()
    look.unlink()
    try:
        assert serves(project, tmp_path)[-1].startswith("Headshot Studio: ")
    finally:
        look.write_bytes(content)


def test_a_signal_while_the_engine_is_loaded_ends_it_at_once(project: Path, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(free_port())],
        cwd=project,
        env={**os.environ, "GRADIO_TEMP_DIR": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(2)
    sent = time.monotonic()
    process.send_signal(signal.SIGTERM)
    errors = process.communicate(timeout=30)[1]
    assert process.returncode == 0 and errors == ""
    assert time.monotonic() - sent < 5 and list(tmp_path.iterdir()) == []


def test_it_serves_on_when_nobody_reads_its_output_any_more(project: Path, tmp_path: Path) -> None:
    """Like `| head -1`: the line with the address comes after the pipe was closed."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "app.py", "--port", str(port), "--engine", "builtin"],
        cwd=project,
        env={**os.environ, "GRADIO_TEMP_DIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.close()
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
            assert b"Headshot Studio" in page.read()
            break
        time.sleep(0.2)
    time.sleep(1)  # it has printed its address by now
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    assert process.stderr is not None and process.stderr.read() == ""
    assert process.wait(20) == 0
    process.stderr.close()
