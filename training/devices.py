"""What a stage runs on, and in which numbers."""

from typing import TypeVar

import torch

AnyModule = TypeVar("AnyModule", bound=torch.nn.Module)


def default_device() -> torch.device:
    """The first GPU, or the CPU."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def to_device(module: AnyModule, device: torch.device) -> AnyModule:
    """The module on the device, its weights channels last: what convolutions are fastest in, on CPU and GPU."""
    return module.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]


def half_precision(device: torch.device) -> torch.autocast:
    """Matrix products and convolutions in bfloat16: on a CPU that knows it (AVX-512 bf16) three times as fast."""
    return torch.autocast(device.type, torch.bfloat16)
