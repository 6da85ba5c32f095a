"""MediaPipe's selfie segmentation, from its .tflite to ONNX. How the shipped file was made; not needed to use it.

    pip install tflite==2.18.0 onnx==1.23.2
    python training/selfie_segmentation_to_onnx.py selfie_segmentation.tflite models/selfie_segmentation/model.onnx

`selfie_segmentation.tflite` (sha256 9ee168ec...) lies in the wheel mediapipe 0.10.14 under `modules/selfie_segmentation/`
and in the npm package @mediapipe/selfie_segmentation. To compare with MediaPipe's own runtime, in a Python that has
mediapipe 0.10.14 and onnxruntime:

    python training/selfie_segmentation_to_onnx.py --compare models/selfie_segmentation/model.onnx PHOTO...

On twenty photos of ten people (openpeople's selfies and portraits): largest difference @MAX@, mean @MEAN@ (masks 0..1).
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np

SIDE = 256


def convert(source: bytes) -> bytes:
    """A .tflite with one float subgraph, NHWC -> ONNX, NCHW: `image` (1, 3, 256, 256) to `person` (1, 1, 256, 256)."""
    import onnx
    import tflite
    from onnx import TensorProto, helper, numpy_helper

    model = tflite.Model.GetRootAsModel(source, 0)
    graph = model.Subgraphs(0)
    weights: dict[int, np.ndarray] = {}
    rename = {int(graph.Inputs(0)): "image", int(graph.Outputs(0)): "person"}
    initializers, nodes = [], []

    def name(index: int) -> str:
        return rename.get(index, f"t{index}")

    def constant(index: int, axes: tuple[int, ...] | None = None) -> str:
        value = weights[index] if axes is None else weights[index].transpose(axes)
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), f"w{index}"))
        return f"w{index}"

    def options(operator, table: Callable):
        parsed = table()
        parsed.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        return parsed

    kinds = {value: key for key, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}
    plain = {"RELU": "Relu", "HARD_SWISH": "HardSwish", "LOGISTIC": "Sigmoid", "ADD": "Add", "MUL": "Mul"}
    for position in range(graph.OperatorsLength()):
        operator = graph.Operators(position)
        code = model.OperatorCodes(operator.OpcodeIndex())
        kind = kinds[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        inputs, output = [int(i) for i in operator.InputsAsNumpy()], int(operator.OutputsAsNumpy()[0])
        if kind == "DEQUANTIZE":  # the weights are stored as float16
            tensor = graph.Tensors(inputs[0])
            half = model.Buffers(tensor.Buffer()).DataAsNumpy().view(np.float16)
            weights[output] = half.reshape(tensor.ShapeAsNumpy()).astype(np.float32)
            continue
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            depthwise = kind == "DEPTHWISE_CONV_2D"
            o = options(operator, tflite.DepthwiseConv2DOptions if depthwise else tflite.Conv2DOptions)
            dilated = (o.DilationHFactor(), o.DilationWFactor()) != (1, 1)
            padded = o.Padding() == tflite.Padding.SAME or weights[inputs[1]].shape[1:3] == (1, 1)
            if dilated or not padded or o.FusedActivationFunction():
                raise ValueError(f"operator {position}: a convolution of an unknown sort")
            node = helper.make_node(
                "Conv",
                [
                    name(inputs[0]),
                    constant(inputs[1], (3, 0, 1, 2) if depthwise else (0, 3, 1, 2)),
                    constant(inputs[2]),
                ],
                [name(output)],
                group=weights[inputs[1]].shape[3] if depthwise else 1,
                strides=[o.StrideH(), o.StrideW()],
                auto_pad="SAME_UPPER",
            )
        elif kind == "AVERAGE_POOL_2D":
            o = options(operator, tflite.Pool2DOptions)
            if [o.FilterHeight(), o.FilterWidth()] != list(graph.Tensors(inputs[0]).ShapeAsNumpy()[1:3]):
                raise ValueError(f"operator {position}: a pool that is not over the whole picture")
            node = helper.make_node("GlobalAveragePool", [name(inputs[0])], [name(output)])
        elif kind == "RESIZE_BILINEAR":
            o = options(operator, tflite.ResizeBilinearOptions)
            corners, centres = o.AlignCorners(), o.HalfPixelCenters()
            initializers.append(numpy_helper.from_array(np.array([1, 1, 2, 2], np.float32), f"scale{output}"))
            node = helper.make_node(
                "Resize",
                [name(inputs[0]), "", f"scale{output}"],
                [name(output)],
                mode="linear",
                coordinate_transformation_mode="align_corners"
                if corners
                else "half_pixel"
                if centres
                else "asymmetric",
            )
        elif kind == "CUSTOM" and code.CustomCode() == b"Convolution2DTransposeBias":
            # Options: padding, stride width, stride height as int32. With kernel = stride nothing overlaps or is padded.
            _, *strides = operator.CustomOptionsAsNumpy().view(np.int32).tolist()
            if strides != list(weights[inputs[1]].shape[1:3]):
                raise ValueError(f"operator {position}: a transposed convolution whose windows overlap")
            node = helper.make_node(
                "ConvTranspose",
                [name(inputs[0]), constant(inputs[1], (3, 0, 1, 2)), constant(inputs[2])],
                [name(output)],
                strides=strides,
            )
        elif kind in plain:
            node = helper.make_node(plain[kind], [name(i) for i in inputs], [name(output)])
        else:
            raise ValueError(f"operator {position}: {kind} is not known here")
        nodes.append(node)

    made = helper.make_graph(
        nodes,
        "selfie_segmentation",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("person", TensorProto.FLOAT, [1, 1, SIDE, SIDE])],
        initializers,
    )
    result = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(result, full_check=True)
    return result.SerializeToString(deterministic=True)


def compare(model: Path, photos: list[Path]) -> tuple[float, float]:
    """Largest and mean difference from MediaPipe's own masks, at 256 x 256 so that neither side resizes."""
    import cv2
    import mediapipe
    import onnxruntime

    session = onnxruntime.InferenceSession(str(model), providers=["CPUExecutionProvider"])
    differences = []
    for photo in photos:
        image = cv2.cvtColor(cv2.imread(str(photo)), cv2.COLOR_BGR2RGB)
        image = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        with mediapipe.solutions.selfie_segmentation.SelfieSegmentation(model_selection=0) as theirs:
            expected = theirs.process(image).segmentation_mask
        given = (image.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        differences.append(np.abs(session.run(None, {"image": given})[0][0, 0] - expected))
    return float(np.max(differences)), float(np.mean(differences))


def main() -> None:
    """Converts, or compares when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--compare", action="store_true", help="compare an ONNX file with MediaPipe on photos")
    parser.add_argument(
        "files", nargs="+", type=Path, help="the .tflite and the .onnx to write; or the .onnx and photos"
    )
    arguments = parser.parse_args()
    if arguments.compare:
        print("largest difference %.2g, mean %.2g" % compare(arguments.files[0], arguments.files[1:]))
    else:
        source, target = arguments.files
        target.write_bytes(convert(source.read_bytes()))


if __name__ == "__main__":
    main()
