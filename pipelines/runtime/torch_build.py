"""Build of PyTorch that is installed: for the CPU alone, or for a GPU, which takes gigabytes more."""

import torch


def torch_build() -> str:
    """Sentence with version and build, and with the GPU that is used, or what the build costs without one."""
    version = torch.__version__.partition("+")[0]
    if torch.version.cuda is None and torch.version.hip is None:
        if torch.backends.mps.is_available():
            return f"PyTorch {version}, with Apple's GPU (MPS)."
        return f"PyTorch {version}, build for the CPU."
    kind = f"CUDA {torch.version.cuda}" if torch.version.cuda else f"ROCm {torch.version.hip}"
    if torch.cuda.is_available():
        return f"PyTorch {version}, build for {kind}, with {torch.cuda.get_device_name()}."
    return (
        f"PyTorch {version}, build for {kind}, but no GPU is here: the build for the CPU does the same and takes "
        "gigabytes less. README says how to install it."
    )
