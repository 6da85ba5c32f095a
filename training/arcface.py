"""w600k_mbf (InsightFace's ArcFace MobileFaceNet) in torch, to look through in a loss. Non-commercial weights."""

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F

from pipelines.arcface_maps import NODES, warp_maps
from pipelines.autoencoder import ArcFaceMaps
from pipelines.face_frames import arcface_crop


class ArcFace(nn.Module):
    """Runs the ONNX graph node by node; agrees with onnxruntime to 1e-4. Frozen."""

    def __init__(self, path: Path):
        super().__init__()
        graph = onnx.load(path).graph
        constants = {
            t.name: torch.from_numpy(np.array(onnx.numpy_helper.to_array(t))).float() for t in graph.initializer
        }
        self.source, self.sink = graph.input[0].name, graph.output[0].name
        self.nodes: list[tuple] = []
        for k, node in enumerate(graph.node):
            held = {}
            for j, name in enumerate(node.input):
                if name in constants:
                    value = constants[name].flatten() if node.op_type == "PRelu" else constants[name]
                    self.register_buffer(f"t{k}_{j}", value)
                    held[j] = f"t{k}_{j}"
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            self.nodes.append((node.op_type, list(node.input), node.output[0], attributes, held))
        self.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor, taps: tuple[int, ...] = ()) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """(B, 3, 112, 112) RGB in [-1, 1], aligned -> embedding (B, 512), not normalised, and the outputs of `taps`."""
        values, seen = {self.source: x}, []
        for k, (kind, names, out, at, held) in enumerate(self.nodes):
            a = [getattr(self, held[j]) if j in held else values[n] for j, n in enumerate(names)]
            match kind:
                case "Conv":
                    bias = a[2] if len(a) > 2 else None
                    y = F.conv2d(a[0], a[1], bias, at["strides"], at["pads"][:2], at["dilations"], at["group"])
                case "PRelu":
                    y = F.prelu(a[0], a[1])
                case "Add":
                    y = a[0] + a[1]
                case "Flatten":
                    y = a[0].flatten(1)
                case "Gemm":
                    y = F.linear(a[0], a[1] if at.get("transB") else a[1].t(), a[2])
                case "BatchNormalization":
                    y = F.batch_norm(a[0], a[3], a[4], a[1], a[2], False, 0, at.get("epsilon", 1e-5))
                case _:
                    raise ValueError(f"{kind} is not an operation of w600k_mbf.onnx")
            values[out] = y
            if k in taps:
                seen.append(y)
        return values[self.sink], seen

    def embed(self, pictures: torch.Tensor, landmarks: torch.Tensor) -> torch.Tensor:
        """(B, 3, S, S) RGB in [-1, 1], landmarks (B, 5, 2) in its pixels -> (B, 512) L2-normalised. Differentiable."""
        return F.normalize(self(arcface_crop(pictures, landmarks))[0].float(), dim=1)

    def maps(self, pictures: torch.Tensor, landmarks: torch.Tensor) -> ArcFaceMaps:
        """What the autoencoder's encoder reads: the same as `pipelines.arcface_maps`, for batches."""
        embedding, maps = self(arcface_crop(pictures, landmarks), NODES)
        return ArcFaceMaps(warp_maps(maps, landmarks, pictures.shape[-1]), F.normalize(embedding.float(), dim=1))
