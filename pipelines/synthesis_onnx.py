"""MobileStyleGAN's upper layers as an ONNX graph: on a CPU onnxruntime runs them in half the time that torch takes.

The graph is made from the torch layers' own weights when it is first needed, so there is one set of weights and one
definition of what they do (`pipelines.synthesis`); the two agree to 1e-4 (`tests/test_autoencoder.py`).
"""

from typing import Any

import numpy as np
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

from pipelines.synthesis import STYLE_DIM, Modulation, StyledConvolution, UpBlock, UpperLayers

OPSET, IR_VERSION = 17, 10


class OnnxLayers:
    """`UpperLayers.forward` for one style per picture, on the CPU, without gradients."""

    def __init__(self, layers: UpperLayers):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.enable_mem_pattern = False  # it would take 140 MB more in the second run, and a second picture longer
        options.log_severity_level = 3
        graph = _Graph.of(layers).SerializeToString()
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def __call__(self, features: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        """Features (B, 512, 32, 32), style (B, 512), float32 -> RGB (B, 3, 1024, 1024) float32, about [-1, 1]."""
        given = {"features": features.contiguous().numpy(), "style": style.contiguous().numpy()}
        return torch.from_numpy(self._session.run(None, given)[0])


class _Graph:
    """Writes the nodes; every method takes and gives names of values."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    @classmethod
    def of(cls, layers: UpperLayers) -> Any:
        """The whole model."""
        graph, x = cls(), "features"
        first: UpBlock = layers.blocks[0]  # type: ignore[assignment]  # nn.ModuleList does not say what it lists
        for block in layers.blocks:
            x = graph.up_block(block, x)  # type: ignore[arg-type]
        x = graph.modulated(layers.out_modulation, x)
        out_bias: torch.Tensor = layers.out.bias  # type: ignore[assignment]  # it has one, as the pointwise ones have
        x = graph.add("Conv", x, *graph.stored(layers.out.weight / 2, out_bias / 2))
        side = _side(first) << len(layers.blocks)
        graph.inverse_haar(x, layers.out.out_channels // 4, side, out="picture")
        shapes: dict[str, list[str | int | None]] = {
            "features": ["batch", first.modulation.affine.out_features, _side(first), _side(first)],
            "style": ["batch", STYLE_DIM],
            "picture": ["batch", layers.out.out_channels // 4, 2 * side, 2 * side],
        }
        features, style, picture = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
        )
        made = helper.make_graph(graph.nodes, "upper_layers", [features, style], [picture], graph.weights)
        return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)

    def add(self, kind: str, *inputs: str, outputs: int = 1, out: str = "", **attributes: Any) -> Any:
        """One node; the name of its result, or a list of names where it has several."""
        names = [out] if out else [f"v{len(self.nodes)}_{k}" for k in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def stored(self, *tensors: torch.Tensor | np.ndarray) -> list[str]:
        """Weights, in float32, or integers as they are."""
        names = []
        for tensor in tensors:
            array = tensor.detach().float().numpy() if isinstance(tensor, torch.Tensor) else tensor
            names.append(f"w{len(self.weights)}")
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), names[-1]))
        return names

    def shaped(self, x: str, *shape: int) -> str:
        """0 keeps a dimension."""
        return self.add("Reshape", x, *self.stored(np.array(shape, np.int64)))

    def modulated(self, modulation: Modulation, x: str, times: float = 1.0) -> str:
        """`Modulation.forward`, and by a constant."""
        affine = modulation.affine
        scale = self.add("Gemm", "style", *self.stored(affine.weight * times, affine.bias * times), transB=1)
        return self.add("Mul", x, self.shaped(scale, 0, affine.out_features, 1, 1))

    def styled_convolution(self, layer: StyledConvolution, x: str) -> str:
        """`StyledConvolution.forward`."""
        depthwise, pointwise = layer.depthwise, layer.pointwise
        x = self.modulated(layer.modulation, x)
        x = self.add("Conv", x, *self.stored(depthwise.weight), group=depthwise.groups, pads=[1, 1, 1, 1])
        x = self.add("Conv", x, *self.stored(pointwise.weight, pointwise.bias))  # type: ignore[arg-type]
        return self.add("LeakyRelu", self.add("Add", x, *self.stored(layer.noise)), alpha=0.2)

    def up_block(self, block: UpBlock, x: str) -> str:
        """`UpBlock.forward`."""
        x = self.modulated(block.modulation, x, times=0.5)
        x = self.inverse_haar(x, block.modulation.affine.out_features // 4, _side(block))
        return self.styled_convolution(block.second, self.styled_convolution(block.first, x))

    def inverse_haar(self, x: str, quarter: int, side: int, out: str = "") -> str:
        """`pipelines.synthesis.inverse_haar` of something that was halved before: the four phases, interleaved."""
        low, details = self.add("Split", x, *self.stored(np.array([quarter, 3 * quarter], np.int64)), outputs=2, axis=1)
        details = self.shaped(details, 0, quarter, 3, side, side)
        low = self.shaped(low, 0, quarter, 1, side, side)
        horizontal, vertical, diagonal = self.add("Split", details, outputs=3, axis=2)
        top, bottom = self.add("Add", low, horizontal), self.add("Sub", low, horizontal)
        left, right = self.add("Add", vertical, diagonal), self.add("Sub", vertical, diagonal)
        phases = [self.add(kind, *pair) for pair in ((top, left), (bottom, right)) for kind in ("Add", "Sub")]
        x = self.shaped(self.add("Concat", *phases, axis=2), 0, 4 * quarter, side, side)
        return self.add("DepthToSpace", x, out=out, blocksize=2, mode="CRD")


def _side(block: UpBlock) -> int:
    """Of the features that come in, pixels."""
    return block.first.noise.shape[-1] // 2
