"""The same files start on a ZeroGPU Space; tests/deploy runs them as a Space with a CPU does."""

import urllib.request
from pathlib import Path

import pytest

from pipelines.paths import ROOT
from tests.support.server import running_server

pytestmark = [pytest.mark.service, pytest.mark.slow]

ZERO_GPU = {"SPACES_ZERO_GPU": "true", "PYTHONPATH": str(ROOT / "tests" / "support" / "zero_gpu")}
SPACE = {"SPACE_ID": "somebody/headshots"}


def test_the_page_starts_on_a_zero_gpu_space(tmp_path: Path) -> None:
    environment = SPACE | ZERO_GPU
    with running_server(tmp_path, GRADIO_SERVER_NAME="127.0.0.1", HEADSHOT_ENGINE="builtin", **environment) as server:
        with urllib.request.urlopen(server.url) as page:
            assert b"Headshot Studio" in page.read()
        assert server.stop() == 0
        assert not [line for line in server.log if "Traceback" in line]
