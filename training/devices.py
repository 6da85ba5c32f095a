"""Device and number format of a training stage."""

from typing import TypeVar

import torch

AnyModule = TypeVar("AnyModule", bound=torch.nn.Module)


def default_device() -> torch.device:
    """Return the first CUDA GPU, or the CPU; lets matrix products use TF32."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def to_device(module: AnyModule, device: torch.device) -> AnyModule:
    """Move a module to the device, its weights channels last, in which convolutions are fastest on CPU and GPU."""
    return module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def half_precision(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16: about three times as fast on a CPU with AVX-512 bf16."""
    return torch.autocast(device.type, torch.bfloat16)
