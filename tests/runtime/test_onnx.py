"""ONNX sessions, opened from bytes."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from pipelines.paths import ROOT
from pipelines.runtime.onnx import onnx_session


def doubling() -> bytes:
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "doubling", values[:1], values[1:])
    model = helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 17)])
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def test_a_model_runs_from_its_bytes_and_with_the_options_it_was_given() -> None:
    for spinning, memory_pattern in ((False, True), (True, False)):
        session = onnx_session(doubling(), 2, spinning=spinning, memory_pattern=memory_pattern)
        assert session.run(None, {"x": np.array([1, 2], np.float32)})[0].tolist() == [2, 4]
        options = session.get_session_options()
        assert (options.intra_op_num_threads, options.inter_op_num_threads) == (2, 1)
        assert options.enable_mem_pattern is memory_pattern
        assert session.get_providers() == ["CPUExecutionProvider"]


def test_no_other_module_of_the_product_opens_one() -> None:
    openers = [f.name for f in (ROOT / "pipelines").rglob("*.py") if "InferenceSession(" in f.read_text("utf-8")]
    assert openers == ["onnx.py"]
