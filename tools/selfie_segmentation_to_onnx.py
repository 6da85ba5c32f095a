"""Converts MediaPipe's selfie segmentation from .tflite to ONNX, as models/selfie_segmentation has it.

Run it only to make that file anew, in a Python that has these two:

    pip install tflite==2.18.0 onnx==1.23.2
    python -m tools.selfie_segmentation_to_onnx selfie_segmentation.tflite models/selfie_segmentation/model.onnx

The .tflite (sha256 9ee168ec...) lies in the wheel of mediapipe 0.10.14 under `modules/selfie_segmentation/` and in the
npm package @mediapipe/selfie_segmentation. To compare with MediaPipe's own runtime, in a Python that has mediapipe
0.10.14 and onnxruntime:

    python -m tools.selfie_segmentation_to_onnx --compare models/selfie_segmentation/model.onnx PHOTO...

On twenty photos (selfie and studio portrait of openpeople's ten people): largest difference 0.00011, mean 3e-8, of
masks from 0 to 1.
"""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

SIDE = 256
PLAIN = {"RELU": "Relu", "HARD_SWISH": "HardSwish", "LOGISTIC": "Sigmoid", "ADD": "Add", "MUL": "Mul"}


class Translation:
    """Translation of one float subgraph of a .tflite, NHWC, into ONNX nodes, NCHW.

    Operators that the segmentation net does not use raise a ValueError.
    """

    def __init__(self, source: bytes):
        import tflite

        self.tflite: Any = tflite
        self.model = tflite.Model.GetRootAsModel(source, 0)
        self.graph = self.model.Subgraphs(0)
        self.kinds = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
        self.names = {int(self.graph.Inputs(0)): "image", int(self.graph.Outputs(0)): "person"}
        self.weights: dict[int, np.ndarray] = {}
        self.initializers: list[Any] = []
        self.nodes: list[Any] = []

    def onnx(self) -> bytes:
        """Serialize the net as ONNX: `image` (1, 3, 256, 256) to `person` (1, 1, 256, 256), both float32, 0 to 1."""
        import onnx
        from onnx import TensorProto, helper

        for position in range(self.graph.OperatorsLength()):
            self._translate(position, self.graph.Operators(position))
        shapes = {"image": [1, 3, SIDE, SIDE], "person": [1, 1, SIDE, SIDE]}
        image, person = (helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items())
        graph = helper.make_graph(self.nodes, "selfie_segmentation", [image], [person], self.initializers)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        onnx.checker.check_model(made, full_check=True)
        return bytes(made.SerializeToString(deterministic=True))

    def _translate(self, position: int, operator: Any) -> None:
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        kind = self.kinds[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs, output = [int(i) for i in operator.InputsAsNumpy()], int(operator.OutputsAsNumpy()[0])
        if kind == "DEQUANTIZE":  # the weights are stored as float16
            tensor = self.graph.Tensors(inputs[0])
            half = self.model.Buffers(tensor.Buffer()).DataAsNumpy().view(np.float16)
            self.weights[output] = half.reshape(tensor.ShapeAsNumpy()).astype(np.float32)
        elif kind in PLAIN:
            self._node(PLAIN[kind], [self._name(i) for i in inputs], output)
        elif kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            self._convolution(operator, inputs, output, depthwise=kind == "DEPTHWISE_CONV_2D")
        elif kind == "AVERAGE_POOL_2D":
            options = self._options(operator, self.tflite.Pool2DOptions)
            whole = list(self.graph.Tensors(inputs[0]).ShapeAsNumpy()[1:3])
            self._expect([options.FilterHeight(), options.FilterWidth()] == whole, position)
            self._node("GlobalAveragePool", [self._name(inputs[0])], output)
        elif kind == "RESIZE_BILINEAR":
            options = self._options(operator, self.tflite.ResizeBilinearOptions)
            how = "half_pixel" if options.HalfPixelCenters() else "asymmetric"
            how = "align_corners" if options.AlignCorners() else how
            scale = self._constant(f"scale{output}", np.array([1, 1, 2, 2], np.float32))
            node = [self._name(inputs[0]), "", scale]
            self._node("Resize", node, output, mode="linear", coordinate_transformation_mode=how)
        elif code.CustomCode() == b"Convolution2DTransposeBias":
            # Its options are padding, stride across and stride down as int32. Kernel = stride: windows do not overlap.
            strides = operator.CustomOptionsAsNumpy().view(np.int32).tolist()[1:]
            self._expect(strides == list(self.weights[inputs[1]].shape[1:3]), position)
            self._node("ConvTranspose", self._weighted(inputs, (3, 0, 1, 2)), output, strides=strides)
        else:
            self._expect(False, position)

    def _convolution(self, operator: Any, inputs: list[int], output: int, *, depthwise: bool) -> None:
        table = self.tflite.DepthwiseConv2DOptions if depthwise else self.tflite.Conv2DOptions
        options, shape = self._options(operator, table), self.weights[inputs[1]].shape
        self._expect((options.DilationHFactor(), options.DilationWFactor()) == (1, 1), output)
        self._expect(options.Padding() == self.tflite.Padding.SAME or shape[1:3] == (1, 1), output)
        self._expect(options.FusedActivationFunction() == self.tflite.ActivationFunctionType.NONE, output)
        self._node(
            "Conv",
            self._weighted(inputs, (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)),
            output,
            group=shape[3] if depthwise else 1,
            strides=[options.StrideH(), options.StrideW()],
            auto_pad="SAME_UPPER",
        )

    def _weighted(self, inputs: list[int], axes: tuple[int, ...]) -> list[str]:
        picture, kernel, bias = inputs
        turned = self._constant(f"w{kernel}", np.ascontiguousarray(self.weights[kernel].transpose(axes)))
        return [self._name(picture), turned, self._constant(f"w{bias}", self.weights[bias])]

    def _constant(self, name: str, value: np.ndarray) -> str:
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def _node(self, kind: str, inputs: list[str], output: int, **attributes: Any) -> None:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [self._name(output)], **attributes))

    def _name(self, index: int) -> str:
        return self.names.get(index, f"t{index}")

    @staticmethod
    def _options(operator: Any, table: Any) -> Any:
        options = table()
        options.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        return options

    @staticmethod
    def _expect(fine: bool, position: int) -> None:
        if not fine:
            raise ValueError(f"Operator {position} is of a sort that this script does not know.")


def compare(model: Path, photos: list[Path]) -> tuple[float, float]:
    """Compute the largest and mean difference from MediaPipe's masks, at 256 x 256 so that neither side resizes."""
    import cv2
    import mediapipe
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    differences = []
    for photo in photos:
        image = cv2.imread(str(photo), cv2.IMREAD_COLOR_RGB)
        if image is None:
            raise ValueError(f"{photo} is no picture.")
        image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        with mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as theirs:
            expected = theirs.process(image).segmentation_mask
        given = (image.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        differences.append(np.abs(session.run(None, {"image": given})[0][0, 0] - expected))
    return float(np.max(differences)), float(np.mean(differences))


def main() -> None:
    """Convert, or compare when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", action="store_true", help="compare an ONNX file with MediaPipe on photos")
    parser.add_argument("files", nargs="+", type=Path, help=".tflite and .onnx; or .onnx and photos")
    arguments = parser.parse_args()
    if arguments.compare:
        largest, mean = compare(arguments.files[0], arguments.files[1:])
        print(f"largest difference {largest:.2g}, mean {mean:.2g}")
    else:
        source, target = arguments.files
        target.write_bytes(Translation(source.read_bytes()).onnx())


if __name__ == "__main__":
    main()
