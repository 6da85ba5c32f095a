"""Hub of our own, and an engine published on it."""

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import constants

from pipelines import weight_table
from pipelines.engine_spec import Component, EngineSpec, Source
from pipelines.engine_table import ENGINES
from pipelines.weight_table import FACE_MODELS, WeightFile
from pipelines.weights import download
from tests.support.published_weights import FACE, REVISION, WEIGHTS, adapter, archive, pickled
from tests.support.simulated_hub import SimulatedHub


@pytest.fixture
def face() -> WeightFile:
    """Stands for the recogniser in InsightFace's archive."""
    return dataclasses.replace(FACE_MODELS["w600k_r50"], sha256=hashlib.sha256(FACE).hexdigest(), size=len(FACE))


@pytest.fixture
def server(tmp_path: Path, face: WeightFile, monkeypatch: pytest.MonkeyPatch) -> Iterator[SimulatedHub]:
    """A hub, and an empty machine that knows nothing of its files beforehand."""
    with SimulatedHub().running() as running:
        running.site["buffalo_l.zip"] = archive({"det_10g.onnx": b"another", face.name: FACE})
        running.site["antelopev2.zip"] = archive({"antelopev2/glintr100.onnx": FACE})
        faces = {"w600k_r50": face, "glintr100": dataclasses.replace(face, path="glintr100.onnx")}
        for name, pack in {"w600k_r50": "buffalo_l.zip", "glintr100": "antelopev2.zip"}.items():
            origin = dataclasses.replace(face.origin, name=f"{running.endpoint}/{pack}", size=None, sha256=None)
            faces[name] = dataclasses.replace(faces[name], origin=origin)
        monkeypatch.setattr(weight_table, "FACE_MODELS", {**FACE_MODELS, **faces})
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
    files = {
        "model_index.json": b"{}",
        "unet/config.json": b'{"a": 1}',
        "unet/diffusion_pytorch_model.safetensors": WEIGHTS,
        "unet/diffusion_pytorch_model.bin": b"the same as a pickle",
        "vae/diffusion_pytorch_model.safetensors": b"replaced by the row's own",
        "samples/picture.png": b"not needed",
        "README.md": b"not needed",
    }
    server.add("some/base", REVISION, files)
    server.add("some/vae", REVISION, {"config.json": b"{}", "diffusion_pytorch_model.safetensors": b"vae"})
    server.add("some/adapter", REVISION, {"adapter.bin": pickled(adapter()), "other.bin": b"not needed"})
    return dataclasses.replace(
        ENGINES["sd15"],
        base=Source(repo="some/base", revision=REVISION),
        components={"vae": Component(class_path="x:X", source=Source(repo="some/vae", revision=REVISION))},
        adapter=Source(repo="some/adapter", revision=REVISION, weight_name="adapter.bin"),
        adapter_lora=None,
    )
