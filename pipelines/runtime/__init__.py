"""Runtime helpers: imports, logs, memory, ONNX sessions."""
