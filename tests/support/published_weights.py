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

REVISION = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 8192  # 2 MiB: two chunks
FACE = b"a recogniser" * 1000


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


def refusal(spec: EngineSpec) -> str:
    """Sentence with which `fetch` gives up."""
    with pytest.raises(UserError) as refused:
        fetch(spec)
    said = str(refused.value)
    assert "\n" not in said and said.endswith(".")
    return said


def unet(spec: EngineSpec) -> Path:
    return hub_cache.cached_path("some/base", REVISION, "unet/diffusion_pytorch_model.safetensors")


def let_in(tmp_path: Path) -> set[str]:
    """Names of all files that the hub's client or a loader would find."""
    return {file.name for file in (tmp_path / "hub").rglob("snapshots/**/*") if file.is_file()}


def states(spec: EngineSpec) -> set[str]:
    """States of an engine's parts."""
    return {status.part_state(part, Lock.read()) for part in parts_of(spec)}
