"""ONNX sessions: the one place that opens a model in onnxruntime."""

import onnxruntime


def onnx_session(
    model: bytes, threads: int, *, spinning: bool = False, memory_pattern: bool = True
) -> onnxruntime.InferenceSession:
    """Open a model on the CPU; the session may be shared among threads.

    Args:
        model: The file's bytes, as they were verified or made; never a path, whose file could change in between.
        threads: Threads that one call uses.
        spinning: Let idle threads wait in a loop. It saves microseconds a call and costs a core between calls: only for
            a model whose calls follow one another closely.
        memory_pattern: Plan all memory of a call beforehand. It helps where inputs keep their shape, and costs twice
            the memory where the values inside are large.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = memory_pattern
    options.log_severity_level = 3  # errors only
    if not spinning:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
