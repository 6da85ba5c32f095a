"""The application of deploy/serve_app.py, with the engine that comes with the project."""

from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest
from gradio_client import Client, handle_file

from tests.serve.conftest import serving
from tests.support.server import selfie

PASSWORD = "not-to-be-guessed"


@pytest.mark.slow
@pytest.mark.service
@pytest.mark.skipif(find_spec("ray") is None, reason="the package ray is not installed (requirements-ray.txt)")
def test_it_asks_for_the_password_and_makes_a_headshot(tmp_path: Path) -> None:
    with serving(tmp_path, "2", HEADSHOT_PASSWORD=PASSWORD, HEADSHOT_REPLICAS="1") as url:
        assert httpx.get(url).status_code == 401
        client = Client(url, verbose=False, auth=("anybody", PASSWORD), download_files=str(tmp_path))
        asked = {"look": "cv", "count": 1, "seed": 3, "consent": True}
        made = client.predict(photos=[handle_file(selfie(6))], api_name="/headshot", **asked)
    assert made["pictures"][0]["likeness"] > 0.4 and Path(made["pictures"][0]["file"]).stat().st_size > 100_000
