"""Face models: the detector and the recognisers, opened only if they are the files of the weight table."""

from typing import TYPE_CHECKING

from pipelines.runtime.verified_files import locate, read_verified
from pipelines.weight_table import FACE_MODELS, WeightFile

if TYPE_CHECKING:
    import onnxruntime

__all__ = ["DETECTOR", "FACE_MODELS", "locate", "read_verified", "session"]

DETECTOR = "scrfd_500m"
"""Its name in FACE_MODELS; all others are recognisers, whose embeddings are (512,) float32."""


def session(model: WeightFile, threads: int) -> "onnxruntime.InferenceSession":
    """Open a verified model on the CPU. Raises UserError if it is not there or is another file."""
    from pipelines.runtime.onnx import onnx_session

    return onnx_session(read_verified(model), threads)
