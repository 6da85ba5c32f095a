"""Interpreter of small ONNX nets in torch: any device, whole batches, differentiable. For frozen nets in losses."""

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F

DATA_INPUTS = {"Resize": 1, "Reshape": 1}
"""Operations and how many of their inputs are data; the further ones give the size of the result."""


class OnnxNet(nn.Module):
    """Frozen ONNX net in torch. Agrees with onnxruntime to 1e-4; every Resize is taken to double the side.

    Args:
        path: an ONNX file of operations that `_run_node` knows.
        outputs: names of the tensors that a call returns; nothing else is computed.
    """

    def __init__(self, path: Path, outputs: tuple[str, ...]):
        super().__init__()
        graph = onnx.load(path).graph
        constants = {
            t.name: torch.from_numpy(np.array(onnx.numpy_helper.to_array(t))).float() for t in graph.initializer
        }
        self.source, self.outputs = graph.input[0].name, outputs
        needed = set(outputs)
        self.nodes: list[tuple] = []
        for k, node in reversed(list(enumerate(graph.node))):
            if node.output[0] not in needed:
                continue
            names = list(node.input)[: DATA_INPUTS.get(node.op_type)]
            constant_inputs = {}
            for j, name in enumerate(names):
                if name in constants:
                    value = constants[name].flatten() if node.op_type == "PRelu" else constants[name]
                    self.register_buffer(f"t{k}_{j}", value)
                    constant_inputs[j] = f"t{k}_{j}"
            needed.update(name for name in names if name not in constants)
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            self.nodes.append((node.op_type, names, node.output[0], attributes, constant_inputs))
        self.nodes.reverse()
        self.eval().requires_grad_(False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """Run the net on its input, batch first: the tensors of `outputs`, in their order."""
        values = {self.source: x}
        for kind, names, out, attributes, constant_inputs in self.nodes:
            inputs = [
                getattr(self, constant_inputs[j]) if j in constant_inputs else values[n] for j, n in enumerate(names)
            ]
            values[out] = _run_node(kind, inputs, attributes)
        return [values[name] for name in self.outputs]


def _run_node(kind: str, a: list[torch.Tensor], at: dict) -> torch.Tensor:  # noqa: C901 - a table of operators
    """Compute one node from its operation, inputs and attributes. Raises ValueError for an unknown operation."""
    match kind:
        case "Conv":
            strides, bias = at.get("strides", [1, 1]), (a[2] if len(a) > 2 else None)
            x = F.pad(a[0], _padding(a[0].shape[2:], a[1].shape[2:], strides, at))
            return F.conv2d(x, a[1], bias, strides, 0, at.get("dilations", 1), at.get("group", 1))
        case "ConvTranspose":
            return F.conv_transpose2d(a[0], a[1], a[2], at["strides"])
        case "PRelu":
            return F.prelu(a[0], a[1])
        case "Relu":
            return F.relu(a[0])
        case "HardSwish":
            return F.hardswish(a[0])
        case "Sigmoid":
            return torch.sigmoid(a[0])
        case "Add":
            return a[0] + a[1]
        case "Mul":
            return a[0] * a[1]
        case "GlobalAveragePool":
            return a[0].mean((2, 3), keepdim=True)
        case "Resize":
            smooth = at["mode"] == b"linear"
            return F.interpolate(a[0], scale_factor=2, mode="bilinear" if smooth else "nearest")
        case "Flatten":
            return a[0].flatten(1)
        case "Gemm":
            return F.linear(a[0], a[1] if at.get("transB") else a[1].t(), a[2])
        case "BatchNormalization":
            return F.batch_norm(a[0], a[3], a[4], a[1], a[2], False, 0, at.get("epsilon", 1e-5))
        case _:
            raise ValueError(f"{kind} is not an operation that this reader knows")


def _padding(size: torch.Size, kernel: torch.Size, strides: list[int], at: dict) -> list[int]:
    """Padding of a convolution: left, right, top, bottom. `size` is the input's height and width."""
    if at.get("auto_pad") == b"SAME_UPPER":
        over = [max(0, (-(-n // s) - 1) * s + k - n) for n, k, s in zip(size, kernel, strides, strict=True)]
        return [over[1] // 2, over[1] - over[1] // 2, over[0] // 2, over[0] - over[0] // 2]
    top, left, bottom, right = at.get("pads", [0, 0, 0, 0])
    return [left, right, top, bottom]
