"""InsightFace's face models: SCRFD finds faces, a recogniser of ArcFace's kind embeds them."""

from typing import Any

import numpy as np
from insightface.model_zoo.arcface_onnx import ArcFaceONNX

from pipelines.faces import models
from pipelines.faces.alignment import Sampling, align
from pipelines.faces.detection import Detection, Detector


class ArcFaceModels:
    """`FaceModels` of InsightFace, whose embeddings are (512,)."""

    def __init__(self, recogniser: str, threads: int, sampling: Sampling) -> None:
        model = models.FACE_MODELS[recogniser]
        session = models.session(model, threads)
        self._detector, self._sampling = Detector(threads), sampling
        self._net: Any = ArcFaceONNX(model_file=str(models.locate(model)), session=session)

    def detect(self, image: np.ndarray) -> list[Detection]:
        """Return the faces of an RGB uint8 (H, W, 3) image, left to right; [] if there is none."""
        return self._detector(image)

    def embed(self, image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
        """Return the embedding of the face with these landmarks (5, 2), as the recogniser gives it: (512,) float32."""
        crop = align(image, landmarks, sampling=self._sampling)
        result: np.ndarray = self._net.get_feat(np.ascontiguousarray(crop[..., ::-1]))[0]  # BGR, as insightface's code
        return result
