"""Hub of our own, and an engine published on it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from pipelines import weight_table
from pipelines.engine_spec import EngineSpec
from pipelines.weight_table import FACE_MODELS, WeightFile
from pipelines.weights import download
from tests.support.published_engine import engine_row, face_row, face_rows
from tests.support.published_weights import publish_engine
from tests.support.simulated_hub import SimulatedHub


@pytest.fixture
def face() -> WeightFile:
    """Stands for the recogniser in InsightFace's archive."""
    return face_row()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedHub]:
    """A hub, and an empty machine that knows nothing of its files beforehand."""
    with SimulatedHub().running() as running:
        publish_engine(running)
        monkeypatch.setattr(weight_table, "FACE_MODELS", {**FACE_MODELS, **face_rows(running.endpoint)})
        # as HF_ENDPOINT sets them
        monkeypatch.setattr(constants, "ENDPOINT", running.endpoint)
        files = f"{running.endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", files)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setenv("INSIGHTFACE_HOME", str(tmp_path / "insightface"))
        monkeypatch.delenv("HEADSHOT_WEIGHTS_LOCK", raising=False)
        monkeypatch.setattr(weight_table, "HUB_FILES", {})
        monkeypatch.setattr(download, "PAUSE", 0.0)
        yield running


@pytest.fixture
def spec(server: SimulatedHub) -> EngineSpec:
    """An engine of one pipeline, one part and one adapter, published on the hub."""
    return engine_row()
