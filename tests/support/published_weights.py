"""Published weights: the content of these tests' hub, and helpers that look at what was fetched from it."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from pipelines.engine_spec import EngineSpec
from pipelines.errors import UserError
from pipelines.weights import hub_cache, status
from pipelines.weights.fetch import fetch
from pipelines.weights.lock import Lock
from pipelines.weights.parts import parts_of
from tests.support.published_engine import FACE, REVISION, UNET, publish
from tests.support.simulated_hub import SimulatedHub


def adapter() -> dict[str, Any]:
    shared = torch.arange(6.0)
    return {
        "image_proj": {"proj.weight": torch.randn(4, 3).half(), "norm.weight": shared[:3]},
        "ip_adapter": {"1.to_k_ip.weight": shared.reshape(2, 3), "1.to_v_ip.weight": torch.randn(3, 2).T},
    }


def pickled(value: object) -> bytes:
    stream = io.BytesIO()
    torch.save(value, stream)
    return stream.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in files.items():
            pack.writestr(name, content)
    return stream.getvalue()


def publish_engine(hub: SimulatedHub) -> None:
    """Publish the engine and the archives of its recognisers."""
    pack = archive({"det_10g.onnx": b"another", "w600k_r50.onnx": FACE})
    publish(hub, pickled(adapter()), pack, archive({"antelopev2/glintr100.onnx": FACE}))


def refusal(spec: EngineSpec) -> str:
    """Sentence with which `fetch` gives up."""
    with pytest.raises(UserError) as refused:
        fetch(spec)
    said = str(refused.value)
    assert "\n" not in said and said.endswith(".")
    return said


def unet(spec: EngineSpec) -> Path:
    return hub_cache.cached_path("some/base", REVISION, UNET)


def let_in(tmp_path: Path) -> set[str]:
    """Names of all files that the hub's client or a loader would find."""
    return {file.name for file in (tmp_path / "hub").rglob("snapshots/**/*") if file.is_file()}


def states(spec: EngineSpec) -> set[str]:
    """States of an engine's parts."""
    return {status.part_state(part, Lock.read()) for part in parts_of(spec)}
