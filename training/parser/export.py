r"""Writes the head parser's net as ONNX: batch norms folded into convolutions, weights as float16.

    python -m training.parser.export --net run/parser/net.safetensors --out models/head_parser/model.onnx

The same weights give the same bytes.
"""

import argparse
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import torch.nn as nn
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import load_file

from training.parser.classes import CLASSES, SIDE
from training.parser.net import HeadParserNet, Residual, Unit

OPSET, IR_VERSION = 17, 10


class Graph:
    """Writes the nodes; every method takes and gives names of values."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.weights: list[Any] = []

    def add(self, kind: str, *inputs: str, out: str = "", **attributes: Any) -> str:
        """Add a node and return the name of its result."""
        out = out or f"v{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def constant(self, value: np.ndarray) -> str:
        """Store a value; float32 ones as float16, which onnxruntime widens once, when it loads the model."""
        name = f"w{len(self.weights)}"
        half = value.dtype == np.float32
        self.weights.append(numpy_helper.from_array(value.astype(np.float16) if half else value, name))
        return self.add("Cast", name, to=TensorProto.FLOAT) if half else name

    def convolution(self, layer: nn.Conv2d, x: str, norm: nn.BatchNorm2d | None = None) -> str:
        """A convolution, with the batch norm after it."""
        weight = layer.weight.detach().numpy()
        bias = np.zeros(len(weight), np.float32) if layer.bias is None else layer.bias.detach().numpy()
        if norm is not None:
            mean, variance = norm.running_mean, norm.running_var
            assert mean is not None and variance is not None
            scale = (norm.weight / (variance + norm.eps).sqrt()).detach().numpy()
            weight = weight * scale[:, None, None, None]
            bias = (bias - mean.numpy()) * scale + norm.bias.detach().numpy()
        pad, stride = layer.padding[0], layer.stride[0]
        kernel = layer.kernel_size[0]
        return self.add(
            "Conv",
            x,
            self.constant(weight.astype(np.float32)),
            self.constant(bias.astype(np.float32)),
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=[int(pad)] * 4,
        )

    def unit(self, unit: Unit, x: str) -> str:
        """A `Unit`."""
        layer, norm = unit[0], unit[1]
        assert isinstance(layer, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d)
        return self.add("Relu", self.convolution(layer, x, norm))

    def residual(self, block: Residual, x: str) -> str:
        """A `Residual`."""
        return self.add("Add", x, self.unit(block.second, self.unit(block.first, x)))

    def doubled(self, x: str) -> str:
        """A map at twice its side, bilinear."""
        scales = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), scales))
        return self.add("Resize", x, "", scales, mode="linear", coordinate_transformation_mode="half_pixel")

    def shuffled(self, x: str) -> str:
        """`pixel_shuffle` by 2."""
        return self.add("DepthToSpace", x, blocksize=2, mode="CRD")


def unshuffle_order(channels: int = 3) -> np.ndarray:
    """Order that turns ONNX's SpaceToDepth (phase first) by 2 into torch's `pixel_unshuffle` (channel first)."""
    return np.arange(4 * channels).reshape(4, channels).T.ravel().astype(np.int64)


def onnx_model(net: HeadParserNet) -> Any:
    """The whole net, from RGB 0..1 to probabilities."""
    graph = Graph()
    doubled = graph.add("Mul", "image", graph.constant(np.array([2], np.float32)))
    centred = graph.add("Sub", doubled, graph.constant(np.array([1], np.float32)))
    phases = graph.add("SpaceToDepth", centred, blocksize=2)
    fine = graph.add("Gather", phases, graph.constant(unshuffle_order()), axis=1)
    kept = [graph.unit(net.stem, fine)]
    for down, stage in zip(net.downs, net.stages, strict=True):
        assert isinstance(down, Unit) and isinstance(stage, Residual)
        kept.append(graph.residual(stage, graph.unit(down, kept[-1])))
    x = kept[-1]
    for adapt, merge, skip in zip(net.adapts[::-1], net.merges[::-1], kept[-2::-1], strict=True):
        assert isinstance(adapt, nn.Conv2d) and isinstance(merge, Unit)
        x = graph.unit(merge, graph.add("Add", skip, graph.doubled(graph.convolution(adapt, x))))
    x = graph.unit(net.last, graph.add("Concat", x, fine, axis=1))
    graph.add("Softmax", graph.shuffled(graph.convolution(net.out, x)), out="parts", axis=1)
    given, made = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, channels, SIDE, SIDE])
        for name, channels in (("image", 3), ("parts", len(CLASSES)))
    )
    whole = helper.make_graph(graph.nodes, "head_parser", [given], [made], graph.weights)
    return helper.make_model(whole, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)


def main() -> None:
    """Write the model and print its size and sha256."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--net", type=Path, required=True, help="written by training.parser.train_net")
    parser.add_argument("--out", type=Path, required=True)
    a = parser.parse_args()
    net = HeadParserNet().eval()
    net.load_state_dict(load_file(a.net))
    data = onnx_model(net).SerializeToString(deterministic=True)
    a.out.parent.mkdir(parents=True, exist_ok=True)
    a.out.write_bytes(data)
    print(f"size = {len(data):_}\nsha256 = {hashlib.sha256(data).hexdigest()}")


if __name__ == "__main__":
    main()
