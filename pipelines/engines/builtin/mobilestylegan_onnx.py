"""MobileStyleGAN's upper layers as an ONNX graph: on a CPU onnxruntime takes a third of the time that torch does.

The graph is made from the torch layers' own weights when it is first needed, so there is one set of weights and one
definition of what they do (`pipelines.engines.builtin.mobilestylegan`); the two agree to 1e-4
(`tests/engines/builtin/test_autoencoder.py`).
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import onnxruntime
import torch
import torch.nn as nn
from onnx import TensorProto, helper, numpy_helper

from pipelines.engines.builtin.mobilestylegan import STYLE_DIM, Modulation, StyledConvolution, UpBlock, UpperLayers
from pipelines.runtime.onnx import onnx_session

OPSET, IR_VERSION = 17, 10

WAVELETS = 0.5 * np.array([[[1, 1], [1, 1]], [[1, 1], [-1, -1]], [[1, -1], [1, -1]], [[1, -1], [-1, 1]]], np.float32)
"""Contributions of Haar's four coefficients (low, horizontal, vertical, diagonal) to 2 x 2 pixels: (4, 2, 2)."""

Rows = slice | np.ndarray
ALL = slice(None)


class OnnxLayers:
    """`UpperLayers.forward` for one style per picture, on the CPU, without gradients."""

    def __init__(self, layers: UpperLayers):
        # A memory pattern would take 140 MB more in the second run, and a second picture longer.
        self._session = onnx_session(
            _Graph.of(layers).SerializeToString(), torch.get_num_threads(), spinning=False, memory_pattern=False
        )
        self._releasing = onnxruntime.RunOptions()  # 240 MB: finishing needs as much
        self._releasing.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")

    def __call__(self, features: torch.Tensor, style: torch.Tensor, *, last: bool = False) -> torch.Tensor:
        """Features (B, 512, 32, 32), style (B, 512), float32 -> RGB (B, 3, 1024, 1024) float32, about [-1, 1].

        After the `last` call of a picture the memory goes back; without, the next one takes a tenth of a second less.
        """
        given = {"features": features.contiguous().numpy(), "style": style.contiguous().numpy()}
        return torch.from_numpy(self._session.run(None, given, self._releasing if last else None)[0])


class _Graph:
    """Writes the nodes; every method takes and gives names of values.

    An inverse wavelet transform is one transposed convolution here, of four neighbouring channels each. The layers
    before it make their channels in that order (`_neighbours`).
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    @classmethod
    def of(cls, layers: UpperLayers) -> Any:
        """The whole model."""
        graph, blocks = cls(), cast(Sequence[UpBlock], layers.blocks)
        channels, side = blocks[0].modulation.affine.out_features, blocks[0].first.noise.shape[-1] // 2
        x = graph.add("Gather", "features", *graph.stored(_neighbours(channels)), axis=1)
        for block in blocks:
            x = graph.up_block(block, x, last=block is blocks[-1])
        x = graph.add("Mul", x, graph.scales(layers.out_modulation))
        x = graph.convolution(layers.out, x, rows=_neighbours(layers.out.out_channels))
        graph.inverse_haar(x, layers.out.out_channels, out="picture")
        large = side << len(blocks) + 1
        shapes: dict[str, list[str | int | None]] = {
            "features": ["batch", channels, side, side],
            "style": ["batch", STYLE_DIM],
            "picture": ["batch", layers.out.out_channels // 4, large, large],
        }
        features, style, picture = (
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in shapes.items()
        )
        made = helper.make_graph(graph.nodes, "upper_layers", [features, style], [picture], graph.weights)
        return helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)

    def add(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its result."""
        out = out or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def stored(self, *tensors: torch.Tensor | np.ndarray) -> list[str]:
        """Weights, in float32, or integers as they are."""
        names = []
        for tensor in tensors:
            array = tensor.detach().float().numpy() if isinstance(tensor, torch.Tensor) else tensor
            names.append(f"w{len(self.weights)}")
            self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), names[-1]))
        return names

    def scales(self, modulation: Modulation, rows: Rows = ALL) -> str:
        """Factors by which `Modulation.forward` multiplies the channels: (B, rows, 1, 1)."""
        weight, bias = modulation.affine.weight[rows], modulation.affine.bias[rows]
        scales = self.add("Gemm", "style", *self.stored(weight, bias), transB=1)
        return self.add("Reshape", scales, *self.stored(np.array([0, len(bias), 1, 1])))

    def convolution(self, layer: nn.Conv2d, x: str, rows: Rows = ALL) -> str:
        """A pointwise convolution, its output channels in this order."""
        bias = cast(torch.Tensor, layer.bias)
        return self.add("Conv", x, *self.stored(layer.weight[rows], bias[rows]))

    def styled_convolution(self, layer: StyledConvolution, x: str, rows: Rows = ALL) -> str:
        """`StyledConvolution.forward` without the modulation."""
        depthwise = layer.depthwise
        x = self.add("Conv", x, *self.stored(depthwise.weight), group=depthwise.groups, pads=[1, 1, 1, 1])
        x = self.convolution(layer.pointwise, x, rows)
        return self.add("LeakyRelu", self.add("Add", x, *self.stored(layer.noise)), alpha=0.2)

    def up_block(self, block: UpBlock, x: str, *, last: bool) -> str:
        """`UpBlock.forward`, but both modulations around the wavelets before them, where there are fewer pixels."""
        channels = block.modulation.affine.out_features
        before = self.scales(block.modulation, _neighbours(channels))
        after = self.scales(block.first.modulation, np.repeat(np.arange(channels // 4), 4))
        x = self.inverse_haar(self.add("Mul", x, self.add("Mul", before, after)), channels)
        x = self.styled_convolution(block.first, x)
        x = self.add("Mul", x, self.scales(block.second.modulation))
        return self.styled_convolution(
            block.second, x, ALL if last else _neighbours(block.second.pointwise.out_channels)
        )

    def inverse_haar(self, x: str, channels: int, out: str = "") -> str:
        """`pipelines.engines.builtin.mobilestylegan.inverse_haar` of channels in the order of `_neighbours`."""
        quarter = channels // 4
        kernels = np.tile(WAVELETS, (quarter, 1, 1))[:, None]
        return self.add("ConvTranspose", x, *self.stored(kernels), out=out, group=quarter, strides=[2, 2])


def _neighbours(channels: int) -> np.ndarray:
    """The order in which each low coefficient is followed by its details; in the model all low ones come first."""
    quarter = channels // 4
    details = np.arange(quarter, channels).reshape(quarter, 3)
    return np.column_stack([np.arange(quarter), details]).ravel()
