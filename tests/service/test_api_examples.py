"""docs/api.md: written from the code, and every example in it runs as it stands."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from pipelines.settings import SETTINGS
from tests.support.server import Server, page_server, selfie
from tests.support.studio_kit import small
from tools import write_api

ADDRESS = "http://127.0.0.1:7860"
EXAMPLES = re.findall(r"```(\w+)\n(.+?)```", write_api.FILE.read_text("utf-8"), re.DOTALL)
REGISTRY_SECONDS = 60


def test_the_document_is_what_the_code_says() -> None:
    assert write_api.FILE.read_text("utf-8") == write_api.document(), "run python -m tools.write_api"
    assert all(f"| `{name}` |" in write_api.document() for name in (*SETTINGS, "photos", "consent", "picture"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    arguments = ["--mcp"] if find_spec("mcp") else []
    with page_server(tmp_path_factory.mktemp("server"), arguments) as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "selfie.jpg").write_bytes(small(selfie(6)))
    return tmp_path


def example(kind: str, server: Server, number: int = 0) -> str:
    text = [text for name, text in EXAMPLES if name == kind][number]
    assert ADDRESS in text
    return text.replace(ADDRESS, server.url.rstrip("/"))


def ran(folder: Path, *line: str) -> str:
    done = subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.service
def test_the_python_example(server: Server, folder: Path) -> None:
    said = ran(folder, sys.executable, "-c", example("python", server)).splitlines()
    assert said[-2].startswith("done 1.0")
    assert Path(said[-1].split()[0]).read_bytes().startswith(b"\x89PNG") and said[-1].endswith(" 0.6 good")


@pytest.mark.slow
@pytest.mark.service
def test_the_curl_example(server: Server, folder: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    said = ran(folder, "bash", "-euo", "pipefail", "-c", example("bash", server))
    assert "event: complete" in said
    assert (folder / "headshot.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
@pytest.mark.service
def test_the_javascript_example(server: Server, folder: Path) -> None:
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("npm is not installed")
    command = re.search(r"`npm (install @gradio/client@[\d.]+)`", write_api.FILE.read_text("utf-8"))
    assert command is not None
    try:
        line = ["npm", *command[1].split(), "--no-audit", "--no-fund", "--ignore-scripts"]
        subprocess.run(line, cwd=folder, check=True, capture_output=True, timeout=REGISTRY_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip("@gradio/client cannot be fetched from here")
    (folder / "headshot.mjs").write_text(example("js", server))
    address, *rest = ran(folder, "node", "headshot.mjs").strip().splitlines()[-1].split()
    assert address.startswith(f"{server.url}gradio_api/file=") and rest == ["0.6", "good"]


@pytest.mark.slow
@pytest.mark.service
def test_the_example_of_the_model_context_protocol(server: Server, folder: Path) -> None:
    pytest.importorskip("mcp", reason="the package mcp is not installed (requirements-mcp.txt)")
    said = ran(folder, sys.executable, "-c", example("python", server, 1))
    assert f"{server.url}gradio_api/file=" in said
