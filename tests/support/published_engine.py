"""Engine of a hub of the tests' own: its row, and the files that the hub has of it."""

import dataclasses
import hashlib

from pipelines.engine_spec import Component, EngineSpec, Source
from pipelines.engine_table import ENGINES
from pipelines.weight_table import FACE_MODELS, WeightFile
from tests.support.simulated_hub import SimulatedHub

REVISION = "0123456789abcdef0123456789abcdef01234567"
WEIGHTS = bytes(range(256)) * 8192  # 2 MiB: two chunks
FACE = b"a recogniser" * 1000
UNET = "unet/diffusion_pytorch_model.safetensors"


def face_row() -> WeightFile:
    """Stands for the recogniser in InsightFace's archive."""
    return dataclasses.replace(FACE_MODELS["w600k_r50"], sha256=hashlib.sha256(FACE).hexdigest(), size=len(FACE))


def face_rows(endpoint: str) -> dict[str, WeightFile]:
    """Recognisers of the engines, in archives of this hub."""
    face = face_row()
    faces = {"w600k_r50": face, "glintr100": dataclasses.replace(face, path="glintr100.onnx")}
    for name, pack in {"w600k_r50": "buffalo_l.zip", "glintr100": "antelopev2.zip"}.items():
        origin = dataclasses.replace(face.origin, name=f"{endpoint}/{pack}", size=None, sha256=None)
        faces[name] = dataclasses.replace(faces[name], origin=origin)
    return faces


def engine_row() -> EngineSpec:
    """An engine of one pipeline, one part and one adapter."""
    return dataclasses.replace(
        ENGINES["sd15"],
        base=Source(repo="some/base", revision=REVISION),
        components={"vae": Component(class_path="x:X", source=Source(repo="some/vae", revision=REVISION))},
        adapter=Source(repo="some/adapter", revision=REVISION, weight_name="adapter.bin"),
        adapter_lora=None,
    )


def publish(hub: SimulatedHub, adapter: bytes, archive: bytes, other_archive: bytes) -> None:
    """Publish the engine: its adapter as a pickle, and the archives of the recognisers."""
    files = {
        "model_index.json": b"{}",
        "unet/config.json": b'{"a": 1}',
        UNET: WEIGHTS,
        "unet/diffusion_pytorch_model.bin": b"the same as a pickle",
        "vae/diffusion_pytorch_model.safetensors": b"replaced by the row's own",
        "samples/picture.png": b"not needed",
        "README.md": b"not needed",
    }
    hub.add("some/base", REVISION, files)
    hub.add("some/vae", REVISION, {"config.json": b"{}", "diffusion_pytorch_model.safetensors": b"vae"})
    hub.add("some/adapter", REVISION, {"adapter.bin": adapter, "other.bin": b"not needed"})
    hub.site["buffalo_l.zip"], hub.site["antelopev2.zip"] = archive, other_archive
